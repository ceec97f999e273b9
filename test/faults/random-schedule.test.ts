import { randomInt } from 'node:crypto';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { type CallFaultKind, type ClientSecret, Sandbox } from '../../sandbox';
import { assertHolds } from './cell';
import { assertRefused, assertServed, meshOf } from './invariants';
import { assemblyWith, removeAssemblies, roleOf, statusFor } from './mesh';
import { rotate } from './rotation';

const CLIENTS = ['mail', 'social', 'calendar'];
/** Rounds of a fault, traffic and up to twelve hours. */
const ROUNDS = 40;
const HOUR = 3_600_000;
const KINDS: readonly CallFaultKind[] = ['throttled', 'failed-before', 'failed-after', 'killed'];
const CALLS = [
  ['acm-pca', 'IssueCertificate'],
  ['acm-pca', 'GetCertificate'],
  ['dynamodb', 'GetItem'],
  ['dynamodb', 'PutItem'],
  ['dynamodb', 'UpdateItem'],
  ['dynamodb', 'Query'],
  ['events', 'PutEvents'],
  ['secretsmanager', 'GetSecretValue'],
  ['secretsmanager', 'PutSecretValue'],
  ['secretsmanager', 'DescribeSecret'],
  ['secretsmanager', 'UpdateSecretVersionStage'],
] as const;

afterAll(removeAssemblies);

/** The generator mulberry32. Returns the same numbers for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test('after days of traffic, rotations, revocations and faults, every client is served and every revoked certificate is refused', async () => {
  const seed = Number(process.env['FAULTS_SEED'] ?? randomInt(2 ** 31));
  const random = randomNumbers(seed);
  const oneOf = <T>(choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const sandbox = await Sandbox.deploy(assemblyWith(Object.fromEntries(CLIENTS.map((name) => [name, []]))));
  const roles = [roleOf('deployment'), roleOf('rotation')];
  const begin = sandbox.now.getTime();
  const revoked: ClientSecret[] = [];
  const rotationsUnderRevocation = new Set<string>();
  const done = { requests: 0, faults: 0, revocations: 0 };
  const days = () => (sandbox.now.getTime() - begin) / (24 * HOUR);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const [service, operation] = oneOf(CALLS);
      const match = ({ principal }: { readonly principal?: string | undefined }) =>
        principal !== undefined && roles.includes(principal);
      const fault = sandbox.inject({
        service,
        operation,
        fault: oneOf(KINDS),
        times: 1 + Math.floor(random() * 3),
        match,
      });
      if (random() < 0.15) {
        const name = oneOf(CLIENTS);
        revoked.push(await sandbox.clientSecret(name));
        await revokeCertificates(meshOf(sandbox), name, { kind: 'all' }, 'KEY_COMPROMISE');
        done.revocations += 1;
        await rotate(sandbox, name).catch(() => rotationsUnderRevocation.add(name));
      }
      await sandbox.advance(Math.floor(random() * 12 * HOUR));
      done.faults += fault.applied;
      fault.remove();
      for (const name of CLIENTS) {
        const status = await statusFor(sandbox, name);
        done.requests += 1;
        if (status !== 200 && !rotationsUnderRevocation.has(name)) throw new Error(`${name} is answered ${status}`);
      }
      const live = revoked.filter(({ notAfter }) => Date.parse(notAfter) > sandbox.now.getTime() + HOUR);
      await assertRefused(sandbox, live);
    }
    await sandbox.advance(HOUR);
    for (const name of rotationsUnderRevocation) await rotate(sandbox, name);
    for (const name of CLIENTS) await assertServed(sandbox, name, []);
    assertHolds(done.faults > 0, 'a fault applied');
  } catch (error) {
    throw new Error(`with FAULTS_SEED=${seed}, after ${days().toFixed(1)} days`, { cause: error });
  } finally {
    await sandbox.close();
    const { requests, faults, revocations } = done;
    const what = `${requests} requests, ${faults} faults and ${revocations} revocations in ${days().toFixed(1)} days`;
    process.stdout.write(`random schedule FAULTS_SEED=${seed}: ${what}\n`);
  }
});
