import type { AwsConnection } from '../aws/connection';
import {
  deleteItem,
  getItem,
  type ItemChange,
  putItem,
  queryItems,
  type Table,
  toItem,
  updateItem,
} from '../aws/dynamodb';
import { expiringFrom } from '../mesh/expiry';
import type { AgendaEntry } from './agenda';
import {
  type ClientProfile,
  type CurrentCertificate,
  EXTERNAL_CLIENT,
  type ExternalClientProfile,
  ISSUED_CLIENT,
  ISSUED_PROFILE_ONLY,
  NO_ROTATION_FAILURE,
  OFF_THE_AGENDA,
  type RotationFailure,
} from './client-kinds';
import { certificateFromItem, clientFromItem, clientKinds, externalClientFromItem } from './items';
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
} from './records';
import { registerKind, removeKind } from './registration';
import { recordsIn } from './stored-records';
import { registryTable } from './table';

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

/**
 * The clients of the mesh and every certificate issued to them, in a DynamoDB table. Reads are strongly consistent, and
 * every write is atomic and idempotent. All methods throw `AwsCallError`.
 */
export class Registry {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    this.table = registryTable(tableName, connection);
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
    return registerKind(this.table, { ...ISSUED_PROFILE_ONLY, ...profile }, ISSUED_CLIENT, resource, signal);
  }

  /** Records that a rotation of the client's secret failed. Does nothing if the client doesn't exist. */
  async markRotationFailed(clientName: string, failure: RotationFailure, signal: AbortSignal): Promise<void> {
    const condition = 'attribute_exists(declaredBy)';
    await updateItem(this.table, clientKey(clientName), { set: failure, condition }, signal);
  }

  /**
   * Keeps the attributes of an external client with the same name.
   * @returns false, and changes nothing, if another resource declares the client
   */
  removeClient(clientName: string, declaredBy: string, removedAt: string, signal: AbortSignal): Promise<boolean> {
    return removeKind(this.table, clientName, ISSUED_CLIENT, { resource: declaredBy, removedAt }, signal);
  }

  /** Enables or disables a client of either kind. Does nothing if the client doesn't exist. */
  async setClientState(
    clientName: string,
    change: Pick<RegistryClient, 'state' | 'updatedAt' | 'updatedBy'>,
    signal: AbortSignal,
  ): Promise<void> {
    const condition = 'attribute_exists(#state)';
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
    return registerKind(this.table, profile, EXTERNAL_CLIENT, { id: profile.registeredBy, isUpdate }, signal);
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
    return removeKind(this.table, clientName, EXTERNAL_CLIENT, { resource: registeredBy, removedAt }, signal);
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
    const entry: AgendaEntry = { due: 'TRUST_ANCHOR', dueAt: identity.authorityNotAfter };
    if (await putItem(this.table, { ...identityKey(id), ...identity, ...entry }, condition, signal)) return undefined;
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
    for await (const item of queryItems(this.table, query, signal)) {
      for (const record of recordsIn(item)) if (record.kind === 'certificate') certificates.push(record.certificate);
    }
    return certificates;
  }

  /** Does nothing if the certificate is already recorded. A certificate with `currentSince` becomes the current one. */
  async addCertificate(certificate: RegistryCertificate, signal: AbortSignal): Promise<void> {
    const item = { ...keyOf(certificate), ...certificate };
    const isNew = await putItem(this.table, item, { condition: 'attribute_not_exists(partitionKey)' }, signal);
    if (certificate.currentSince === undefined) return;
    const recorded = isNew ? certificate : await this.getCertificate(certificate, signal);
    if (recorded !== undefined) await this.markCurrent(recorded, certificate.currentSince, signal);
  }

  /**
   * Records when the certificate became current, unless that is recorded, and makes it the client's current certificate,
   * unless that is one that was issued later. The client then has no failed rotation, also if this run completes one that
   * failed after an earlier run had made the certificate current.
   */
  async markCurrent(certificate: RegistryCertificate, since: string, signal: AbortSignal): Promise<void> {
    const { clientName, fingerprint, issuedAt, issuedBy, currentSince = since } = certificate;
    await this.updateKnown(certificate, { setOnce: { currentSince } }, signal);
    const current: CurrentCertificate = {
      currentCertificate: fingerprint,
      currentIssuedAt: issuedAt,
      ...(issuedBy === 'rotation' && { lastRotation: currentSince }),
    };
    const entry: AgendaEntry = { due: 'CLIENT', dueAt: expiringFrom(certificate) };
    const change: ItemChange = {
      set: { ...current, ...entry, ...NO_ROTATION_FAILURE },
      condition:
        'attribute_exists(declaredBy) AND ' +
        '(attribute_not_exists(#currentIssuedAt) OR #currentIssuedAt < :currentIssuedAt ' +
        'OR #currentCertificate = :currentCertificate)',
    };
    await updateItem(this.table, clientKey(clientName), change, signal);
  }

  /**
   * Records the time from which a replaced certificate is refused. Doesn't change an earlier record or a revoked
   * certificate.
   */
  async markReplaced(id: CertificateId, refuseAfter: string, signal: AbortSignal): Promise<void> {
    const entry: AgendaEntry = { due: 'END_OF_OVERLAP', dueAt: refuseAfter };
    const condition = 'attribute_not_exists(#refuseAfter) AND attribute_not_exists(revokedAt)';
    await this.updateKnown(id, { set: { refuseAfter, ...entry }, condition }, signal);
  }

  /** @returns false, and changes nothing, if the certificate was already revoked or doesn't exist */
  async markRevoked(id: CertificateId, revocation: RevocationMark, signal: AbortSignal): Promise<boolean> {
    const entry: AgendaEntry = { due: 'AUTHORITY_NOTICE', dueAt: revocation.revokedAt };
    const change: ItemChange = {
      set: { status: 'REVOKED', ...revocation, ...entry },
      // The same mark comes from an earlier attempt whose response was lost, and not from an earlier revocation.
      condition: '(#status <> :status OR (#revokedAt = :revokedAt AND #revokedBy = :revokedBy))',
    };
    return this.updateKnown(id, change, signal);
  }

  /** Records when the certificate was revoked at its authority. Doesn't change an earlier record. */
  async markAuthorityTold(id: CertificateId, revokedAtAuthority: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { revokedAtAuthority }, set: OFF_THE_AGENDA }, signal);
  }

  /** Records when the certificate's approaching expiry was reported. */
  async markExpiryReported(id: CertificateId, expiryReportedAt: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { set: { expiryReportedAt } }, signal);
  }

  /** Takes an expired certificate off the agenda. */
  async markSettled(id: CertificateId, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { set: OFF_THE_AGENDA }, signal);
  }

  /** Does nothing if the certificate doesn't exist. Without the condition, the update would create it. */
  private updateKnown(id: CertificateId, change: ItemChange, signal: AbortSignal): Promise<boolean> {
    const condition = ['attribute_exists(partitionKey)', change.condition].filter(Boolean).join(' AND ');
    return updateItem(this.table, keyOf(id), { ...change, condition }, signal);
  }
}

function keyOf({ clientName, fingerprint }: CertificateId): RegistryKey {
  return certificateKey(clientName, fingerprint);
}
