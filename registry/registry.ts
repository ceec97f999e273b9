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
import {
  certificateFactsIn,
  certificateFromItem,
  clientFromItem,
  clientKinds,
  externalClientFromItem,
  keyFromItem,
  RegistryItemError,
} from './items';
import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  identityKey,
  publicKeyKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryExternalClient,
  type RegistryIdentity,
  type RegistryKey,
  type RegistryPublicKey,
  type RegistryRemovedClient,
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

/** Who may get certificates for a public key. */
export type KeyClaim = 'claimed' | 'revoked' | 'taken by another client';

export type CertificateId = Pick<RegistryCertificate, 'clientName' | 'fingerprint'>;
export type RevocationMark = Required<Pick<RegistryCertificate, 'revokedAt' | 'revokedBy' | 'revocationReason'>>;

/** One item of the registry. */
export type RegistryRecord =
  | { readonly kind: 'client'; readonly client: RegistryClient }
  | { readonly kind: 'external client'; readonly client: RegistryExternalClient }
  | { readonly kind: 'certificate'; readonly certificate: RegistryCertificate }
  | { readonly kind: 'malformed'; readonly malformed: MalformedItem };

/** An item that can't be read. The others can. */
export interface MalformedItem {
  readonly key: RegistryKey;
  /** From the key. */
  readonly clientName: string;
  /** Which attribute is malformed, in one sentence. */
  readonly problem: string;
  /** What a certificate's item says nevertheless. Absent for the item of a client. */
  readonly certificate?: ReturnType<typeof certificateFactsIn> & Pick<RegistryCertificate, 'fingerprint'>;
}

type Absent<N extends string> = Readonly<Record<N, undefined>>;

/** The attributes that only clients with issued certificates have. */
const ISSUED_CLIENT_ONLY: Absent<Exclude<keyof RegistryClient, keyof RegistryExternalClient>> = {
  secretId: undefined,
  dnsNames: undefined,
  keyAlgorithm: undefined,
  validityHours: undefined,
  certificateAuthorityArn: undefined,
  signingAlgorithm: undefined,
  overlapHours: undefined,
  certificateLimit: undefined,
  requesters: undefined,
  declaredBy: undefined,
};

/** The attributes that only external clients have. */
const EXTERNAL_CLIENT_ONLY: Absent<Exclude<keyof RegistryExternalClient, keyof RegistryClient>> = {
  trustAnchor: undefined,
  identityKind: undefined,
  identityValue: undefined,
  authoritiesNotAfter: undefined,
  identityIds: undefined,
  registeredBy: undefined,
};

const NOT_REMOVED: Absent<Exclude<keyof RegistryRemovedClient, keyof RegistryClient>> = { removedAt: undefined };

/** How the item of a client holds a kind of client: the attribute with its resource, and all attributes of the kind. */
interface ClientKind {
  readonly resource: 'declaredBy' | 'registeredBy';
  readonly only: Absent<string>;
}

