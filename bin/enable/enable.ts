import { certificateStatus } from '../../registry/status';
import { awsMesh } from '../shared/aws-mesh';
import { setClientState, stateChangeJson, stateChangeText } from '../shared/client-state';
import { type ClientSummary, isExternal } from '../shared/inventory';
import type { MeshOptions } from '../shared/mesh-command';

/** Also says what to do when the client has no certificate that the mesh accepts. */
export async function runEnable(clientName: string, options: MeshOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const change = await setClientState(mesh, clientName, 'ENABLED');
  console.log(options.json ? JSON.stringify(stateChangeJson(change)) : stateChangeText(change));
  const advice = certificateAdvice(change, mesh.now());
  if (advice !== undefined) console.error(advice);
}

/** What to do when a client has no certificate that the mesh accepts. Undefined if it has one, or gets none from the mesh. */
export function certificateAdvice({ client, current }: ClientSummary, at: Date): string | undefined {
  if (isExternal(client) || (current && certificateStatus(current, at) === 'ISSUED')) return undefined;
  const { clientName, secretId } = client;
  const remedy = secretId === undefined ? 'request --client' : 'rotate';
  return `${clientName} has no certificate that the mesh accepts: run \`mtls-mesh ${remedy} ${clientName}\``;
}
