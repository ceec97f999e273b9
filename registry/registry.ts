import type { AwsConnection } from '../aws/connection';
import {
  deleteItem,
  getItem,
  type Item,
  type ItemChange,
  putItem,
  readItems,
  Table,
  toItem,
  updateItem,
} from '../aws/dynamodb';
import { certificateFromItem, clientFromItem, clientKinds, externalClientFromItem, keyFromItem } from './items';
import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  identityKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryExternalClient,
  type RegistryIdentity,
  type RegistryKey,
} from './records';

/** The attributes that a deployment registers for a client. Operators change the state. */
export type ClientProfile = Omit<RegistryClient, 'state'>;
export type ExternalClientProfile = Omit<RegistryExternalClient, 'state'>;

/** Another resource already declares a client with this name. */
export class ClientTakenError extends Error {
  override readonly name = 'ClientTakenError';

  constructor(clientName: string, resource: string) {
    super(
      `client ${clientName} is already declared by the resource ${resource}: remove that resource in an earlier deployment`,
    );
  }
}

export type CertificateId = Pick<RegistryCertificate, 'clientName' | 'fingerprint'>;
export type RevocationMark = Required<Pick<RegistryCertificate, 'revokedAt' | 'revokedBy' | 'revocationReason'>>;

/** One item of the registry. */
export type RegistryRecord =
  | { readonly kind: 'client'; readonly client: RegistryClient }
  | { readonly kind: 'external client'; readonly client: RegistryExternalClient }
  | { readonly kind: 'certificate'; readonly certificate: RegistryCertificate };

/** The attributes that only clients with issued certificates have. */
const ISSUED_CLIENT_ONLY: Readonly<Record<Exclude<keyof RegistryClient, keyof RegistryExternalClient>, undefined>> = {
  secretId: undefined,
  dnsNames: undefined,
  keyAlgorithm: undefined,
  validityHours: undefined,
  certificateAuthorityArn: undefined,
  signingAlgorithm: undefined,
  overlapHours: undefined,
  requesters: undefined,
  declaredBy: undefined,
};

/** The attributes that only external clients have. */
const EXTERNAL_CLIENT_ONLY: Readonly<Record<Exclude<keyof RegistryExternalClient, keyof RegistryClient>, undefined>> = {
  trustAnchor: undefined,
  identityKind: undefined,
  identityValue: undefined,
  authoritiesNotAfter: undefined,
  identityIds: undefined,
  registeredBy: undefined,
};

/**
 * The clients of the mesh and every certificate issued to them, in a DynamoDB table. Reads are strongly consistent, and
 * every write is atomic and idempotent. All methods throw `AwsCallError`.
 */
