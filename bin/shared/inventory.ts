import { isAwsError } from '../../aws/aws-error';
import type { RegistryCertificate, RegistryClient, RegistryExternalClient } from '../../registry/records';
import type { RegistryRecord } from '../../registry/registry';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from './mesh';

/** A client with issued certificates, or one with certificates of a trust anchor. */
export type AnyClient = RegistryClient | RegistryExternalClient;

/** A client as an operator sees it. */
export interface ClientInventory<C extends AnyClient = AnyClient> {
  readonly client: C;
  /** The same client as one of a trust anchor, if it comes in with certificates of both. Absent if `client` is external. */
  readonly external?: RegistryExternalClient | undefined;
  /** Latest first. */
  readonly certificates: readonly RegistryCertificate[];
  /** The client's current certificate; absent before the first. */
  readonly current?: RegistryCertificate | undefined;
  /** When the latest certificate of a rotation became current. ISO 8601, UTC. */
  readonly lastRotation?: string | undefined;
}

export function isExternal(client: AnyClient): client is RegistryExternalClient {
  return 'trustAnchor' in client;
}

/** All clients of the mesh, sorted by name. */
export async function listClients(mesh: OperatedMesh): Promise<readonly ClientInventory[]> {
  const inventories = await readInventories(mesh, mesh.registry.records(NEVER_ABORTED));
  return [...inventories].sort((one, other) => compare(one.client.clientName, other.client.clientName));
}

/** @throws OperatorError for an unknown client, with the names of the known ones */
export async function showClient(mesh: OperatedMesh, clientName: string): Promise<ClientInventory> {
  const [inventory] = await readInventories(mesh, mesh.registry.clientRecords(clientName, NEVER_ABORTED));
  if (inventory !== undefined) return inventory;
  const names = (await listClients(mesh)).map(({ client }) => client.clientName).join(', ') || 'none';
  throw new OperatorError(
    `the mesh ${mesh.trustDomain} has no client ${JSON.stringify(clientName)}: its clients are ${names}`,
  );
}

/** @throws OperatorError as `showClient`, and for an external client, with what to do instead */
export async function showIssuedClient(
  mesh: OperatedMesh,
  clientName: string,
): Promise<ClientInventory<RegistryClient>> {
  const { client, ...inventory } = await showClient(mesh, clientName);
  if (!isExternal(client)) return { client, ...inventory };
  throw new OperatorError(
    `the trust anchor ${client.trustAnchor} issues the certificates of ${clientName}, not the mesh: ` +
      "disable the client to refuse it, or ask the trust anchor's authority to revoke or issue certificates",
  );
}

/** Clients with their certificates, without the certificates of removed clients. */
async function readInventories(
  mesh: OperatedMesh,
  records: AsyncIterable<RegistryRecord>,
): Promise<readonly ClientInventory[]> {
  // A client that changes from one kind to the other has both records.
  const issued = new Map<string, RegistryClient>();
  const external = new Map<string, RegistryExternalClient>();
  const certificates = new Map<string, RegistryCertificate[]>();
  try {
    for await (const record of records) {
      if (record.kind === 'malformed') warnOnce(`skipped: ${record.malformed.problem}`);
      else if (record.kind === 'client') issued.set(record.client.clientName, record.client);
      else if (record.kind === 'external client') external.set(record.client.clientName, record.client);
      else {
        const { clientName } = record.certificate;
        certificates.set(clientName, [...(certificates.get(clientName) ?? []), record.certificate]);
      }
    }
  } catch (cause) {
    if (!isAwsError(cause, 'ResourceNotFoundException')) throw cause;
    throw new OperatorError(`found no registry of the mesh ${mesh.trustDomain} in this account and Region`, { cause });
  }
  const onlyExternal = [...external.values()].filter(({ clientName }) => !issued.has(clientName));
  return [...issued.values(), ...onlyExternal].map((client) => ({
    ...inventoryOf(client, certificates.get(client.clientName) ?? []),
    external: isExternal(client) ? undefined : external.get(client.clientName),
  }));
}

const warnings = new Set<string>();

/** A command that waits reads the registry again and again. */
function warnOnce(warning: string): void {
  if (!warnings.has(warning)) console.error(warning);
  warnings.add(warning);
}

function inventoryOf(client: AnyClient, certificates: readonly RegistryCertificate[]): ClientInventory {
  const byIssue = [...certificates].sort((one, other) => compare(other.issuedAt, one.issuedAt));
  const [current, ...earlier] = byIssue.filter(({ currentSince }) => currentSince !== undefined);
  const rotated = [current, ...earlier].find((certificate) => certificate?.issuedBy === 'rotation');
  return { client, certificates: byIssue, current, lastRotation: rotated?.currentSince };
}

function compare(one = '', other = ''): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
