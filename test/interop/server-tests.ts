/** The tests of the example programs that serve the clients of the mesh. */
import { once } from 'node:events';
import { Agent, type RequestOptions, request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { TlsCredentials } from '../../client/tls-request';
import type { ClientSecret } from '../../mesh/client-secret';
import { privateKeyPem } from '../../pki/keys';
import { type Authority, createClient, createRoot, createServer } from '../pki/authorities';
import { testWith } from '../programs';
import { type Command, copyExample, freePort, Program } from './example-programs';
import { Files, STORE_PASSWORD } from './files';
import { type KeyKind, RunningMesh } from './running-mesh';

/** Milliseconds: 50 requests a second, each on a new connection. */
const PAUSE = 20;
/** For five seconds. */
const REQUESTS = 250;

export interface Server {
  readonly name: string;
  readonly needs: readonly string[];
  /** A directory of `examples/programs`. */
  readonly example: string;
  /** Compiles the copied example, or adds its libraries. */
  readonly build?: (directory: string) => void;
  /** @param directory of the copied example */
  readonly command: (directory: string) => Command;
  /** Beside `STORE_PASSWORD`, the password of the key store and of the truststore. */
  readonly environment?: (directory: string) => Readonly<Record<string, string>>;
  /** Tells it to read its files. Absent if it follows them. */
  readonly reload?: (program: Program, directory: string) => Promise<unknown>;
  /** Whether it lets clients resume sessions. */
  readonly resumes: boolean;
  /** Whether a session from before a reload can be resumed, for a short time. @default false */
  readonly resumesAfterReload?: boolean;
  /** Whether it admits the client `social`, too. @default true */
  readonly admitsSocial?: boolean;
  /** What it says of the certificate. Absent if it says no more than the name. */
  readonly description?: (client: ClientSecret) => string;
  /** What it answers without a certificate. Absent if it refuses the handshake. */
  readonly withoutCertificate?: string;
}

interface Answer {
  /** The status, and the name of the client or why it is refused. */
  readonly text: string;
  /** Some servers say more than the name. */
  readonly body: string;
  /** Of the server's certificate. */
  readonly serialNumber: string;
  readonly isResumed: boolean;
  /** To resume the session. */
  readonly session: Buffer | undefined;
}

interface CallOptions {
  readonly session?: Buffer | undefined;
  /** @default - a connection for this call */
  readonly agent?: Agent;
}

const files = new Files();
const copies = new Files();
const ports = new Map<Server, number>();
const running = new Map<Server, Program>();
let serverAuthority: Authority;

async function call(
  server: Server,
  credentials: TlsCredentials | undefined,
  { session, agent }: CallOptions = {},
): Promise<Answer> {
  const options: RequestOptions & Pick<ConnectionOptions, 'session'> = {
    host: '127.0.0.1',
    port: ports.get(server),
    servername: 'localhost',
    headers: { host: `localhost:${ports.get(server)}` },
    ca: serverAuthority.pem,
    ...(credentials && {
      cert: `${credentials.certificate.trimEnd()}\n${credentials.certificateChain}`,
      key: credentials.privateKey,
    }),
    agent: agent ?? false,
    session,
  };
  const outgoing = request(options);
  let newest: Buffer | undefined;
  outgoing.once('socket', (socket: TLSSocket) => {
    // A connection that is kept has more calls.
    if (agent !== undefined) return;
    socket.on('session', (ticket) => {
      newest = ticket;
    });
  });
  const [response] = await once(outgoing.end(), 'response');
  const socket: TLSSocket = response.socket;
  const { serialNumber } = socket.getPeerCertificate();
  const isResumed = socket.isSessionReused();
  const body = await text(response);
  return { text: `${response.statusCode} ${body.split(',')[0]}`, body, serialNumber, isResumed, session: newest };
}

const isAdmitted = (server: Server, credentials: TlsCredentials) =>
  call(server, credentials).then(
    () => true,
    () => false,
  );

/** Calls until the server admits the client, or until it refuses it. @throws Error if the server has ended */
async function untilAdmitted(server: Server, credentials: TlsCredentials, expected = true): Promise<void> {
  while ((await isAdmitted(server, credentials)) !== expected) {
    const program = running.get(server);
    if (program === undefined || program.hasEnded) throw new Error(`${server.name} has ended: ${program?.stderr}`);
    await setTimeout(50);
  }
}

/** Calls twice, the second time with the session of the first, and again if the session has expired on a slow machine. */
async function resume(server: Server, credentials: TlsCredentials, attempts = 10): Promise<Answer> {
  const { session } = await call(server, credentials);
  const resumed = await call(server, credentials, { session });
  if (resumed.isResumed !== server.resumes && attempts > 1) return resume(server, credentials, attempts - 1);
  return { ...resumed, session: resumed.session ?? session };
}

async function untilRefused(send: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await send();
    } catch {
      return;
    }
    await setTimeout(100);
  }
}

async function start(server: Server): Promise<void> {
  const { name, example, build, command, environment } = server;
  const port = await freePort();
  const surroundings = { files: files.path, mesh: 'https://mesh.example.com', port };
  const directory = copyExample(example, join(copies.path, name), surroundings);
  build?.(directory);
  ports.set(server, port);
  running.set(server, new Program(command(directory), { STORE_PASSWORD, ...environment?.(directory) }));
}

/** Has the servers read their files that don't follow them. */
async function reload(): Promise<void> {
  for (const [server, program] of running) await server.reload?.(program, join(copies.path, server.name));
}

