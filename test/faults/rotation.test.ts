import type { Sandbox } from '../../sandbox';
import type { Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { rotate } from './rotation';

const CLIENT = 'mail';

afterAll(removeAssemblies);

test('a rotation ends with one valid certificate, whichever call fails', () =>
  prove({
    name: 'rotate',
    open: () => deployed({ [CLIENT]: [] }),
    actor: () => workerActor('rotation'),
    work: (sandbox) => rotate(sandbox, CLIENT),
    run: rotateUnderFault,
    isRepeatable: true,
  }));

async function rotateUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const before = await sandbox.clientSecret(CLIENT);
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await rotate(sandbox, CLIENT);
    await siteFault.end();
    await sandbox.advance(0);
    await assertServed(sandbox, CLIENT, [before]);
  } finally {
    siteFault.remove();
  }
  // The fault left nothing behind that blocks the next rotation.
  await rotate(sandbox, CLIENT);
}
