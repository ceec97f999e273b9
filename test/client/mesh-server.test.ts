/** The server of a service outside the gateway, which real TLS clients call. */
import { once } from 'node:events';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request as plainRequest } from 'node:http';
import { Agent, type RequestOptions, request, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ConnectionOptions, connect, type SecureVersion, type TLSSocket } from 'node:tls';
import { copiedIdentity } from '../../bin/prove/impostors';
import {
  type CertificateRotation,
  callerOf,
  type ExpiringCertificate,
  type MeshServerOptions,
  meshServer,
  UnknownCallerError,
} from '../../client';
import type { TlsCredentials } from '../../client/tls-request';
import { notAfterOf } from '../../pki/certificate-fields';
import { privateKeyPem } from '../../pki/keys';
import {
  type Authority,
  type ClientOptions,
  createClient,
  createPlain,
  createRoot,
  createServer,
  createSubordinate,
  type EndEntity,
  validFor,
} from '../pki/authorities';
import { createSecret } from './secrets';

/** Milliseconds. */
const INTERVAL = 20;

let directory: string;
let servers: Authority;
let root: Authority;
let mesh: Authority;
let successor: Authority;
let server: Server;
let errors: Error[];
let changes: number;
let rotations: CertificateRotation[];
let expiring: ExpiringCertificate[];
/** How many requests have reached the listener. */
let received: number;

beforeAll(async () => {
  servers = await createRoot('Servers');
  root = await createRoot('Mesh Root');
  mesh = await createSubordinate(root, 'Mesh Issuing');
  successor = await createRoot('Mesh Successor');
});

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mesh-server-'));
  [errors, changes, received, rotations, expiring] = [[], 0, 0, [], []];
  await writeServer();
  writeAuthorities(mesh, root);
  server = start();
  await once(server.listen(0, '127.0.0.1'), 'listening');
});

