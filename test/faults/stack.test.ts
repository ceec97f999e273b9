import { ACMPCAClient, ListCertificateAuthoritiesCommand } from '@aws-sdk/client-acm-pca';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { DeploymentError, Sandbox } from '../../sandbox';
import { assertHolds, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { assemblyWith, deployed, removeAssemblies, workerActor } from './mesh';
import { prove } from './prove';

const CLIENT = 'mail';
const CLIENTS = { [CLIENT]: [] };

afterAll(removeAssemblies);

describe.each(['deployment', 'publisher'] as const)('with a failing call of the %s', (worker) => {
  test('the creation of a stack succeeds or leaves nothing behind, and succeeds when repeated', () =>
    prove({
      name: `create stack (${worker})`,
      open: () => Sandbox.prepare(assemblyWith(CLIENTS)),
      actor: () => workerActor(worker),
      work: create,
      run: createUnderFault,
      isRepeatable: false,
    }));

  test('the deletion of a stack succeeds, at the latest when repeated, and leaves nothing behind', () =>
    prove({
      name: `delete stack (${worker})`,
      open: () => deployed(CLIENTS),
      actor: () => workerActor(worker),
      work: (sandbox) => sandbox.destroy(),
      run: destroyUnderFault,
      isRepeatable: false,
    }));
});

async function create(sandbox: Sandbox): Promise<void> {
  await sandbox.update(assemblyWith(CLIENTS));
  await sandbox.advance(0);
}

async function createUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await create(sandbox).catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the deployment fails with a DeploymentError, got ${error}`);
      await assertNothingLeft(sandbox);
      await create(sandbox);
    });
    await siteFault.end();
    await sandbox.advance(0);
    await assertServed(sandbox, CLIENT, []);
  } finally {
    siteFault.remove();
  }
}

async function destroyUnderFault(sandbox: Sandbox, actor: Actor, { site, fault }: Cell): Promise<void> {
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await sandbox.destroy().catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the deletion fails with a DeploymentError, got ${error}`);
      await sandbox.destroy();
    });
    await siteFault.end();
    await assertNothingLeft(sandbox);
  } finally {
    siteFault.remove();
  }
}

/** Asserts that nothing is left that costs money, holds keys or blocks the next stack. */
async function assertNothingLeft(sandbox: Sandbox): Promise<void> {
  const access = sandboxAccess(sandbox);
  const { SecretList = [] } = await new SecretsManagerClient(access).send(new ListSecretsCommand({}));
  const { TableNames = [] } = await new DynamoDBClient(access).send(new ListTablesCommand({}));
  const { CertificateAuthorities = [] } = await new ACMPCAClient(access).send(
    new ListCertificateAuthoritiesCommand({}),
  );
  const authorities = CertificateAuthorities.filter(({ Status }) => Status !== 'DELETED');
  const left = { secrets: SecretList.length, tables: TableNames.length, authorities: authorities.length };
  const nothing = { secrets: 0, tables: 0, authorities: 0 };
  assertHolds(JSON.stringify(left) === JSON.stringify(nothing), `nothing is left, got ${JSON.stringify(left)}`);
}
