/** The example programs that call the mesh, each in its language, with the libraries that it names. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { testWith } from '../programs';
import {
  buildGo,
  type Command,
  copyExample,
  freePort,
  Program,
  type Surroundings,
  startAgent,
} from './example-programs';
import { Files, secretOf } from './files';
import { type KeyKind, RunningMesh } from './running-mesh';

/** How long each program calls, in milliseconds. */
const DURATION = 5_000;

interface Client {
  readonly name: string;
  readonly needs: readonly string[];
  /** A directory of `examples/programs`. */
  readonly example: 'node' | 'python' | 'go' | 'ruby';
  /** @param directory of the copied example */
  readonly command: (directory: string) => Command;
}

const CLIENTS: readonly Client[] = [
  ...['https', 'undici', 'axios', 'got'].map(
    (library): Client => ({
      name: library,
      needs: ['node'],
      example: 'node',
      command: (directory) => ['node', join(directory, 'call.mjs'), library],
    }),
  ),
  ...['requests', 'httpx'].map(
    (library): Client => ({
      name: library,
      needs: [library],
      example: 'python',
      command: (directory) => ['python3', join(directory, `${library}_client.py`)],
    }),
  ),
  { name: 'net/http', needs: ['go'], example: 'go', command: (directory) => [join(directory, 'program'), 'client'] },
  {
    name: 'Faraday',
    needs: ['faraday'],
    example: 'ruby',
    command: (directory) => ['ruby', join(directory, 'client.rb')],
  },
];

/** How each example presents no certificate: the text to change, and what it becomes. */
const WITHOUT_CERTIFICATE = {
  node: { '{ key: bundle, cert: bundle }': '{}' },
  python: { 'context.load_cert_chain(BUNDLE)': 'pass' },
  go: { 'return &certificate, nil': '_ = certificate; return &tls.Certificate{}, nil' },
  ruby: { '{ client_cert: certificate, client_key: key }': '{}' },
};

const files = new Files();
const copies = new Files();
const running: Program[] = [];
let surroundings: Surroundings;

const prepared = new Set<string>();

/** Copies and compiles an example once. @returns its directory */
function prepare(example: Client['example'], withCertificate: boolean): string {
  const directory = join(copies.path, withCertificate ? example : `${example}-without-certificate`);
  if (prepared.has(directory)) return directory;
  copyExample(example, directory, surroundings, withCertificate ? {} : WITHOUT_CERTIFICATE[example]);
  if (example === 'go') buildGo(directory);
  prepared.add(directory);
  return directory;
}

function start({ example, command }: Client, { withCertificate = true } = {}): Program {
  const authority = join(files.path, 'server-ca.pem');
  // What the languages have for authorities that the machine doesn't trust.
  const environment = { NODE_EXTRA_CA_CERTS: authority, SSL_CERT_FILE: authority };
  const program = new Program(command(prepare(example, withCertificate)), environment);
  running.push(program);
  return program;
}

async function answerOf(program: Program): Promise<string> {
  program.write('/schedule');
  return program.nextLine();
}

/**
 * Calls so many times a second for five seconds, and on until there are two different answers.
 * @returns each answer and how often there was it
 */
async function traffic(program: Program, rate: number): Promise<Readonly<Record<string, number>>> {
  const answers: Record<string, number> = {};
  const read = async () => {
    const answer = await program.nextLine();
    answers[answer] = (answers[answer] ?? 0) + 1;
  };
  const calls = (rate * DURATION) / 1000;
  let reading = Promise.resolve();
  for (let count = 1; count <= calls || Object.keys(answers).length < 2; count++) {
    program.write('/schedule');
    reading = reading.then(read);
    await setTimeout(1000 / rate);
    if (count >= calls) await reading;
  }
  return answers;
}

beforeAll(async () => {
  const port = await freePort();
  surroundings = { files: files.path, mesh: `https://localhost:${port}`, port: 0 };
});

afterEach(async () => {
  for (const program of running.splice(0)) await program.stop();
});

afterAll(() => {
  files.remove();
  copies.remove();
});

describe.each<KeyKind>(['ECDSA', 'RSA'])('with %s keys', (keys) => {
  let mesh: RunningMesh;
  let mail: ClientSecret;

  beforeAll(async () => {
    mesh = await RunningMesh.start(keys, Number(new URL(surroundings.mesh).port));
    mail = await mesh.secret('mail');
    files.write('server-ca.pem', mesh.serverAuthority);
  });

  beforeEach(() => files.writeClient(mail));

  afterAll(() => mesh.stop());

  for (const client of CLIENTS) {
    const testClient = testWith(...client.needs);

    testClient(`${client.name} is answered with its certificate`, async () => {
      expect(await answerOf(start(client))).toBe(`200 mail ${mail.serialNumber}`);
    });

    testClient(`${client.name} is refused without a certificate`, async () => {
      const requests = mesh.requests;
      expect(await answerOf(start(client, { withCertificate: false }))).toMatch(/^failed: ./);
      expect(mesh.requests).toBe(requests);
    });

    testClient(`${client.name} is refused with a certificate of another authority of the same name`, async () => {
      await files.writeClient(secretOf('mail', await copiedIdentity(mail)));
      const requests = mesh.requests;
      expect(await answerOf(start(client))).toMatch(/^failed: ./);
      expect(mesh.requests).toBe(requests);
    });
  }

  // Four at a time, because the gateway and this test share a machine with them.
  for (const { some, rate } of [
    { some: CLIENTS.slice(0, 4), rate: 50 },
    { some: CLIENTS.slice(4), rate: 50 },
    { some: CLIENTS.slice(0, 1), rate: 200 },
  ]) {
    const title = `${some.map(({ name }) => name).join(', ')}: no lost request in a rotation at ${rate} a second`;
    testWith(...new Set(some.flatMap(({ needs }) => needs)))(title, async () => {
      const agent = await startAgent(mesh, files);
      running.push(agent);
      const programs = some.map((client) => start(client));
      for (const program of programs) expect(await answerOf(program)).toBe(`200 mail ${mail.serialNumber}`);
      const calls = programs.map((program) => traffic(program, rate));
      await setTimeout(DURATION / 2);
      const before = mail;
      mail = await mesh.rotate('mail');
      expect(mail.serialNumber).not.toBe(before.serialNumber);
      agent.signal('SIGHUP');
      const both = [`200 mail ${before.serialNumber}`, `200 mail ${mail.serialNumber}`].sort();
      for (const answers of await Promise.all(calls)) expect(Object.keys(answers).sort()).toEqual(both);
      for (const program of programs) expect(await answerOf(program)).toBe(`200 mail ${mail.serialNumber}`);
    });
  }
});