const ISSUED_CLIENT: ClientKind = { resource: 'declaredBy', only: ISSUED_CLIENT_ONLY };
const EXTERNAL_CLIENT: ClientKind = { resource: 'registeredBy', only: EXTERNAL_CLIENT_ONLY };

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
   * Enables a new client. A known client keeps its state, even if it was removed. A name belongs to one resource, and to one
   * stack if a client changes from one kind to the other.
   *
   * @param isUpdate whether the resource exists already. Its stack may have given it another logical ID since it declared the
   * client: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-refactoring.html
   * @returns the resource that already declares a client with the name, in which case nothing changes. Undefined if the
   * client was registered.
   */
  registerClient(profile: ClientProfile, isUpdate: boolean, signal: AbortSignal): Promise<string | undefined> {
    const resource = { id: profile.declaredBy, isUpdate };
    return this.register({ ...ISSUED_CLIENT_ONLY, ...profile }, ISSUED_CLIENT, resource, signal);
  }

  /**
   * Keeps the attributes of an external client with the same name.
   * @returns false, and changes nothing, if another resource declares the client
   */
  removeClient(clientName: string, declaredBy: string, removedAt: string, signal: AbortSignal): Promise<boolean> {
    return this.remove(clientName, ISSUED_CLIENT, { resource: declaredBy, removedAt }, signal);
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

  /** As `registerClient`. */
  registerExternalClient(
    profile: ExternalClientProfile,
    isUpdate: boolean,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    return this.register(profile, EXTERNAL_CLIENT, { id: profile.registeredBy, isUpdate }, signal);
  }

  /**
   * Keeps the attributes of a client with issued certificates.
   * @returns as `removeClient`
   */
  removeExternalClient(
    clientName: string,
    registeredBy: string,
    removedAt: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    return this.remove(clientName, EXTERNAL_CLIENT, { resource: registeredBy, removedAt }, signal);
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

  // Public keys

  /**
   * Assigns a public key to a client, unless it belongs to another one or is revoked.
   * @param expiresAt when the last certificate for the key leaves the registry. Seconds since 1970.
   */
  async claimKey(
    publicKeyHash: string,
    claim: Required<Pick<RegistryPublicKey, 'clientName' | 'expiresAt'>>,
    signal: AbortSignal,
  ): Promise<KeyClaim> {
    const condition =
      'attribute_not_exists(partitionKey) OR ' +
      '(#clientName = :clientName AND attribute_not_exists(revokedAt) AND #expiresAt < :expiresAt)';
    const key = publicKeyKey(publicKeyHash);
    if (await updateItem(this.table, key, { set: claim, condition }, signal)) return 'claimed';
    const known = await getItem(this.table, key, signal);
    if (known?.['revokedAt'] !== undefined) return 'revoked';
    return known?.['clientName']?.S === claim.clientName ? 'claimed' : 'taken by another client';
  }

  /** The mesh never certifies the key again. */
  async revokeKey(
    publicKeyHash: string,
    { clientName, revokedAt }: Required<Pick<RegistryPublicKey, 'clientName' | 'revokedAt'>>,
    signal: AbortSignal,
  ): Promise<void> {
    const change: ItemChange = { set: { expiresAt: undefined }, setOnce: { clientName, revokedAt } };
    await updateItem(this.table, publicKeyKey(publicKeyHash), change, signal);
  }

  // Certificates

  async getCertificate(id: CertificateId, signal: AbortSignal): Promise<RegistryCertificate | undefined> {
    const item = await getItem(this.table, keyOf(id), signal);
    return item && certificateFromItem(item);
  }

  /** The certificates of a client, without those with a malformed item. */
  async certificatesOf(clientName: string, signal: AbortSignal): Promise<readonly RegistryCertificate[]> {
    const query = {
      KeyConditionExpression: 'partitionKey = :client AND begins_with(sortKey, :certificate)',
      ExpressionAttributeValues: toItem({
        ':client': clientKey(clientName).partitionKey,
        ':certificate': CERTIFICATE_SORT_KEY_PREFIX,
      }),
    };
    const certificates: RegistryCertificate[] = [];
    for await (const item of readItems(this.table, 'Query', query, signal)) {
      for (const record of recordsIn(item)) if (record.kind === 'certificate') certificates.push(record.certificate);
    }
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

  /** Records when the certificate's approaching expiry was reported. */
  async markExpiryReported(id: CertificateId, expiryReportedAt: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { set: { expiryReportedAt } }, signal);
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

  private async register(
    { clientName, ...attributes }: { readonly clientName: string },
    kind: ClientKind,
    resource: { readonly id: string; readonly isUpdate: boolean },
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const [own, other] = [kind.resource, otherThan(kind).resource];
    const stack = stackPrefixOf(resource.id);
    const change: ItemChange = {
      set: { clientName, ...attributes, ...NOT_REMOVED },
      setOnce: { state: 'ENABLED' },
      condition:
        `(attribute_not_exists(${own}) OR ${own} = :${own}${resource.isUpdate ? ` OR begins_with(${own}, :stack)` : ''}) AND ` +
        `(attribute_not_exists(${other}) OR begins_with(${other}, :stack))`,
      values: { ':stack': stack },
    };
    const key = clientKey(clientName);
    if (await updateItem(this.table, key, change, signal)) return undefined;
    const known = await getItem(this.table, key, signal);
    const [declaredBy, ofOtherKind] = [known?.[own]?.S, known?.[other]?.S];
    return (declaredBy === resource.id ? undefined : declaredBy) ?? ofOtherKind ?? 'unknown';
  }

  /** A disabled client leaves an item behind, so that it is still disabled if a deployment adds it again. */
  private async remove(
    clientName: string,
    kind: ClientKind,
    { resource, removedAt }: { readonly resource: string; readonly removedAt: string },
    signal: AbortSignal,
  ): Promise<boolean> {
    const key = clientKey(clientName);
    const values = { ':resource': resource };
    const own = `${kind.resource} = :resource`;
    const other = otherThan(kind).resource;
    const rest: ItemChange = { set: kind.only, condition: `${own} AND attribute_exists(${other})`, values };
    if (await updateItem(this.table, key, rest, signal)) return true;

    const state = 'DISABLED' satisfies RegistryClient['state'];
    const disabled: ItemChange = {
      set: { ...kind.only, state, removedAt },
      condition: `${own} AND #state = :state`,
      values,
    };
    if (await updateItem(this.table, key, disabled, signal)) return true;

    const enabled = {
      condition: `${own} AND attribute_not_exists(${other}) AND #state <> :state`,
      names: { '#state': 'state' },
      values: { ...values, ':state': state },
    };
    if (await deleteItem(this.table, key, enabled, signal)) return true;
    return (await getItem(this.table, key, signal))?.[kind.resource] === undefined;
  }

  /** Does nothing if the certificate doesn't exist. Without the condition, the update would create it. */
  private updateKnown(id: CertificateId, change: ItemChange, signal: AbortSignal): Promise<boolean> {
    const condition = ['attribute_exists(partitionKey)', change.condition].filter(Boolean).join(' AND ');
    return updateItem(this.table, keyOf(id), { ...change, condition }, signal);
  }
}

/** Yields nothing for other items, and two records for a client that changes from one kind to the other. */
function* recordsIn(item: Item): Iterable<RegistryRecord> {
  const key = keyFromItem(item);
  const [clients, client] = [clientKey('').partitionKey, clientKey('').sortKey];
  if (!key.partitionKey.startsWith(clients)) return;
  if (key.sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX)) {
    yield readRecord(item, key, () => ({ kind: 'certificate', certificate: certificateFromItem(item) }));
  } else if (key.sortKey === client) {
    const { isIssued, isExternal } = clientKinds(item);
    if (isIssued) yield readRecord(item, key, () => ({ kind: 'client', client: clientFromItem(item) }));
    if (isExternal)
      yield readRecord(item, key, () => ({ kind: 'external client', client: externalClientFromItem(item) }));
  }
}

function readRecord(item: Item, key: RegistryKey, read: () => RegistryRecord): RegistryRecord {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RegistryItemError)) throw error;
    const clientName = key.partitionKey.slice(clientKey('').partitionKey.length);
    const fingerprint = key.sortKey.slice(CERTIFICATE_SORT_KEY_PREFIX.length);
    const isCertificate = key.sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX);
    const certificate = isCertificate ? { certificate: { ...certificateFactsIn(item), fingerprint } } : {};
    return { kind: 'malformed', malformed: { key, clientName, problem: error.message, ...certificate } };
  }
}

function otherThan(kind: ClientKind): ClientKind {
  return kind === ISSUED_CLIENT ? EXTERNAL_CLIENT : ISSUED_CLIENT;
}

/** What the resources of the same stack begin with. A resource is the ARN of its stack and its logical ID. */
function stackPrefixOf(resource: string): string {
  return `${resource.split(' ')[0]} `;
}

function keyOf({ clientName, fingerprint }: CertificateId): RegistryKey {
  return certificateKey(clientName, fingerprint);
}
