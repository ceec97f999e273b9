import { DeploymentError, Sandbox } from '../../sandbox';
import { assertHolds, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assemblyWith, type Clients, removeAssemblies, statusFor, workerActor } from './mesh';
import { prove } from './prove';

const CLIENTS: Clients = { mail: [], social: [] };

/** A deployment that changes who may call the service. */
interface Change {
  readonly name: string;
  readonly from: readonly string[];
  readonly to: readonly string[];
}

const CHANGES: readonly Change[] = [
  { name: 'grant', from: ['mail'], to: ['mail', 'social'] },
  { name: 'take a grant back', from: ['mail', 'social'], to: ['mail'] },
];

afterAll(removeAssemblies);

const assemblyOf = (granted: readonly string[]) => assemblyWith(CLIENTS, 'first', granted);

test.each(CHANGES)('$name takes effect or rolls back, and takes effect when repeated, whichever call fails', (change) =>
  prove({
    name: change.name,
    open: async () => {
      const sandbox = await Sandbox.deploy(assemblyOf(change.from));
      await sandbox.advance(0);
      return sandbox;
    },
    actor: () => workerActor('deployment'),
    work: async (sandbox) => {
      await sandbox.update(assemblyOf(change.to));
    },
    run: (sandbox, actor, cell) => changeUnderFault(change, sandbox, actor, cell),
    isRepeatable: true,
  }),
);

/** Updates the stack, and repeats the update when it fails. */
async function changeUnderFault(
  { from, to }: Change,
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
): Promise<void> {
  await sandbox.update(assemblyOf(from));
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.update(assemblyOf(to)).catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the deployment fails with a DeploymentError, got ${error}`);
      await assertGranted(sandbox, from);
      await sandbox.update(assemblyOf(to));
    });
    await siteFault.end();
    await assertGranted(sandbox, to);
  } finally {
    siteFault.remove();
  }
}

async function assertGranted(sandbox: Sandbox, granted: readonly string[]): Promise<void> {
  // Longer than the authorizer goes by what it has read.
  await sandbox.advance(6_000);
  for (const name of Object.keys(CLIENTS)) {
    const expected = granted.includes(name) ? 200 : 403;
    const status = await statusFor(sandbox, name);
    assertHolds(status === expected, `${name} gets ${expected}, got ${status}`);
  }
}
