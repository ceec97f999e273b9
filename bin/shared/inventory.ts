import { isAwsError } from '../../aws/aws-error';
import {
  certificateKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryExternalClient,
  type RegistryService,
} from '../../registry/records';
import type { RegistryRecord } from '../../registry/stored-records';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from './mesh';

/** A client with issued certificates, or one with certificates of a trust anchor. */
export type AnyClient = RegistryClient | RegistryExternalClient;

/** A client as an operator sees it in a list. */
export interface ClientSummary<C extends AnyClient = AnyClient> {
  readonly client: C;
  /** The same client as one of a trust anchor, if it comes in with certificates of both. Absent if `client` is external. */
  readonly external?: RegistryExternalClient | undefined;
  /** The client's current certificate; absent before the first. */
  readonly current?: RegistryCertificate | undefined;
  /** When the latest certificate of a rotation became current. ISO 8601, UTC. */
  readonly lastRotation?: string | undefined;
}

/** A client with all that the registry knows of it. */
export interface ClientInventory<C extends AnyClient = AnyClient> extends ClientSummary<C> {
  /** Latest first. */
  readonly certificates: readonly RegistryCertificate[];
}

export function isExternal(client: AnyClient): client is RegistryExternalClient {
  return 'trustAnchor' in client;
}

/** All clients of the mesh, sorted by name. */
export async function listClients(mesh: OperatedMesh): Promise<readonly ClientSummary[]> {
  const clients = clientsIn(await read(mesh, mesh.survey.clients(NEVER_ABORTED)));
  const keys = clients.flatMap(({ client }) => {
    const fingerprint = currentFingerprint(client);
    return fingerprint === undefined ? [] : [certificateKey(client.clientName, fingerprint)];
  });
  const certificates = certificatesIn(await read(mesh, mesh.survey.find(keys, NEVER_ABORTED)));
  return clients.map((known) => withCurrent(known, certificates));
}

/** All services of the mesh with their grants, sorted by name. */
export async function listServices(
  mesh: Pick<OperatedMesh, 'survey' | 'trustDomain'>,
): Promise<readonly RegistryService[]> {
  const records = await read(mesh, mesh.survey.services(NEVER_ABORTED));
  return records
    .flatMap((record) => (record.kind === 'service' ? [record.service] : []))
    .sort((one, other) => compare(one.serviceName, other.serviceName));
}

/** @throws OperatorError for an unknown client, with the names of the known ones */
export async function showClient(mesh: OperatedMesh, clientName: string): Promise<ClientInventory> {
  const records = await read(mesh, mesh.survey.clientRecords(clientName, NEVER_ABORTED));
  const [client] = clientsIn(records);
  if (client !== undefined) {
    const certificates = certificatesIn(records);
    const byIssue = [...certificates.values()].sort((one, other) => compare(other.issuedAt, one.issuedAt));
    return { ...withCurrent(client, certificates), certificates: byIssue };
  }
  const known = clientsIn(await read(mesh, mesh.survey.clients(NEVER_ABORTED)));
  const names = known.map(({ client }) => client.clientName).join(', ') || 'none';
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

/** All records but the malformed ones. */
async function read(
  mesh: Pick<OperatedMesh, 'trustDomain'>,
  records: AsyncIterable<RegistryRecord>,
): Promise<readonly RegistryRecord[]> {
  const wellFormed: RegistryRecord[] = [];
  try {
    for await (const record of records) {
      if (record.kind === 'malformed') warnOnce(`skipped: ${record.malformed.problem}`);
      else wellFormed.push(record);
    }
    return wellFormed;
  } catch (cause) {
    if (!isAwsError(cause, 'ResourceNotFoundException')) throw cause;
    throw new OperatorError(`found no registry of the mesh ${mesh.trustDomain} in this account and Region`, { cause });
  }
}

type KnownClient = Pick<ClientSummary, 'client' | 'external'>;

/** Sorted by name. */
function clientsIn(records: readonly RegistryRecord[]): readonly KnownClient[] {
  const issued = new Map<string, RegistryClient>();
  const external = new Map<string, RegistryExternalClient>();
  for (const record of records) {
    // A client that changes from one kind to the other has both records.
    if (record.kind === 'client') issued.set(record.client.clientName, record.client);
    if (record.kind === 'external client') external.set(record.client.clientName, record.client);
  }
  const onlyExternal = [...external.values()].filter(({ clientName }) => !issued.has(clientName));
  return [
    ...[...issued.values()].map((client) => ({ client, external: external.get(client.clientName) })),
    ...onlyExternal.map((client) => ({ client })),
  ].sort((one, other) => compare(one.client.clientName, other.client.clientName));
}

/** By fingerprint. */
function certificatesIn(records: readonly RegistryRecord[]): ReadonlyMap<string, RegistryCertificate> {
  const certificates = records.flatMap((record) => (record.kind === 'certificate' ? [record.certificate] : []));
  return new Map(certificates.map((certificate) => [certificate.fingerprint, certificate]));
}

function withCurrent(known: KnownClient, certificates: ReadonlyMap<string, RegistryCertificate>): ClientSummary {
  const fingerprint = currentFingerprint(known.client);
  const current = fingerprint === undefined ? undefined : certificates.get(fingerprint);
  return { ...known, current, lastRotation: isExternal(known.client) ? undefined : known.client.lastRotation };
}

function currentFingerprint(client: AnyClient): string | undefined {
  return isExternal(client) ? undefined : client.currentCertificate;
}

const warnings = new Set<string>();

/** A command that waits reads the registry again and again. */
function warnOnce(warning: string): void {
  if (!warnings.has(warning)) console.error(warning);
  warnings.add(warning);
}

function compare(one = '', other = ''): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
