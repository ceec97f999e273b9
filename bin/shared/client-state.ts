import type { RegistryClient } from '../../registry/records';
import { type ClientInventory, showClient } from './inventory';
import { NEVER_ABORTED, type OperatedMesh } from './mesh';

/** The client after a change of its state, or as it was. */
export interface ClientStateChange extends ClientInventory {
  /** False when the client already had the state. */
  readonly changed: boolean;
}

/**
 * Disables a client, so that the mesh refuses and no longer rotates its certificates; or enables it again.
 *
 * @throws OperatorError as `showClient`
 */
export async function setClientState(
  mesh: OperatedMesh,
  clientName: string,
  state: RegistryClient['state'],
): Promise<ClientStateChange> {
  const inventory = await showClient(mesh, clientName);
  if (inventory.client.state === state) return { ...inventory, changed: false };
  const change = { state, updatedAt: mesh.now().toISOString(), updatedBy: await mesh.operator() };
  await mesh.registry.setClientState(clientName, change, NEVER_ABORTED);
  return { ...inventory, client: { ...inventory.client, ...change }, changed: true };
}

/** The line of JSON that `disable` and `enable` print. */
interface PrintedStateChange {
  readonly clientName: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** False when the client already had the state. */
  readonly changed: boolean;
  /** When the client got the state. ISO 8601, UTC. */
  readonly updatedAt: string;
  readonly updatedBy: string;
}

export function stateChangeJson({ client, changed }: ClientStateChange): PrintedStateChange {
  const { clientName, state, updatedAt, updatedBy } = client;
  return { clientName, state, changed, updatedAt, updatedBy };
}

export function stateChangeText({ client, changed }: ClientStateChange): string {
  const word = client.state === 'ENABLED' ? 'enabled' : 'disabled';
  return changed
    ? `${client.clientName} is ${word}`
    : `${client.clientName} is already ${word}, since ${client.updatedAt}`;
}
