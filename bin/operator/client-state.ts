import type { RegistryClient } from '../../registry/records';
import { type ClientInventory, showClient } from './inventory';
import type { OperatedMesh } from './mesh';

/**
 * Disables a client, so that the mesh refuses it whatever its certificate and no longer rotates it; or enables it again.
 *
 * @returns the client as it is now, and whether that is a change
 * @throws OperatorError when there is no such client; it names those there are
 */
export async function setClientState(
  mesh: OperatedMesh,
  clientName: string,
  state: RegistryClient['state'],
): Promise<ClientInventory & { readonly changed: boolean }> {
  const inventory = await showClient(mesh, clientName);
  if (inventory.client.state === state) return { ...inventory, changed: false };
  const change = { state, updatedAt: mesh.now().toISOString(), updatedBy: await mesh.operator() };
  await mesh.registry.setState(clientName, change);
  return { ...inventory, client: { ...inventory.client, ...change }, changed: true };
}
