import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { showClient } from '../../bin/shared/inventory';
import type { Sandbox } from '../../sandbox';
import { assertHolds, type Cell, until } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertRefused, assertServed, meshOf } from './invariants';
import { deployed, removeAssemblies, TRUST_DOMAIN, workerActor } from './mesh';
import { prove } from './prove';
import { rotate } from './rotation';

const CLIENT = 'mail';
const HOUR = 3_600_000;
const REPOSITORY = join(__dirname, '..', '..');

/** Longer than the operator's clients wait for an answer. They run in this process, in real time. */
const TOO_SLOW_MILLISECONDS = 21_000;

afterAll(removeAssemblies);

const OPERATOR: Actor = { isCaller: isOperator, tooSlowMilliseconds: TOO_SLOW_MILLISECONDS };

test.each([
  ['operator', OPERATOR],
  ['function', workerActor('revocation')],
] as const)(
  'a revoked certificate is refused and the client gets a new one, whichever call of the %s fails',
  (who, actor) =>
    prove({
      name: `revoke (${who})`,
      open: () => deployed({ [CLIENT]: [], social: [] }),
      actor: () => actor,
      work: revokeOnce,
      run: revokeUnderFault,
      isRepeatable: true,
    }),
);

/** Whether the caller is not a function of the mesh. */
function isOperator(principal: string | undefined): boolean {
  return principal !== undefined && !principal.includes(':role/');
}

/** Revokes all certificates of the client. Returns whether every step succeeded. */
async function revokeAll(sandbox: Sandbox): Promise<boolean> {
  const revoked = await revokeCertificates(meshOf(sandbox), CLIENT, { kind: 'all' }, 'KEY_COMPROMISE');
  return revoked.every(({ failures }) => failures.length === 0);
}

async function revokeOnce(sandbox: Sandbox): Promise<void> {
  assertHolds(await revokeAll(sandbox), 'a revocation without a fault succeeds');
}

/** Runs the command again when it fails. The hourly run completes what is missing at the authority. */
async function revokeUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    const isOperatorKilled = fault === 'killed' && actor === OPERATOR;
    if (isOperatorKilled) await revokeAndDie(sandbox, siteFault);
    const isDone = !isOperatorKilled && (await revokeAll(sandbox).catch(() => false));
    await siteFault.end();
    if (!isDone) await revokeAll(sandbox);
    await assertRefused(sandbox, [held]);
    await assertServed(sandbox, 'social', []);
    await sandbox.advance(HOUR);
    const { certificates } = await showClient(meshOf(sandbox), CLIENT);
    const known = certificates.find(({ fingerprint }) => fingerprint === held.fingerprint);
    assertHolds(known?.revokedAtAuthority !== undefined, 'the certificate is revoked at the authority within an hour');
  } finally {
    siteFault.remove();
  }
  await rotate(sandbox, CLIENT);
  await assertServed(sandbox, CLIENT, [held]);
}

/** Runs the command in a process of its own, and kills it when the fault applies. */
async function revokeAndDie(sandbox: Sandbox, siteFault: SiteFault): Promise<void> {
  const command = ['revoke', CLIENT, '--mesh', TRUST_DOMAIN, '--all', '--reason', 'KEY_COMPROMISE'];
  const child = spawn(process.execPath, ['--import', 'tsx', join('bin', 'mtls-mesh.ts'), ...command], {
    cwd: REPOSITORY,
    env: { ...process.env, ...sandbox.environment() },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await until(() => siteFault.applied > 0 || child.exitCode !== null);
  child.kill('SIGKILL');
  await ended;
}
