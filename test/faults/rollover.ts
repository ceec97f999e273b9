import { DeploymentError, type Sandbox } from '../../sandbox';
import { assertHolds, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { type Authorities, assemblyWith } from './mesh';

const CLIENT = 'mail';
export const CLIENTS = { [CLIENT]: [] };

/** Updates the mesh to trust these authorities. */
export async function bring(sandbox: Sandbox, authorities: Authorities): Promise<void> {
  await sandbox.update(assemblyWith(CLIENTS, authorities));
  await sandbox.advance(0);
}

/** Does so with a fault, and repeats it when it fails. The client must stay served. */
export async function bringUnderFault(
  sandbox: Sandbox,
  actor: Actor,
  { site, fault }: Cell,
  authorities: Authorities,
): Promise<void> {
  const held = await sandbox.clientSecret(CLIENT);
  const siteFault = new SiteFault(sandbox, actor, site, fault);
  try {
    await bring(sandbox, authorities).catch(async (error) => {
      assertHolds(error instanceof DeploymentError, `the deployment fails with a DeploymentError, got ${error}`);
      await assertServed(sandbox, CLIENT, [held]);
      await bring(sandbox, authorities);
    });
    await siteFault.end();
    await sandbox.advance(0);
    await assertServed(sandbox, CLIENT, [held]);
    const { certificateChain } = await sandbox.clientSecret(CLIENT);
    const isOfFirst = certificateChain === held.certificateChain;
    assertHolds(isOfFirst === (authorities === 'second'), 'the client has a certificate of the issuing authority');
  } finally {
    siteFault.remove();
  }
}
