import { awsMesh } from '../shared/aws-mesh';
import { setClientState, stateChangeJson, stateChangeText } from '../shared/client-state';
import type { MeshOptions } from '../shared/mesh-command';

export async function runDisable(clientName: string, { mesh, json }: MeshOptions): Promise<void> {
  const change = await setClientState(awsMesh(mesh), clientName, 'DISABLED');
  console.log(json ? JSON.stringify(stateChangeJson(change)) : stateChangeText(change));
}
