/** Servers as they are met, also those that are wrong. The judge of what a server asks for is OpenSSL. */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import type { Finding } from '../../../bin/doctor/finding';
import { type Greeting, greet } from '../../../bin/doctor/greeting';
import { checkName, checkPort } from '../../../bin/doctor/network';
import { checkRequest, checkServerCertificate, checkVersion, handshakeFailure } from '../../../bin/doctor/server';
import { privateKeyPem } from '../../../pki/keys';
import { type Authority, createClient, createRoot, createServer, createSubordinate } from '../../pki/authorities';

const NOW = new Date();

let root: Authority;
let own: TlsOptions;
const servers: Server[] = [];

beforeAll(async () => {
  root = await createRoot('Server Root');
  const server = await createServer(root, 'mesh.example.com');
  own = { cert: server.pem, key: privateKeyPem(server.privateKey) };
});

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server): Promise<number> {
  servers.push(server);
  server.on('tlsClientError', () => undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const tlsServer = (options: TlsOptions) =>
  listening(createTlsServer({ ...own, ...options }, (socket) => socket.on('error', () => undefined)));
const greeting = (port: number, serverName = 'mesh.example.com', certificateAuthorities = root.pem) =>
  greet({ destination: { host: '127.0.0.1', port }, serverName, certificateAuthorities });
const failure = async (port: number) => {
  const error = await greeting(port).then(
    () => undefined,
    (reason: Error) => reason,
  );
  return handshakeFailure(error as Error, 'mesh.example.com');
};
const wrong = (fault: string, message: RegExp) =>
  expect.objectContaining({ result: 'wrong', fault, message: expect.stringMatching(message) }) as Finding;

describe('the network', () => {
  test('a name that does not exist is named', async () => {
    expect(await checkName({ host: 'nowhere.invalid', port: 443 })).toEqual(
      wrong('network', /^the name nowhere\.invalid can't be resolved \(E/),
    );
  });

  test('a port without a server is named', async () => {
    const port = await listening(createTcpServer());
    const destination = { host: '127.0.0.1', port };
    expect(await checkPort(destination)).toMatchObject({ result: 'ok' });
    servers.pop()?.close();
    expect(await checkPort(destination)).toEqual(wrong('network', /: ECONNREFUSED$/));
  });
});

describe('the handshake', () => {
  test('with a server that demands certificates of an authority shows which', async () => {
    const [authority, other] = [await createRoot('Mesh Root'), await createRoot('Another Root')];
    const subordinate = await createSubordinate(authority, 'Mesh Issuing');
    const found = await greeting(await tlsServer({ requestCert: true, rejectUnauthorized: true, ca: [authority.pem] }));
    expect(found).toMatchObject({ protocol: 'TLSv1.3', distrust: undefined });
    expect(checkVersion(found)).toMatchObject({ result: 'ok' });
    expect(checkServerCertificate(found, 'mesh.example.com', NOW)).toMatchObject({ result: 'ok' });
    expect(checkRequest(found, [subordinate.certificate, authority.certificate])).toEqual({
      result: 'ok',
      message: 'the server asks for certificates of Example, Mesh Root',
    });
    expect(checkRequest(found, [other.certificate])).toEqual(
      wrong('server', /^the server asks for certificates of Example, Mesh Root, and none of them issued the client's$/),
    );
  });

  test('with a server that takes certificates of any authority', async () => {
    const found = await greeting(await tlsServer({ requestCert: true, rejectUnauthorized: false, ca: [] }));
    expect(checkRequest(found, [])).toMatchObject({
      result: 'ok',
      message: expect.stringContaining('of any authority'),
    });
  });

  test('with a server that asks for no certificate', async () => {
    const found = await greeting(await tlsServer({}));
    expect(checkRequest(found, [])).toEqual(wrong('server', /^the server doesn't ask for a client certificate$/));
  });

  test('with a server that speaks TLS 1.3 only', async () => {
    const found = await greeting(await tlsServer({ minVersion: 'TLSv1.3', requestCert: true }));
    expect(checkRequest(found, [])).toMatchObject({ result: 'not-checked' });
  });

  test('with a server that speaks an old TLS only', async () => {
    const old: TlsOptions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' };
    expect(await failure(await tlsServer(old))).toEqual(wrong('server', /no version or cipher of TLS in common/));
  });

  test('with a server that speaks HTTP', async () => {
    const server = createHttpServer((_request, response) => response.end());
    expect(await failure(await listening(server))).toEqual(wrong('server', /doesn't speak TLS on this port$/));
    server.closeAllConnections();
  });

  test.each([
    ['closes the connection', (socket: import('node:net').Socket) => socket.end()],
    ['resets the connection', (socket: import('node:net').Socket) => socket.resetAndDestroy()],
    ['sends nonsense', (socket: import('node:net').Socket) => socket.end(Buffer.alloc(1_000, 22))],
    ['sends half a record', (socket: import('node:net').Socket) => socket.end(Buffer.of(22, 3, 3, 1, 0, 2))],
  ])('with a server that %s', async (_, answer) => {
    const port = await listening(
      createTcpServer((socket) => {
        socket.on('error', () => undefined);
        answer(socket);
      }),
    );
    expect(await failure(port)).toMatchObject({ result: 'wrong', fault: 'server' });
  });
});

describe("the server's certificate", () => {
  test('of an authority that is not trusted', async () => {
    const found = await greeting(await tlsServer({}), 'mesh.example.com', (await createRoot('Other')).pem);
    const finding = checkServerCertificate(found, 'mesh.example.com', NOW);
    expect(finding).toEqual(wrong('server', /issued by O=Example, CN=Server Root, is not trusted: /));
    expect(finding).toMatchObject({ remedy: expect.stringContaining('with --ca') });
  });

  test('for another name', async () => {
    const finding = checkServerCertificate(
      await greeting(await tlsServer({}), 'other.example.com'),
      'other.example.com',
      NOW,
    );
    expect(finding).toMatchObject({ result: 'wrong', remedy: expect.stringContaining('use a name in the URL') });
  });

  test('that has expired', async () => {
    const found: Greeting = { ...(await greeting(await tlsServer({}))), distrust: 'CERT_HAS_EXPIRED' };
    expect(checkServerCertificate(found, 'mesh.example.com', NOW)).toMatchObject({
      result: 'wrong',
      remedy: expect.stringMatching(
        /^it is valid from .*Z until .*Z, and the clock of this machine says .*Z: renew it/,
      ),
    });
  });

  test('that is a client certificate', async () => {
    const client = await createClient(root, 'mail');
    const found = await greeting(await tlsServer({ cert: client.pem, key: privateKeyPem(client.privateKey) }));
    expect(checkServerCertificate(found, 'mesh.example.com', NOW)).toMatchObject({ result: 'wrong', fault: 'server' });
  });
});
