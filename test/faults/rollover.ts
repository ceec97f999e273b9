import { DeploymentError, type Sandbox } from '../../sandbox';
import { assertHolds, type Cell } from './cell';
import { type Actor, SiteFault } from './fault-injector';
import { assertServed } from './invariants';
import { type Authorities, assemblyWith } from './mesh';

const CLIENT = 'mail';
export const CLIENTS = { [CLIENT]: [] };

/** Has the mesh trust these authorities. */
export async function bring(sandbox: Sandbox, authorities: Authorities): Promise<void> {
  await sandbox.update(assemblyWith(CLIENTS, authorities));
  await sandbox.advance(0);
}

/** Does so while something goes wrong, the second time when the first fails, and refuses nobody. */
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
      assertHolds(error instanceof DeploymentError, `the stack says why it failed, got ${error}`);
      await assertServed(sandbox, CLIENT, [held]);
      await bring(sandbox, authorities);
    });
    await siteFault.end();
    await sandbox.advance(0);
    await assertServed(sandbox, CLIENT, [held]);
    const { certificateChain } = await sandbox.clientSecret(CLIENT);
    const isOfFirst = certificateChain === held.certificateChain;
    assertHolds(isOfFirst === (authorities === 'second'), 'the client has a certificate of the authority that issues');
  } finally {
    siteFault.remove();
  }
}