afterEach(async () => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

function start(options: Partial<MeshServerOptions> = {}): Server {
  return meshServer(
    {
      trustDomain: 'example.com',
      clientAuthoritiesFile: join(directory, 'client-ca.pem'),
      certificateFile: join(directory, 'certificate.pem'),
      privateKeyFile: join(directory, 'private-key.pem'),
      interval: INTERVAL,
      onFilesChanged: () => changes++,
      onRotated: (rotation) => rotations.push(rotation),
      onExpiring: (certificate) => expiring.push(certificate),
      onError: (error) => errors.push(error),
      ...options,
    },
    (incoming, response) => {
      received++;
      response.end(JSON.stringify(callerOf(incoming)));
    },
  );
}

function write(name: string, contents: string): void {
  writeFileSync(join(directory, `${name}.new`), contents);
  renameSync(join(directory, `${name}.new`), join(directory, name));
}

async function writeServer(validity = validFor(7)): Promise<EndEntity> {
  const identity = await createServer(servers, 'localhost', { validity });
  write('private-key.pem', privateKeyPem(identity.privateKey));
  write('certificate.pem', identity.pem);
  return identity;
}

const writeAuthorities = (...authorities: readonly Authority[]) =>
  write('client-ca.pem', authorities.map(({ pem }) => pem).join(''));

async function clientOf(
  issuer: Authority,
  chain: readonly Authority[],
  options: ClientOptions = {},
): Promise<TlsCredentials> {
  return credentialsOf(await createClient(issuer, 'mail', options), chain);
}

const credentialsOf = ({ pem, privateKey }: EndEntity, chain: readonly Authority[]): TlsCredentials => ({
  certificate: pem,
  certificateChain: chain.map((one) => one.pem).join(''),
  privateKey: privateKeyPem(privateKey),
});

const mail = () => clientOf(mesh, [mesh, root]);
const port = () => (server.address() as AddressInfo).port;

interface CallOptions
  extends Pick<ConnectionOptions, 'session' | 'maxVersion'>,
    Pick<RequestOptions, 'agent' | 'headers'> {}

interface Answer {
  readonly status: number | undefined;
  readonly body: string;
  readonly serialNumber: string;
  readonly isResumed: boolean;
  readonly session: Buffer | undefined;
}

async function call(credentials: TlsCredentials | undefined, options: CallOptions = {}): Promise<Answer> {
  const merged: RequestOptions & CallOptions = {
    host: '127.0.0.1',
    port: port(),
    servername: 'localhost',
    ca: servers.pem,
    agent: false,
    ...(credentials && {
      cert: credentials.certificate + credentials.certificateChain,
      key: credentials.privateKey,
    }),
    ...options,
  };
  const outgoing = request(merged);
  let session: Buffer | undefined;
  outgoing.once('socket', (socket: TLSSocket) => socket.on('session', (ticket) => (session = ticket)));
  const [response] = await once(outgoing.end(), 'response');
  const socket: TLSSocket = response.socket;
  const isResumed = socket.isSessionReused();
  const { serialNumber } = socket.getPeerCertificate();
  return { status: response.statusCode, body: await text(response), serialNumber, isResumed, session };
}

const changed = async (count = 1) => {
  const before = changes;
  while (changes < before + count) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
};
const reported = async () => {
  const before = errors.length;
  while (errors.length === before) await new Promise((resolve) => setTimeout(resolve, INTERVAL));
  return errors.at(-1)?.message;
};

test('knows the client', async () => {
  const { status, body } = await call(await mail());
  expect([status, JSON.parse(body)]).toEqual([
    200,
    {
      clientName: 'mail',
      spiffeId: 'spiffe://example.com/mail',
      serialNumber: expect.stringMatching(/^[0-9A-F]+$/),
      fingerprint: expect.stringMatching(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/),
    },
  ]);
});

describe('refuses', () => {
  test.each<[string, () => Promise<TlsCredentials | undefined>]>([
    ['nobody', async () => undefined],
    ['a client of an authority of the same name', async () => copiedIdentity(await createSecret(mesh))],
    ['a client of another authority', async () => clientOf(successor, [successor])],
    [
      'a client of another trust domain',
      async () => clientOf(mesh, [mesh, root], { uris: ['spiffe://example.org/mail'] }),
    ],
    [
      'a client of a trust domain below',
      async () => clientOf(mesh, [mesh, root], { uris: ['spiffe://example.com.evil/mail'] }),
    ],
    [
      'a client with a path that is no name',
      async () => clientOf(mesh, [mesh, root], { uris: ['spiffe://example.com/a/mail'] }),
    ],
    [
      'a client with two URIs',
      async () => clientOf(mesh, [mesh, root], { uris: ['spiffe://example.com/mail', 'spiffe://example.com/social'] }),
    ],
    ['a client without a URI', async () => clientOf(mesh, [mesh, root], { uris: [], dnsNames: ['mail.example.com'] })],
    [
      'an expired client',
      async () => clientOf(mesh, [mesh, root], { validity: { notBefore: new Date(0), notAfter: new Date(1) } }),
    ],
    ['a server', async () => credentialsOf(await createServer(mesh, 'localhost'), [mesh, root])],
    [
      'the authority itself',
      async () => ({ certificate: mesh.pem, certificateChain: root.pem, privateKey: privateKeyPem(mesh.privateKey) }),
    ],
  ])('%s', async (_, credentials) => {
    const presented = await credentials();
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] satisfies SecureVersion[]) {
      await expect(call(presented, { maxVersion })).rejects.toThrow();
    }
    expect(received).toBe(0);
  });

  test('plain HTTP', async () => {
    const outgoing = plainRequest({ host: '127.0.0.1', port: port() }).end();
    await expect(once(outgoing, 'response')).rejects.toThrow();
    expect(received).toBe(0);
  });

  test('an upgrade of a client of another trust domain', async () => {
    const upgraded = jest.fn();
    server.on('upgrade', upgraded);
    const { certificate, certificateChain, privateKey } = await clientOf(mesh, [mesh, root], {
      uris: ['spiffe://example.org/mail'],
    });
    const socket = connect({
      port: port(),
      servername: 'localhost',
      ca: servers.pem,
      cert: certificate + certificateChain,
      key: privateKey,
    });
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    await once(socket.resume(), 'close');
    expect(upgraded).not.toHaveBeenCalled();
  });

  test('a client whose certificate expires on an open connection', async () => {
    const agent = new Agent({ keepAlive: true });
    const soon = { notBefore: validFor(1).notBefore, notAfter: new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000) };
    const credentials = await clientOf(mesh, [mesh, root], { validity: soon });
    expect((await call(credentials, { agent })).status).toBe(200);
    jest.useFakeTimers({
      doNotFake: [
        'nextTick',
        'setImmediate',
        'setTimeout',
        'setInterval',
        'clearTimeout',
        'clearInterval',
        'queueMicrotask',
      ],
      now: soon.notAfter.getTime() + 1_000,
    });
    await expect(call(credentials, { agent })).rejects.toThrow();
    jest.useRealTimers();
    agent.destroy();
    expect(received).toBe(1);
  });
});

test('headers identify nobody', async () => {
  const headers = { 'x-mesh-client-name': 'social', 'x-mesh-spiffe-id': 'spiffe://example.com/social' };
  expect(JSON.parse((await call(await mail(), { headers })).body)).toMatchObject({ clientName: 'mail' });
});

