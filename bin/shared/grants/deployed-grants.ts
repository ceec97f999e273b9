import { parseDeclaredGrant } from '../../../mesh/grant';
import type { RegistryService } from '../../../registry/records';
import { type ClientSummary, isExternal, listClients, listServices } from '../inventory';
import type { OperatedMesh } from '../mesh';
import { type MeshGrants, meshGrants } from './mesh-grants';

/** The grants in the registry of a deployed mesh. */
export async function deployedGrants(mesh: OperatedMesh): Promise<MeshGrants> {
  return meshGrantsOf(await listServices(mesh), await listClients(mesh));
}

export function meshGrantsOf(services: readonly RegistryService[], clients: readonly ClientSummary[]): MeshGrants {
  return meshGrants(
    services.map(({ serviceName, apiId, grants }) => ({
      serviceName,
      apiId,
      grants: grants.flatMap((line) => parseDeclaredGrant(line) ?? []),
    })),
    clients.map(({ client, external }) => ({
      clientName: client.clientName,
      trustAnchor: isExternal(client) ? client.trustAnchor : external?.trustAnchor,
      disabled: client.state === 'DISABLED',
    })),
  );
}
