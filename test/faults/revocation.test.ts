import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { showClient } from '../../bin/operator/inventory';
import { revoke } from '../../bin/operator/revocation';
import type { Sandbox } from '../../sandbox';
import { assertHolds, type Cell, until } from './cell';
import { type Actor, Strike } from './fault-injector';
import { assertRefused, assertServed, meshOf } from './invariants';
import { deployed, removeAssemblies, TRUST_DOMAIN } from './mesh';
import { prove } from './prove';
import { rotate } from './rotation';

const CLIENT = 'mail';
const HOUR = 3_600_000;
const REPOSITORY = join(__dirname, '..', '..');

/** Longer than the operator's clients wait for an answer. */
const TOO_SLOW_MILLISECONDS = 21_000;

afterAll(removeAssemblies);

test('what is revoked is refused and the client can be given another certificate, whichever call goes wrong', () =>
  prove({
    name: 'revoke',
    open: () => deployed({ [CLIENT]: [], social: [] }),
    actor: () => ({ isCaller: isOperator, tooSlowMilliseconds: TOO_SLOW_MILLISECONDS }),
    work: revokeOnce,
    run: revokeUnderFault,
    isRepeatable: true,
  }));

/** Whoever is not a function of the mesh. */
function isOperator(principal: string | undefined): boolean {
  return principal !== undefined && !principal.includes(':role/');
}

/** Revokes all that the client has. Whether nothing is left to be done. */
async function revokeAll(sandbox: Sandbox): Promise<boolean> {
  const revoked = await revoke(meshOf(sandbox), CLIENT, { kind: 'all' }, 'KEY_COMPROMISE');
  return revoked.every(({ failures }) => failures.length === 0);
}

async function revokeOnce(sandbox: Sandbox): Promise<void> {
  assertHolds(await revokeAll(sandbox), 'a revocation is done at once when nothing goes wrong');
}

/** An operator who sees the command fail runs it again; the hourly run tells the authority what it has not been told. */
async function revokeUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  const strike = new Strike(sandbox, actor, site, fault);
  try {
    if (fault === 'killed') await revokeAndDie(sandbox, strike);
    const isDone = fault !== 'killed' && (await revokeAll(sandbox).catch(() => false));
    await strike.over();
    if (!isDone) await revokeAll(sandbox);
    await assertRefused(sandbox, [held]);
    await assertServed(sandbox, 'social', []);
    await sandbox.advance(HOUR);
    const { certificates } = await showClient(meshOf(sandbox), CLIENT);
    const known = certificates.find(({ fingerprint }) => fingerprint === held.fingerprint);
    assertHolds(known?.revokedAtAuthority !== undefined, 'the authority is told within the hour');
  } finally {
    strike.remove();
  }
  await rotate(sandbox, CLIENT);
  await assertServed(sandbox, CLIENT, [held]);
}

/** The command as a process of its own, which is killed as soon as the fault has struck. */
async function revokeAndDie(sandbox: Sandbox, strike: Strike): Promise<void> {
  const command = ['revoke', CLIENT, '--mesh', TRUST_DOMAIN, '--all', '--reason', 'KEY_COMPROMISE'];
  const child = spawn(process.execPath, ['--import', 'tsx', join('bin', 'mtls-mesh.ts'), ...command], {
    cwd: REPOSITORY,
    env: { ...process.env, ...sandbox.environment() },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  await until('the command', () => strike.applied > 0 || child.exitCode !== null);
  child.kill('SIGKILL');
  await ended;
}
