import { DeploymentError, type Sandbox } from '../../sandbox';
import { assertHolds, type Cell } from './cell';
import { type Actor, Strike } from './fault-injector';
import { assertServed } from './invariants';
import { type Authorities, assemblyWith, deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';

const CLIENT = 'mail';
const CLIENTS = { [CLIENT]: [] };
/** Longer than certificates of the first authority live. */
const VALIDITY = 8 * 24 * 3_600_000;

afterAll(removeAssemblies);

test.each(['issuer', 'publisher'] as const)(
  'an authority takes over, at most at the second attempt, and refuses nobody, whichever call of the %s goes wrong',
  (worker) =>
    prove({
      name: `roll over (${worker})`,
      open: () => deployed(CLIENTS),
      actor: () => workerActor(worker),
      work: (sandbox) => bring(sandbox, 'both'),
      run: (sandbox, actor, cell) => bringUnderFault(sandbox, actor, cell, 'both'),
      isRepeatable: false,
    }),
);

test('an authority leaves, at most at the second attempt, and refuses nobody, whichever call goes wrong', () =>
  prove({
    name: 'retire authority (publisher)',
    open: async () => {
      const sandbox = await deployed(CLIENTS);
      await bring(sandbox, 'both');
      await sandbox.advance(VALIDITY);
      return sandbox;
    },
    actor: () => workerActor('publisher'),
    work: (sandbox) => bring(sandbox, 'second'),
    run: (sandbox, actor, cell) => bringUnderFault(sandbox, actor, cell, 'second'),
    isRepeatable: false,
  }));

async function bring(sandbox: Sandbox, authorities: Authorities): Promise<void> {
  await sandbox.update(assemblyWith(CLIENTS, authorities));
  await sandbox.advance(0);
}

async function bringUnderFault(
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
  authorities: Authorities,
): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  const strike = new Strike(sandbox, actor, site, fault);
  try {
    await bring(sandbox, authorities).catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the stack says why it failed, got ${error}`);
      await assertServed(sandbox, CLIENT, [held]);
      await bring(sandbox, authorities);
    });
    await strike.over();
    await sandbox.advance(0);
    await assertServed(sandbox, CLIENT, [held]);
    const { certificateChain } = await sandbox.clientSecret(CLIENT);
    const isOfFirst = certificateChain === held.certificateChain;
    assertHolds(isOfFirst === (authorities === 'second'), 'the client has a certificate of the authority that issues');
  } finally {
    strike.remove();
  }
}
