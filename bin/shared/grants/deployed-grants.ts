import { parseDeclaredGrant } from '../../../mesh/grant';
import { isExternal, listClients, listServices } from '../inventory';
import type { OperatedMesh } from '../mesh';
import { type MeshGrants, meshGrants } from './mesh-grants';

/** The grants in the registry of a deployed mesh. */
export async function deployedGrants(mesh: OperatedMesh): Promise<MeshGrants> {
  const [services, clients] = [await listServices(mesh), await listClients(mesh)];
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
