import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { showClient } from '../../bin/operator/inventory';
import { revoke } from '../../bin/operator/revocation';
import type { Sandbox } from '../../sandbox';
import { assertHolds, type Cell, until } from './cell';
import { type Actor, Strike } from './fault-injector';
import { assertRefused, assertServed, meshOf } from './invariants';
import { TRUST_DOMAIN } from './mesh';
import { rotate } from './rotation';

const CLIENT = 'mail';
const HOUR = 3_600_000;
const REPOSITORY = join(__dirname, '..', '..');

/** Whoever is not the issuer, which sleeps meanwhile, or the authorizer. */
export function operatorActor(_sandbox: Sandbox, tooSlowMilliseconds: number): Actor {
  const isCaller = (principal: string | undefined) =>
    principal !== undefined && !principal.includes(':role/FaultyMesh');
  return { isCaller, tooSlowMilliseconds };
}

/** Revokes all that the client has. Whether nothing is left to be done. */
async function revokeAll(sandbox: Sandbox): Promise<boolean> {
  const revoked = await revoke(meshOf(sandbox), CLIENT, { kind: 'all' }, 'KEY_COMPROMISE');
  return revoked.every(({ failures }) => failures.length === 0);
}

export async function revokeOnce(sandbox: Sandbox): Promise<void> {
  assertHolds(await revokeAll(sandbox), 'a revocation is done at once when nothing goes wrong');
}

/** An operator who sees the command fail runs it again; the hourly run tells the authority what it has not been told. */
export async function revocationCell(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
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
  await rotate(sandbox);
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
