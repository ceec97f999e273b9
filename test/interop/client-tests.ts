/** The tests of the example programs that call the mesh. */
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { copiedIdentity } from '../../bin/prove/impostors';
import type { ClientSecret } from '../../mesh/client-secret';
import { testWith } from '../programs';
import { type Command, copyExample, freePort, Program, type Surroundings, startAgent } from './example-programs';
import { Files, secretOf } from './files';
import { type KeyKind, RunningMesh } from './running-mesh';

/** How long each program calls, in milliseconds. */
const DURATION = 5_000;

export interface Client {
  readonly name: string;
  readonly needs: readonly string[];
  /** A directory of `examples/programs`. */
  readonly example: string;
  /** Compiles the copied example, or adds its libraries. */
  readonly build?: (directory: string) => void;
  /** @param directory of the copied example */
  readonly command: (directory: string) => Command;
  /** What else it has in place of the address of the mesh. */
  readonly address?: (mesh: URL) => Readonly<Record<string, string>>;
  /** How it presents no certificate: the text to change, and what it becomes. */
  readonly withoutCertificate: Readonly<Record<string, string>>;
}

const files = new Files();
const copies = new Files();
const running: Program[] = [];
let surroundings: Surroundings;

const prepared = new Set<string>();

/** Copies and compiles an example once. @returns its directory */
function prepare({ example, build, address, withoutCertificate }: Client, withCertificate: boolean): string {
  const directory = join(copies.path, withCertificate ? example : `${example}-without-certificate`);
  if (prepared.has(directory)) return directory;
  const changes = { ...address?.(new URL(surroundings.mesh)), ...(withCertificate ? {} : withoutCertificate) };
  copyExample(example, directory, surroundings, changes);
  build?.(directory);
  prepared.add(directory);
  return directory;
}

function start(client: Client, { withCertificate = true } = {}): Program {
  const program = new Program(client.command(prepare(client, withCertificate)), files.environmentOfClients);
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

/**
 * @param rotations which clients call together in a rotation, and how often a second each of them does
 * @param domainName by which they call the mesh
 */
export function testClients(
  clients: readonly Client[],
  rotations: readonly { readonly some: readonly Client[]; readonly rate: number }[],
  domainName = 'localhost',
): void {
  beforeAll(async () => {
    const port = await freePort();
    surroundings = { files: files.path, mesh: `https://${domainName}:${port}`, port: 0 };
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
      mesh = await RunningMesh.start(keys, Number(new URL(surroundings.mesh).port), { domainName });
      mail = await mesh.secret('mail');
      files.writeServerAuthority(mesh.serverAuthority);
    });

    beforeEach(() => files.writeClient(mail));

    afterAll(() => mesh.stop());

    for (const client of clients) {
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

    for (const { some, rate } of rotations) {
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
}
