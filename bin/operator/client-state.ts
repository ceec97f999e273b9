import type { RegistryClient } from '../../registry/records';
import { type ClientInventory, showClient } from './inventory';
import { NEVER_ABORTED, type OperatedMesh } from './mesh';

/**
 * Disables a client, so that the mesh refuses it and no longer rotates it; or enables it again.
 *
 * @returns the client's new inventory, and whether its state has changed
 * @throws OperatorError as `showClient`
 */
export async function setClientState(
  mesh: OperatedMesh,
  clientName: string,
  state: RegistryClient['state'],
): Promise<ClientInventory & { readonly changed: boolean }> {
  const inventory = await showClient(mesh, clientName);
  if (inventory.client.state === state) return { ...inventory, changed: false };
  const change = { state, updatedAt: mesh.now().toISOString(), updatedBy: await mesh.operator() };
  await mesh.registry.setClientState(clientName, change, NEVER_ABORTED);
  return { ...inventory, client: { ...inventory.client, ...change }, changed: true };
}
