import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { listClients, showIssuedClient } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { secretName } from '../../mesh/names';
import { DeploymentError, type Sandbox } from '../../sandbox';
import { assertHolds, type CallSite, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertRefused, assertServed, meshOf } from './invariants';
import {
  type Authorities,
  assemblyWith,
  type Clients,
  deployed,
  removeAssemblies,
  TRUST_DOMAIN,
  workerActor,
} from './mesh';
import { prove } from './prove';

const BASE: Clients = { mail: [], social: [] };
const WITH_CALENDAR: Clients = { ...BASE, calendar: [] };
const WITH_NAMES: Clients = { ...BASE, mail: ['mail.internal.example.com'] };

/** A deployment that must succeed, at the latest when it is repeated after a fault. */
interface Change {
  readonly name: string;
  readonly from: Clients;
  readonly to: Clients;
  readonly authorities?: Authorities;
  concerns?(site: CallSite): boolean;
  assertDone(sandbox: Sandbox): Promise<void>;
}

const CHANGES: readonly Change[] = [
  {
    name: 'create client',
    from: BASE,
    to: WITH_CALENDAR,
    assertDone: (sandbox) => assertServed(sandbox, 'calendar', []),
  },
  {
    name: 'create client (KMS)',
    from: BASE,
    to: WITH_CALENDAR,
    authorities: { kind: 'kmsRoot' },
    concerns: ({ service }) => service === 'kms' || service === 'ssm',
    assertDone: (sandbox) => assertServed(sandbox, 'calendar', []),
  },
  {
    name: 'update client',
    from: BASE,
    to: WITH_NAMES,
    assertDone: async (sandbox) => {
      await assertServed(sandbox, 'mail', []);
      const entry = await showIssuedClient(meshOf(sandbox), 'mail');
      assertHolds(entry.client.dnsNames.length === 1, 'the registry has the new property');
    },
  },
  {
    name: 'delete client',
    from: WITH_CALENDAR,
    to: BASE,
    assertDone: (sandbox) => assertGone(sandbox, 'calendar'),
  },
];

afterAll(removeAssemblies);

test.each(CHANGES)('$name succeeds or rolls back, and succeeds when repeated, whichever call fails', (change) =>
  prove({
    name: change.name,
    open: () => deployed(change.from, change.authorities),
    actor: () => workerActor('deployment'),
    work: async (sandbox) => {
      await sandbox.update(assemblyWith(change.to, change.authorities));
      await sandbox.advance(0);
    },
    run: (sandbox, actor, cell) => changeUnderFault(change, sandbox, actor, cell),
    isRepeatable: true,
    ...(change.concerns && { concerns: change.concerns }),
  }),
);

/** Updates the stack, and repeats the update when it fails. */
async function changeUnderFault(
  { from, to, authorities, assertDone }: Change,
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
): Promise<void> {
  await sandbox.update(assemblyWith(from, authorities));
  await sandbox.advance(0);
  const held = await Promise.all(sandbox.clients.map(({ name }) => sandbox.clientSecret(name)));
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.update(assemblyWith(to, authorities)).catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the deployment fails with a DeploymentError, got ${error}`);
      for (const { clientName } of held) await assertServed(sandbox, clientName, []);
      await sandbox.update(assemblyWith(to, authorities));
    });
    await sandbox.advance(0);
    await siteFault.end();
    await assertDone(sandbox);
    const left = new Set(sandbox.clients.map(({ name }) => name));
    for (const secret of held) {
      if (left.has(secret.clientName)) await assertServed(sandbox, secret.clientName, [secret]);
      else await assertRefused(sandbox, [secret]);
    }
  } finally {
    siteFault.remove();
  }
}

/** The registry and Secrets Manager no longer have the client. */
async function assertGone(sandbox: Sandbox, name: string): Promise<void> {
  const clients = await listClients(meshOf(sandbox));
  assertHolds(!clients.some(({ client }) => client.clientName === name), `the registry no longer has ${name}`);
  const secrets = new SecretsManagerClient(sandboxAccess(sandbox));
  const { SecretList = [] } = await secrets.send(new ListSecretsCommand({}));
  const left = SecretList.filter(({ Name }) => Name === secretName(TRUST_DOMAIN, name));
  assertHolds(left.length === 0, `the secret of ${name} is deleted`);
}
