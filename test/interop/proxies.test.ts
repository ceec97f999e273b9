/** Proxies in front of a service, and proxies that lead to the mesh. */
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { createServer, get, type Server } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { TlsCredentials } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer as createServerCertificate } from '../pki/authorities';
import { testWith } from '../programs';
import { freePort } from './example-programs';
import { Files } from './files';
import { PROXIES, RunningProxy } from './proxies';
import { type KeyKind, RunningMesh } from './running-mesh';

/** How long requests are sent during a rotation, each on a new connection. Milliseconds. */
const DURATION = 5_000;

const copies = new Files();
/** The service behind the proxies, which answers with the name of the client that a proxy tells it. */
let service: Server;
/** How many requests the service has received. */
let received = 0;

beforeAll(async () => {
  // The proxies give up the rights of their starter.
  chmodSync(copies.path, 0o755);
  service = createServer((incoming, response) => {
    received++;
    response.end(String(incoming.headers['x-client-name']).replace('spiffe://mesh.example.com/', ''));
  });
  await once(service.listen(0, '127.0.0.1'), 'listening');
});

afterAll(() => {
  service.close();
  service.closeAllConnections();
  copies.remove();
});

interface Answer {
  /** Status and body. */
  readonly text: string;
  readonly isResumed: boolean;
  /** To resume the session. */
  readonly session: Buffer | undefined;
}

async function call(
  port: number,
  ca: string,
  credentials: TlsCredentials | undefined,
  { session, headers }: Pick<ConnectionOptions, 'session'> & Pick<RequestOptions, 'headers'> = {},
): Promise<Answer> {
  const options: RequestOptions & Pick<ConnectionOptions, 'session'> = {
    host: '127.0.0.1',
    port,
    servername: 'localhost',
    ca,
    headers,
    ...(credentials && {
      cert: `${credentials.certificate.trimEnd()}\n${credentials.certificateChain}`,
      key: credentials.privateKey,
    }),
    agent: false,
    session,
  };
  const outgoing = request(options);
  let newest: Buffer | undefined;
  outgoing.once('socket', (socket: TLSSocket) => {
    socket.on('session', (ticket) => {
      newest = ticket;
    });
  });
  const [response] = await once(outgoing.end(), 'response');
  const isResumed = response.socket.isSessionReused();
  return { text: `${response.statusCode} ${await text(response)}`, isResumed, session: newest };
}

/** Without a certificate, some proxies refuse the connection, and others answer with a page. The service sees neither. */
async function isRefused(answer: () => Promise<Answer>): Promise<boolean> {
  const before = received;
  const refused = await answer().then(
    (one) => !one.text.startsWith('2'),
    () => true,
  );
  return refused && received === before;
}

/** @throws Error if the proxy has ended */
async function until(proxy: RunningProxy, holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds().catch(() => false))) {
    if (proxy.hasEnded) throw new Error(`the proxy has ended: ${proxy.stderr}`);
    await setTimeout(50);
  }
}

/** @param rate calls a second. @returns each outcome and how often there was it */
async function traffic(rate: number, send: () => Promise<string>): Promise<Readonly<Record<string, number>>> {
  const outcomes: Record<string, number> = {};
  const calls: Promise<void>[] = [];
  for (let count = 0; count < requestsAt(rate); count++) {
    const sent = send().catch(String);
    calls.push(
      sent.then((outcome) => {
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }),
    );
    await setTimeout(1_000 / rate);
  }
  await Promise.all(calls);
  return outcomes;
}

function requestsAt(rate: number): number {
  return (rate * DURATION) / 1_000;
}

async function callPlain(port: number): Promise<string> {
  const outgoing = get({ host: '127.0.0.1', port, path: '/schedule', agent: false });
  const [response] = await once(outgoing, 'response');
  return `${response.statusCode} ${await text(response)}`;
}

describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
  const keyAlgorithm = keys === 'RSA' ? 'RSA_2048' : 'EC_prime256v1';
  const files = new Files();
  let port: number;
  let mesh: RunningMesh;
  let mail: ClientSecret;
  let serverAuthority: Authority;

  async function writeServer(): Promise<void> {
    const server = await createServerCertificate(serverAuthority, 'localhost', { keyAlgorithm });
    files.writeServer(server);
    files.write(join('server', 'bundle.pem'), privateKeyPem(server.privateKey) + server.pem);
  }

  beforeAll(async () => {
    chmodSync(files.path, 0o755);
    port = await freePort();
    mesh = await RunningMesh.start(keys, port);
    mail = await mesh.secret('mail');
    await files.writeClient(mail);
    files.write('server-ca.pem', mesh.serverAuthority);
    serverAuthority = await createRoot('Example Servers', { keyAlgorithm });
    await writeServer();
  });

  afterAll(async () => {
    await mesh.stop();
    files.remove();
  });

  describe.each(PROXIES)('$name', (proxy) => {
    const directory = (side: string) => join(copies.path, `${proxy.example}-${side}-${keys}`);
    const test = testWith(proxy.program);

    test('in front of a service admits the clients of the mesh', async () => {
      const servicePort = String((service.address() as AddressInfo).port);
      const listening = await freePort();
      const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port: listening };
      const changes = {
        '127.0.0.1:8080': `127.0.0.1:${servicePort}`,
        'port_value: 8080': `port_value: ${servicePort}`,
      };
      const running = RunningProxy.start(proxy, 'server', directory('server'), surroundings, changes);
      try {
        const ca = serverAuthority.pem;
        const social = await mesh.secret('social');
        await until(running, async () => (await call(listening, ca, mail)).text === '200 mail');
        expect(await call(listening, ca, social)).toMatchObject({ text: '200 social' });
        const forged = { headers: { 'X-Client-Name': 'social' } };
        expect(await call(listening, ca, mail, forged)).toMatchObject({ text: '200 mail' });

        expect(await isRefused(() => call(listening, ca, undefined))).toBe(true);
        const foreign = await copiedIdentity(mail);
        expect(await isRefused(() => call(listening, ca, foreign))).toBe(true);

        // While all certificates change.
        const calls = traffic(proxy.rate, async () => (await call(listening, ca, mail)).text);
        await setTimeout(DURATION / 2);
        const other = await createRoot('Example Successor', { keyAlgorithm });
        await writeServer();
        await files.writeClient(mail, `${mail.certificateChain.trimEnd()}\n${other.pem}`);
        running.reload();
        expect(await calls).toEqual({ '200 mail': requestsAt(proxy.rate) });

        // Of an authority that leaves.
        const uris = ['spiffe://mesh.example.com/social'];
        const { pem, privateKey } = await createClient(other, 'social', { keyAlgorithm, uris });
        const leaving = { certificate: pem, certificateChain: other.pem, privateKey: privateKeyPem(privateKey) };
        await until(running, async () => (await call(listening, ca, leaving)).text === '200 social');
        const { session } = await call(listening, ca, leaving);
        const resumed = await call(listening, ca, leaving, { session });
        expect(resumed).toMatchObject({ text: '200 social', isResumed: proxy.resumes });
        await files.writeClient(mail);
        running.reload();
        await until(running, () => isRefused(() => call(listening, ca, leaving)));
        // A process that ends can still take a connection.
        const resume = () => isRefused(() => call(listening, ca, leaving, { session: resumed.session ?? session }));
        await until(running, resume);
        for (let again = 0; again < 5; again++) expect(await resume()).toBe(true);
        expect(await call(listening, ca, mail)).toMatchObject({ text: '200 mail' });
      } finally {
        await running.stop();
      }
    });

    test('leads to the mesh, also while the certificate of the client changes', async () => {
      const listening = await freePort();
      const surroundings = { files: files.path, mesh: `https://localhost:${port}`, port: listening };
      const changes = {
        '/etc/ssl/certs/ca-certificates.crt': join(files.path, 'server-ca.pem'),
        '127.0.0.1:8081': `127.0.0.1:${listening}`,
        'port_value: 8081': `port_value: ${listening}`,
        'mesh.example.com:443': `localhost:${port}`,
        'mesh.example.com, port_value: 443': `127.0.0.1, port_value: ${port}`,
        'mesh.example.com': 'localhost',
        'max_connection_duration: 300s': 'max_connection_duration: 1s',
      };
      await files.writeClient(mail);
      const running = RunningProxy.start(proxy, 'client', directory('client'), surroundings, changes);
      try {
        const answer = () => `200 mail ${mail.serialNumber}`;
        await until(running, async () => (await callPlain(listening)) === answer());
        const before = answer();
        const calls = traffic(proxy.rate, () => callPlain(listening));
        await setTimeout(DURATION / 2);
        mail = await mesh.rotate('mail');
        await files.writeClient(mail);
        running.reload();
        const outcomes = await calls;
        expect(Object.keys(outcomes).sort()).toEqual([before, answer()].sort());
      } finally {
        await running.stop();
      }
    });
  });
});
