import type { Sandbox } from '../../sandbox';
import type { CallSite, Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { type Authorities, deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';
import { rotate } from './rotation';

const CLIENT = 'mail';

afterAll(removeAssemblies);

interface Rotated {
  readonly name: string;
  readonly authorities: Authorities;
  concerns(site: CallSite): boolean;
}

test.each<Rotated>([
  { name: 'rotate', authorities: 'first', concerns: () => true },
  {
    name: 'rotate (KMS)',
    authorities: { kind: 'kmsSubordinate' },
    concerns: ({ service }) => service === 'kms' || service === 'ssm',
  },
])('$name: ends with one valid certificate, whichever call fails', ({ name, authorities, concerns }) =>
  prove({
    name,
    open: () => deployed({ [CLIENT]: [] }, authorities),
    actor: () => workerActor('rotation'),
    work: (sandbox) => rotate(sandbox, CLIENT),
    run: rotateUnderFault,
    isRepeatable: true,
    concerns,
  }),
);

test('rotations wait their turn while KMS throttles signatures', async () => {
  const clients = ['mail', 'social', 'calendar'];
  const sandbox = await deployed(Object.fromEntries(clients.map((name) => [name, []])), { kind: 'kmsRoot' });
  try {
    const throttled = sandbox.inject({ service: 'kms', operation: 'Sign', fault: 'throttled', times: 12 });
    const before = await Promise.all(clients.map((name) => sandbox.clientSecret(name)));
    await Promise.all(clients.map((name) => rotate(sandbox, name)));
    expect(throttled.applied).toBe(12);
    for (const [index, name] of clients.entries()) await assertServed(sandbox, name, before.slice(index, index + 1));
  } finally {
    await sandbox.close();
  }
});

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