export class Registry {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    const retryPolicy = { attempts: 8, timeout: 5_000, backoff: { first: 50, longest: 5_000 } };
    this.table = new Table({ name: tableName, connection, retryPolicy });
  }

  // Clients with issued certificates

  async getClient(clientName: string, signal: AbortSignal): Promise<RegistryClient | undefined> {
    const item = await getItem(this.table, clientKey(clientName), signal);
    return item && clientKinds(item).isIssued ? clientFromItem(item) : undefined;
  }

  /**
   * Enables a new client. An existing client keeps its state.
   * @returns the resource that already declares the client, in which case nothing changes. Undefined if the client was
   * registered.
   */
  async registerClient(profile: ClientProfile, signal: AbortSignal): Promise<string | undefined> {
    const { clientName, declaredBy } = profile;
    const condition = declaredBy && 'attribute_not_exists(#declaredBy) OR #declaredBy = :declaredBy';
    const change: ItemChange = { set: { ...ISSUED_CLIENT_ONLY, ...profile }, setOnce: { state: 'ENABLED' }, condition };
    if (await updateItem(this.table, clientKey(clientName), change, signal)) return undefined;
    return (await this.getClient(clientName, signal))?.declaredBy ?? 'unknown';
  }

  /** Keeps the attributes of an external client with the same name. */
  async removeClient(clientName: string, signal: AbortSignal): Promise<void> {
    const key = clientKey(clientName);
    const rest: ItemChange = { set: ISSUED_CLIENT_ONLY, condition: 'attribute_exists(trustAnchor)' };
    if (await updateItem(this.table, key, rest, signal)) return;
    await deleteItem(this.table, key, { condition: 'attribute_not_exists(trustAnchor)' }, signal);
  }

  /** Enables or disables a client of either kind. Does nothing if the client doesn't exist. */
  async setClientState(
    clientName: string,
    change: Pick<RegistryClient, 'state' | 'updatedAt' | 'updatedBy'>,
    signal: AbortSignal,
  ): Promise<void> {
    const condition = 'attribute_exists(partitionKey)';
    await updateItem(this.table, clientKey(clientName), { set: change, condition }, signal);
  }

  // External clients

  async getExternalClient(clientName: string, signal: AbortSignal): Promise<RegistryExternalClient | undefined> {
    const item = await getItem(this.table, clientKey(clientName), signal);
    return item && clientKinds(item).isExternal ? externalClientFromItem(item) : undefined;
  }

  /** @returns as `registerClient` */
  async registerExternalClient(profile: ExternalClientProfile, signal: AbortSignal): Promise<string | undefined> {
    const condition = 'attribute_not_exists(#registeredBy) OR #registeredBy = :registeredBy';
    const change: ItemChange = { set: profile, setOnce: { state: 'ENABLED' }, condition };
    if (await updateItem(this.table, clientKey(profile.clientName), change, signal)) return undefined;
    return (await this.getExternalClient(profile.clientName, signal))?.registeredBy ?? 'unknown';
  }

  /**
   * Keeps the attributes of a client with issued certificates. Does nothing if another resource registered the client.
   */
  async removeExternalClient(clientName: string, registeredBy: string, signal: AbortSignal): Promise<void> {
    const known = await this.getExternalClient(clientName, signal);
    if (known?.registeredBy !== registeredBy) return;
    const key = clientKey(clientName);
    const rest: ItemChange = { set: EXTERNAL_CLIENT_ONLY, condition: 'attribute_exists(certificateAuthorityArn)' };
    if (await updateItem(this.table, key, rest, signal)) return;
    const condition = 'registeredBy = :registeredBy AND attribute_not_exists(certificateAuthorityArn)';
    await deleteItem(this.table, key, { condition, values: { ':registeredBy': registeredBy } }, signal);
  }

  /**
   * Assigns certificates with the identity to a client.
   * @returns the name of the client that they already belong to, in which case nothing changes. Undefined if they were
   * assigned.
   */
  async addIdentity(id: string, identity: RegistryIdentity, signal: AbortSignal): Promise<string | undefined> {
    const condition = {
      condition: 'attribute_not_exists(partitionKey) OR clientName = :clientName',
      values: { ':clientName': identity.clientName },
    };
    if (await putItem(this.table, { ...identityKey(id), ...identity }, condition, signal)) return undefined;
    const known = await getItem(this.table, identityKey(id), signal);
    return known?.['clientName']?.S ?? 'unknown';
  }

  /** Does nothing if the identity is assigned to another client. */
  async removeIdentity(id: string, clientName: string, signal: AbortSignal): Promise<void> {
    const condition = { condition: 'clientName = :clientName', values: { ':clientName': clientName } };
    await deleteItem(this.table, identityKey(id), condition, signal);
  }

  // Certificates

  async getCertificate(id: CertificateId, signal: AbortSignal): Promise<RegistryCertificate | undefined> {
    const item = await getItem(this.table, keyOf(id), signal);
    return item && certificateFromItem(item);
  }

  async certificatesOf(clientName: string, signal: AbortSignal): Promise<readonly RegistryCertificate[]> {
    const query = {
      KeyConditionExpression: 'partitionKey = :client AND begins_with(sortKey, :certificate)',
      ExpressionAttributeValues: toItem({
        ':client': clientKey(clientName).partitionKey,
        ':certificate': CERTIFICATE_SORT_KEY_PREFIX,
      }),
    };
    const certificates: RegistryCertificate[] = [];
    for await (const item of readItems(this.table, 'Query', query, signal))
      certificates.push(certificateFromItem(item));
    return certificates;
  }

  /** Does nothing if the certificate is already recorded. */
  async addCertificate(certificate: RegistryCertificate, signal: AbortSignal): Promise<void> {
    const item = { ...keyOf(certificate), ...certificate };
    await putItem(this.table, item, { condition: 'attribute_not_exists(partitionKey)' }, signal);
  }

  /** Records when the certificate became current. Doesn't change an earlier record. */
  async markCurrent(id: CertificateId, currentSince: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { currentSince } }, signal);
  }

  /** Records the time from which a replaced certificate is refused. Doesn't change an earlier record. */
  async markReplaced(id: CertificateId, refuseAfter: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { refuseAfter } }, signal);
  }

  /** @returns false, and changes nothing, if the certificate was already revoked or doesn't exist */
  async markRevoked(id: CertificateId, revocation: RevocationMark, signal: AbortSignal): Promise<boolean> {
    const change: ItemChange = {
      set: { status: 'REVOKED', ...revocation },
      // The same mark comes from an earlier attempt whose response was lost, and not from an earlier revocation.
      condition: '(#status <> :status OR (#revokedAt = :revokedAt AND #revokedBy = :revokedBy))',
    };
    return this.updateKnown(id, change, signal);
  }

  /** Records when the certificate was revoked at its authority. Doesn't change an earlier record. */
  async markAuthorityTold(id: CertificateId, revokedAtAuthority: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { revokedAtAuthority } }, signal);
  }

  // Records of all kinds

  /** All clients and certificates, in any order. */
  async *records(signal: AbortSignal): AsyncIterable<RegistryRecord> {
    for await (const item of readItems(this.table, 'Scan', {}, signal)) yield* recordsIn(item);
  }

  /** A client of either kind and all its certificates, in any order. */
  async *clientRecords(clientName: string, signal: AbortSignal): AsyncIterable<RegistryRecord> {
    const query = {
      KeyConditionExpression: 'partitionKey = :client',
      ExpressionAttributeValues: toItem({ ':client': clientKey(clientName).partitionKey }),
    };
    for await (const item of readItems(this.table, 'Query', query, signal)) yield* recordsIn(item);
  }

  /** Does nothing if the certificate doesn't exist. Without the condition, the update would create it. */
  private updateKnown(id: CertificateId, change: ItemChange, signal: AbortSignal): Promise<boolean> {
    const condition = ['attribute_exists(partitionKey)', change.condition].filter(Boolean).join(' AND ');
    return updateItem(this.table, keyOf(id), { ...change, condition }, signal);
  }
}

/** Yields nothing for other items, and two records for a client that changes from one kind to the other. */
function* recordsIn(item: Item): Iterable<RegistryRecord> {
  const { partitionKey, sortKey } = keyFromItem(item);
  if (sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX)) {
    yield { kind: 'certificate', certificate: certificateFromItem(item) };
  } else if (partitionKey.startsWith(clientKey('').partitionKey) && sortKey === clientKey('').sortKey) {
    const { isIssued, isExternal } = clientKinds(item);
    if (isIssued) yield { kind: 'client', client: clientFromItem(item) };
    if (isExternal) yield { kind: 'external client', client: externalClientFromItem(item) };
  }
}

function keyOf({ clientName, fingerprint }: CertificateId): RegistryKey {
  return certificateKey(clientName, fingerprint);
}