/** Calls fifty times a second as the client that `credentials` returns, every other time on a connection that is kept. */
async function traffic(server: Server, credentials: () => TlsCredentials): Promise<Readonly<Record<string, number>>> {
  const answers: Record<string, number> = {};
  const kept = new Agent({ keepAlive: true });
  const calls: Promise<void>[] = [];
  for (let count = 0; count < REQUESTS; count++) {
    const answer = call(server, credentials(), count % 2 === 0 ? {} : { agent: kept });
    calls.push(
      answer
        .then((one) => one.text, String)
        .then((outcome) => {
          answers[outcome] = (answers[outcome] ?? 0) + 1;
        }),
    );
    await setTimeout(PAUSE);
  }
  await Promise.all(calls);
  kept.destroy();
  return answers;
}

export function testServers(servers: readonly Server[]): void {
  afterAll(async () => {
    // Lets a script end what it runs.
    for (const program of running.values()) await program.stop('SIGTERM');
    files.remove();
    copies.remove();
  });

  describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
    const keyAlgorithm = keys === 'RSA' ? 'RSA_2048' : 'EC_prime256v1';
    let mesh: RunningMesh;
    let mail: ClientSecret;
    /** Signs certificates of another trust domain, and is trusted for a while. */
    let partner: Authority;

    async function partnerClient(name: string, trustDomain: string): Promise<TlsCredentials> {
      const client = await createClient(partner, name, { keyAlgorithm, uris: [`spiffe://${trustDomain}/${name}`] });
      return { certificate: client.pem, certificateChain: partner.pem, privateKey: privateKeyPem(client.privateKey) };
    }

    async function trustPartner(isTrusted: boolean): Promise<void> {
      const { certificateChain } = mail;
      await files.writeClient(mail, isTrusted ? `${certificateChain.trimEnd()}\n${partner.pem}` : certificateChain);
      await reload();
    }

    beforeAll(async () => {
      mesh = await RunningMesh.start(keys, 0);
      mail = await mesh.secret('mail');
      partner = await createRoot('Example Partner', { keyAlgorithm });
      serverAuthority = await createRoot('Example Servers', { keyAlgorithm });
      files.writeServer(await createServer(serverAuthority, 'localhost', { keyAlgorithm }));
      await trustPartner(false);
    });

    afterAll(() => mesh.stop());

    for (const server of servers) {
      const testServer = testWith(...server.needs);

      testServer(`${server.name} knows which client of the mesh calls`, async () => {
        if (!running.has(server)) await start(server);
        await untilAdmitted(server, mail);
        expect(await call(server, mail)).toMatchObject({ text: '200 mail' });
        const { admitsSocial = true } = server;
        const answer = { text: admitsSocial ? '200 social' : expect.stringMatching(/^403 /) };
        expect(await call(server, await mesh.secret('social'))).toMatchObject(answer);
      });

      const { description } = server;
      if (description !== undefined) {
        testServer(`${server.name} describes the certificate of its caller`, async () => {
          expect((await call(server, mail)).body).toBe(`mail, ${description(mail)}`);
        });
      }

      testServer(`${server.name} refuses other callers`, async () => {
        const withoutCertificate = call(server, undefined);
        if (server.withoutCertificate === undefined) await expect(withoutCertificate).rejects.toThrow();
        else expect(await withoutCertificate).toMatchObject({ text: server.withoutCertificate });
        // Of another authority of the same name.
        await expect(call(server, await copiedIdentity(mail))).rejects.toThrow();
        expect(await call(server, mail)).toMatchObject({ text: '200 mail' });
      });
    }

    // Two at a time, because each of them gets fifty requests a second.
    for (let first = 0; first < servers.length; first += 2) {
      const some = servers.slice(first, first + 2);
      const names = some.map(({ name }) => name).join(' and ');
      const needs = new Set(some.flatMap((server) => server.needs));
      testWith(...needs)(`${names}: no lost request while all certificates change`, async () => {
        const calls = some.map((server) => traffic(server, () => mail));
        await setTimeout((REQUESTS * PAUSE) / 2);
        mail = await mesh.rotate('mail');
        const renewed = await createServer(serverAuthority, 'localhost', { keyAlgorithm });
        files.writeServer(renewed);
        await trustPartner(true);
        for (const answers of await Promise.all(calls)) expect(answers).toEqual({ '200 mail': REQUESTS });

        const partnerMail = await partnerClient('mail', 'partner.example.com');
        for (const server of some) {
          await untilAdmitted(server, partnerMail);
          expect(await call(server, mail)).toMatchObject({ serialNumber: renewed.certificate.serialNumber });
          expect(await call(server, partnerMail)).toMatchObject({ text: expect.stringMatching(/^403 /) });
        }
      });
    }

    for (const server of servers) {
      testWith(...server.needs)(`${server.name} doesn't resume a session of an authority that has left`, async () => {
        const leaving = await partnerClient('mail', 'mesh.example.com');
        await trustPartner(true);
        await untilAdmitted(server, leaving);
        const resumed = await resume(server, leaving);
        expect(resumed).toMatchObject({ text: '200 mail', isResumed: server.resumes });

        await trustPartner(false);
        await untilAdmitted(server, leaving, false);
        let { session } = resumed;
        // A client could go on from one session to the next.
        const again = async () => {
          session = (await call(server, leaving, { session })).session ?? session;
        };
        if (server.resumesAfterReload) await untilRefused(again);
        await expect(again()).rejects.toThrow();
        expect(await call(server, mail)).toMatchObject({ text: '200 mail' });
      });
    }
  });
}
