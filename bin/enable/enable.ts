import { certificateStatus } from '../../registry/status';
import { awsMesh } from '../shared/aws-mesh';
import { setClientState, stateChangeJson, stateChangeText } from '../shared/client-state';
import { isExternal } from '../shared/inventory';
import type { MeshOptions } from '../shared/mesh-command';

/** Also says what to do when the client has no certificate that the mesh accepts. */
export async function runEnable(clientName: string, options: MeshOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const change = await setClientState(mesh, clientName, 'ENABLED');
  console.log(options.json ? JSON.stringify(stateChangeJson(change)) : stateChangeText(change));
  const { client, current } = change;
  if (isExternal(client) || (current && certificateStatus(current, mesh.now()) === 'ISSUED')) return;
  const remedy = client.secretId === undefined ? 'request --client' : 'rotate';
  console.error(`${clientName} has no certificate that the mesh accepts: run \`mtls-mesh ${remedy} ${clientName}\``);
}
