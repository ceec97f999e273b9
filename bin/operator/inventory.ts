import type { RegistryExternalClient } from '../../mesh/external-clients';
import type { RegistryCertificate, RegistryClient } from '../../registry/records';
import { type OperatedMesh, OperatorError, type RegistryEntry } from './mesh';

/** A client as an operator sees it. */
export interface ClientInventory {
  readonly client: RegistryEntry['client'];
  /** Latest first. */
  readonly certificates: readonly RegistryCertificate[];
  /** What the client's secret holds; absent before the first. */
  readonly current?: RegistryCertificate;
  /** When the latest certificate of a rotation became current. ISO 8601, UTC. */
  readonly lastRotation?: string;
}

/** `REPLACED` is refused since its overlap with the certificate after it is over. */
export type Standing = 'ISSUED' | 'REPLACED' | 'EXPIRED' | 'REVOKED';

export function standingOf({ status, notAfter, refuseAfter }: RegistryCertificate, at: Date): Standing {
  if (status === 'REVOKED') return 'REVOKED';
  if (Date.parse(notAfter) <= at.getTime()) return 'EXPIRED';
  if (refuseAfter !== undefined && Date.parse(refuseAfter) <= at.getTime()) return 'REPLACED';
  return 'ISSUED';
}

export function isExternal(client: RegistryEntry['client']): client is RegistryExternalClient {
  return 'trustAnchor' in client;
}

/** All clients of the mesh, in the order of their names. */
export async function listClients({ registry }: OperatedMesh): Promise<readonly ClientInventory[]> {
  const entries = await registry.entries();
  return entries.map(inventoryOf).sort((one, other) => compare(one.client.clientName, other.client.clientName));
}

/** @throws OperatorError when there is no such client; it names those there are */
export async function showClient(mesh: OperatedMesh, clientName: string): Promise<ClientInventory> {
  const entry = await mesh.registry.entry(clientName);
  if (entry !== undefined) return inventoryOf(entry);
  const names = (await listClients(mesh)).map(({ client }) => client.clientName).join(', ') || 'none';
  throw new OperatorError(`the mesh ${mesh.trustDomain} has no client ${JSON.stringify(clientName)}; it has ${names}`);
}

/** @throws OperatorError also when the client's certificates come from another authority; it says what to do instead */
export async function showIssuedClient(
  mesh: OperatedMesh,
  clientName: string,
): Promise<ClientInventory & { readonly client: RegistryClient }> {
  const inventory = await showClient(mesh, clientName);
  const { client } = inventory;
  if (!isExternal(client)) return { ...inventory, client };
  throw new OperatorError(
    `the certificates of ${clientName} come from the trust anchor ${client.trustAnchor}, not from the mesh: ` +
      'disable the client to cut it off, or have that authority revoke and issue',
  );
}

function inventoryOf({ client, certificates }: RegistryEntry): ClientInventory {
  const byIssue = [...certificates].sort((one, other) => compare(other.issuedAt, one.issuedAt));
  const [current, ...earlier] = byIssue.filter(({ currentSince }) => currentSince !== undefined);
  const rotated = [current, ...earlier].find((certificate) => certificate?.issuedBy === 'rotation');
  return { client, certificates: byIssue, current, lastRotation: rotated?.currentSince };
}

function compare(one = '', other = ''): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
