import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import type { Sandbox } from '../../sandbox';
import { ALL_FAULTS, assertHolds, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertRefused, assertServed, meshOf } from './invariants';
import { assertListed } from './lists';
import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { rotate } from './rotation';

const CLIENT = 'mail';
const HOUR = 3_600_000;

afterAll(removeAssemblies);

const PUBLICATION = {
  open: () => deployed({ [CLIENT]: [], social: [] }, { kind: 'kmsRoot' }),
  actor: () => workerActor('lists'),
  isRepeatable: true,
  faults: ALL_FAULTS,
} as const;

test('a revoked certificate is in the lists within an hour, whichever call of its publication fails', () =>
  prove({
    ...PUBLICATION,
    name: 'publish lists (revocation)',
    work: async (sandbox) => {
      await revoke(sandbox);
      await sandbox.advance(0);
    },
    run: revokeUnderFault,
  }));

/** Revokes all certificates of the client. */
async function revoke(sandbox: Sandbox): Promise<void> {
  const revoked = await revokeCertificates(meshOf(sandbox), CLIENT, { kind: 'all' }, 'KEY_COMPROMISE');
  assertHolds(
    revoked.every(({ failures }) => failures.length === 0),
    'the revocation succeeds',
  );
}

async function revokeUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await revoke(sandbox);
    await siteFault.end();
    await assertRefused(sandbox, [held]);
    await sandbox.advance(HOUR);
    await assertListed(sandbox, [held]);
    await assertServed(sandbox, 'social', []);
  } finally {
    siteFault.remove();
  }
  await rotate(sandbox, CLIENT);
}

test('the lists stay valid and lose nothing, whichever call of the hourly publication fails', () =>
  prove({
    ...PUBLICATION,
    name: 'publish lists (hourly)',
    work: async (sandbox) => {
      await revoke(sandbox);
      await sandbox.advance(HOUR);
    },
    run: publishUnderFault,
    concerns: ({ step }) => step === 'aws.events',
  }));

async function publishUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  await revoke(sandbox);
  await sandbox.advance(0);
  await assertListed(sandbox, [held]);
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.advance(HOUR);
    await siteFault.end();
    await assertListed(sandbox, [held]);
  } finally {
    siteFault.remove();
  }
  await rotate(sandbox, CLIENT);
}