test('a request to another server has no caller', async () => {
  const { createServer: createPlainServer } = await import('node:http');
  let thrown: unknown;
  const other = createPlainServer((incoming, response) => {
    try {
      callerOf(incoming);
    } catch (error) {
      thrown = error;
    }
    response.end();
  });
  await once(other.listen(0, '127.0.0.1'), 'listening');
  const [response] = await once(plainRequest({ port: (other.address() as AddressInfo).port }).end(), 'response');
  await text(response);
  other.close();
  expect(thrown).toBeInstanceOf(UnknownCallerError);
});

describe('follows its files', () => {
  test('the certificate of the server', async () => {
    const previousSerialNumber = (await call(await mail())).serialNumber;
    const { certificate } = await writeServer();
    await changed();
    const { serialNumber } = certificate;
    expect((await call(await mail())).serialNumber).toBe(serialNumber);
    const notAfter = notAfterOf(certificate).toISOString();
    expect(rotations).toEqual([{ previousSerialNumber, serialNumber, notAfter }]);
  });

  test('and reports a certificate of the server that should have been replaced, once', async () => {
    const { certificate } = await writeServer({
      notBefore: validFor(1).notBefore,
      notAfter: new Date(Date.now() + 600_000),
    });
    await changed();
    writeAuthorities(mesh, root, successor);
    await changed();
    const notAfter = notAfterOf(certificate).toISOString();
    expect(expiring).toEqual([{ serialNumber: certificate.serialNumber, notAfter }]);
  });

  test('an authority that comes', async () => {
    const next = await clientOf(successor, [successor]);
    await expect(call(next)).rejects.toThrow();
    writeAuthorities(mesh, root, successor);
    await changed();
    expect((await call(next)).status).toBe(200);
  });

  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.3'])(
    'an authority that leaves: %s sessions are not resumed',
    async (maxVersion) => {
      writeAuthorities(mesh, root, successor);
      await changed();
      const leaving = await clientOf(successor, [successor]);
      const { session } = await call(leaving, { maxVersion });
      const resumed = await call(leaving, { maxVersion, session });
      expect(resumed).toMatchObject({ status: 200, isResumed: true });
      const before = received;

      writeAuthorities(mesh, root);
      await changed();
      await expect(call(leaving, { maxVersion, session: resumed.session ?? session })).rejects.toThrow();
      await expect(call(leaving, { maxVersion })).rejects.toThrow();
      expect(received).toBe(before);
      expect((await call(await mail(), { maxVersion })).status).toBe(200);
    },
  );

  test('an authority that leaves: open connections end, and those of others do not', async () => {
    writeAuthorities(mesh, root, successor);
    await changed();
    const [agent, others] = [
      new Agent({ keepAlive: true, maxSockets: 1 }),
      new Agent({ keepAlive: true, maxSockets: 1 }),
    ];
    const [leaving, staying] = [await clientOf(successor, [successor]), await mail()];
    await call(leaving, { agent });
    await call(staying, { agent: others });
    const [kept] = Object.values(agent.freeSockets).flat();
    const ended = once(kept as TLSSocket, 'close');
    const [keptByOthers] = Object.values(others.freeSockets).flat();

    writeAuthorities(mesh, root);
    await changed();
    await ended;
    expect((await call(staying, { agent: others })).status).toBe(200);
    expect(keptByOthers?.destroyed).toBe(false);
    others.destroy();
  });

  test.each([
    ['an authority file that is none', () => write('client-ca.pem', 'nothing'), 'there is no PEM block'],
    ['an empty authority file', () => write('client-ca.pem', ''), 'there is no PEM block'],
    ['a missing file', () => rmSync(join(directory, 'certificate.pem')), 'ENOENT'],
    [
      'a key that does not belong to the certificate',
      () => write('private-key.pem', privateKeyPem(mesh.privateKey)),
      'key values mismatch',
    ],
  ])('but not %s', async (_, change, message) => {
    change();
    expect(await reported()).toContain(message);
    expect((await call(await mail())).status).toBe(200);
    expect(changes).toBe(0);
  });

  test('but not to trust a certificate of a client', async () => {
    write('client-ca.pem', mesh.pem + (await mail()).certificate);
    expect(await reported()).toContain('a certificate that is not of an authority: CN=mail');
  });
});

test.each([
  ['no authorities', () => write('client-ca.pem', '')],
  ['a missing key', () => rmSync(join(directory, 'private-key.pem'))],
])('does not start with %s', (_, change) => {
  change();
  expect(() => start()).toThrow();
});

test.each(['', 'Example.com', 'spiffe://example.com', '*'])(
  'does not start with the trust domain %j',
  (trustDomain) => {
    expect(() => start({ trustDomain })).toThrow('trustDomain ');
  },
);

test('a certificate without extensions is no client', async () => {
  const { privateKey } = await createClient(mesh, 'mail');
  await expect(call(credentialsOf(await createPlain(mesh, 'mail', privateKey), [mesh, root]))).rejects.toThrow();
  expect(received).toBe(0);
});
