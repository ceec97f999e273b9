/** A service that admits only the clients of the mesh, and tells each its name. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';

const HOST = '0.0.0.0';
const PORT = 8443;
const SERVER = '/etc/mtls-mesh/server';
const CLIENT_AUTHORITIES = '/etc/mtls-mesh/mail/client-ca.pem';
const TRUST_DOMAIN = 'mesh.example.com';

function readFiles() {
  return {
    key: readFileSync(`${SERVER}/private-key.pem`, 'utf8'),
    cert: readFileSync(`${SERVER}/certificate.pem`, 'utf8'),
    ca: readFileSync(CLIENT_AUTHORITIES, 'utf8'),
  };
}

/** The client in the SPIFFE ID, which is the only name in the certificate. Undefined for another certificate. */
function clientName(socket) {
  const { subjectAltName = '' } = socket.getPeerX509Certificate();
  const prefix = `URI:spiffe://${TRUST_DOMAIN}/`;
  const name = subjectAltName.slice(prefix.length);
  return subjectAltName.startsWith(prefix) && /^[a-z0-9-]+$/.test(name) ? name : undefined;
}

let files = readFiles();
const server = createServer({ ...files, requestCert: true, rejectUnauthorized: true }, (request, response) => {
  const name = clientName(request.socket);
  response.writeHead(name === undefined ? 403 : 200, { 'content-type': 'text/plain' });
  response.end(name ?? 'not a client of this mesh');
});

/** Connections from now on get the new files. Those that are open go on. */
function followFiles() {
  try {
    const read = readFiles();
    if (JSON.stringify(read) === JSON.stringify(files)) return;
    createSecureContext(read); // Throws unless the key belongs to the certificate.
    server.setSecureContext(read);
    files = read;
  } catch (error) {
    console.error(`the server goes on with its files: ${error.message}`);
  }
}

setInterval(followFiles, 1000).unref();
process.on('SIGHUP', followFiles);
server.listen(PORT, HOST);
