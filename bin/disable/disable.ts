import { awsMesh } from '../shared/aws-mesh';
import { setClientState, stateChangeText } from '../shared/client-state';
import type { MeshOptions } from '../shared/mesh-command';

export async function runDisable(clientName: string, options: MeshOptions): Promise<void> {
  console.log(stateChangeText(await setClientState(awsMesh(options.mesh), clientName, 'DISABLED')));
}
