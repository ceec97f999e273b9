import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { CertificateManagerService } from '../../../../sandbox/services/certificate-manager';
import { testWith } from '../../../programs';
import { FunctionCloud } from './function-cloud';

const DOMAIN = 'mesh.example.com';

/** Bodies of functions, each of which answers with what the domain's server said of the request, or with a code. */
const WAYS = {
  fetch: `
    const url = 'https://' + event.host + ':' + (event.port ?? 443) + '/hello';
    return fetch(url).then((response) => response.text(), (error) => error.cause.code);`,
  'https.request': `
    return new Promise((resolve) => {
      const options = { host: event.host, port: event.port ?? 443, path: '/hello' };
      require('node:https').get(options, (response) => response.on('data', (data) => resolve(String(data))))
        .on('error', (error) => resolve(error.code));
    });`,
  'tls.connect': `
    return new Promise((resolve) => {
      const port = event.port ?? 443;
      const socket = require('node:tls').connect({ host: event.host, port, servername: event.host }, () =>
        socket.write('GET /hello HTTP/1.1\\r\\nhost: ' + event.host + '\\r\\nconnection: close\\r\\n\\r\\n'));
      socket.on('data', (data) => resolve(String(data).split('\\r\\n\\r\\n')[1])).on('error', (error) => resolve(error.code));
    });`,
  'a socket, by port and host': `
    return new Promise((resolve) => {
      const { Socket } = require('node:net');
      const socket = new Socket().connect(event.port ?? 443, event.host, () => {
        const secure = require('node:tls').connect({ socket, servername: event.host }, () =>
          secure.write('GET /hello HTTP/1.1\\r\\nhost: ' + event.host + '\\r\\nconnection: close\\r\\n\\r\\n'));
        secure.on('data', (data) => resolve(String(data).split('\\r\\n\\r\\n')[1]));
      }).on('error', (error) => resolve(error.code));
    });`,
};

let server: Server;
let cloud: FunctionCloud;
let names: string[];

beforeEach(async () => {
  const certificates = new CertificateManagerService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
  const { certificateChain, privateKey } = certificates.serverCertificate('arn:aws:acm:none', DOMAIN);
  server = createServer({ cert: certificateChain, key: privateKey }, ({ url, headers, socket }, response) => {
    const { servername } = socket as { readonly servername?: unknown };
    response.end(`${url} of ${headers.host?.replace(/:\d+$/, '')}, asked for as ${servername}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  names = [DOMAIN];
  const { port } = server.address() as AddressInfo;
  const servedHosts = () => Object.fromEntries(names.map((name) => [name, port]));
  cloud = new FunctionCloud({ network: { servedHosts, serverAuthority: certificates.serverAuthority } });
});

afterEach(async () => {
  await cloud.lambda.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe.each(Object.entries(WAYS))('a function that calls by %s', (_way, body) => {
  const call = async (event: object) => {
    const { physicalId } = await cloud.createFunction(body, { Timeout: 20 });
    return cloud.lambda.invoke(physicalId, event);
  };

  test('reaches the domain that the sandbox serves, whose certificate it trusts', async () => {
    await expect(call({ host: DOMAIN })).resolves.toBe(`/hello of ${DOMAIN}, asked for as ${DOMAIN}`);
  });

  test('reaches nothing of the sandbox by another port or another name', async () => {
    await expect(call({ host: 'localhost' })).resolves.toBe('ECONNREFUSED');
    names = ['localhost'];
    await expect(call({ host: '127.0.0.1' })).resolves.toBe('ECONNREFUSED');
    await expect(call({ host: 'localhost', port: 444 })).resolves.toBe('ECONNREFUSED');
  });
});

test('a function reaches a domain that is made after the function’s process has started, and only as long as it is', async () => {
  names = [];
  const { physicalId } = await cloud.createFunction(WAYS.fetch, { Timeout: 20 });
  const call = () => cloud.lambda.invoke(physicalId, { host: 'localhost' });
  await expect(call()).resolves.toBe('ECONNREFUSED');

  names = ['localhost'];
  // The certificate is for another name, so that the sandbox's server is met.
  await expect(call()).resolves.toBe('ERR_TLS_CERT_ALTNAME_INVALID');

  names = [];
  await expect(call()).resolves.toBe('ECONNREFUSED');
});

testWith('python3')('a handler in Python reaches the domain, whose certificate it trusts', async () => {
  const ZipFile = `
import urllib.request
def handler(event, context):
    return urllib.request.urlopen('https://${DOMAIN}/hello').read().decode()`;
  const { physicalId } = await cloud.createFunction('', {
    Code: { ZipFile },
    Runtime: 'python3.13',
    Timeout: 20,
  });

  await expect(cloud.lambda.invoke(physicalId, {})).resolves.toBe(`/hello of ${DOMAIN}, asked for as ${DOMAIN}`);
});

test('a handler that calls while it loads reaches what is served then', async () => {
  const { Role } = await cloud.functionProperties('');
  const { physicalId } = await cloud.createFunction('', {
    Code: {
      ZipFile: `const early = fetch('https://${DOMAIN}/early').then((response) => response.text());
        exports.handler = () => early;`,
    },
    Role,
  });

  await expect(cloud.lambda.invoke(physicalId, {})).resolves.toBe(`/early of ${DOMAIN}, asked for as ${DOMAIN}`);
});
