import { identityKey, type RegistryExternalClient, type RegistryIdentity } from '../mesh/external-clients';
import {
  certificateOf,
  clientKindsOf,
  clientOf,
  externalClientOf,
  type Item,
  keyOf,
  toItem,
} from './items';
import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryKey,
} from './records';
import type {
  CertificateId,
  ClientProfile,
  ExternalClientProfile,
  ExternalRegistry,
  Registry,
  RegistryEntry,
  Revocation,
} from '../lambda/certificate-issuer/registry';
import { isAwsError } from '../aws/aws-error';
import { dynamoDb } from '../aws/dynamodb';
import type { JsonDocument, JsonService } from '../aws/json-service';

interface Change {
  /** Attributes to write; those that are undefined are removed. */
  readonly set?: object;
  /** Attributes to write where there are none yet. */
  readonly setOnce?: object;
  /** Every attribute of the change can be named in it as `#name`, its new value as `:name`. */
  readonly condition?: string | undefined;
}

/** What an item has of a client for which the mesh issues, and not of an external one. */
const ISSUED_ALONE: Readonly<Record<Exclude<keyof RegistryClient, keyof RegistryExternalClient>, undefined>> = {
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

/** The reverse. */
const EXTERNAL_ALONE: Readonly<Record<Exclude<keyof RegistryExternalClient, keyof RegistryClient>, undefined>> = {
  trustAnchor: undefined,
  identityKind: undefined,
  identityValue: undefined,
  authoritiesNotAfter: undefined,
  identityIds: undefined,
  registeredBy: undefined,
};

/** The registry in its DynamoDB table. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html */
export class RegistryTable implements Registry, ExternalRegistry {
  private readonly service: JsonService;

  constructor(
    private readonly table: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.service = dynamoDb({ attempts: 8, milliseconds: 5_000 }, environment);
  }

  async getClient(clientName: string, signal: AbortSignal): Promise<RegistryClient | undefined> {
    const item = await this.get(clientKey(clientName), signal);
    return item && clientKindsOf(item).isIssued ? clientOf(item) : undefined;
  }

  async registerClient(profile: ClientProfile, signal: AbortSignal): Promise<string | undefined> {
    const { clientName, declaredBy } = profile;
    const condition = declaredBy && 'attribute_not_exists(#declaredBy) OR #declaredBy = :declaredBy';
    const change: Change = { set: { ...ISSUED_ALONE, ...profile }, setOnce: { state: 'ENABLED' }, condition };
    if (await conditionHeld(this.update(clientKey(clientName), change, signal))) return undefined;
    return (await this.getClient(clientName, signal))?.declaredBy ?? 'unknown';
  }

  async removeClient(clientName: string, signal: AbortSignal): Promise<void> {
    const rest: Change = { set: ISSUED_ALONE, condition: 'attribute_exists(trustAnchor)' };
    if (await conditionHeld(this.update(clientKey(clientName), rest, signal))) return;
    await this.delete(clientKey(clientName), 'attribute_not_exists(trustAnchor)', {}, signal);
  }

  async getExternalClient(clientName: string, signal: AbortSignal): Promise<RegistryExternalClient | undefined> {
    const item = await this.get(clientKey(clientName), signal);
    return item && clientKindsOf(item).isExternal ? externalClientOf(item) : undefined;
  }

  async registerExternalClient(profile: ExternalClientProfile, signal: AbortSignal): Promise<string | undefined> {
    const condition = 'attribute_not_exists(#registeredBy) OR #registeredBy = :registeredBy';
    const change: Change = { set: profile, setOnce: { state: 'ENABLED' }, condition };
    if (await conditionHeld(this.update(clientKey(profile.clientName), change, signal))) return undefined;
    return (await this.getExternalClient(profile.clientName, signal))?.registeredBy ?? 'unknown';
  }

  async removeExternalClient(clientName: string, registeredBy: string, signal: AbortSignal): Promise<void> {
    const known = await this.getExternalClient(clientName, signal);
    if (known?.registeredBy !== registeredBy) return;
    const rest: Change = { set: EXTERNAL_ALONE, condition: 'attribute_exists(certificateAuthorityArn)' };
    if (await conditionHeld(this.update(clientKey(clientName), rest, signal))) return;
    const condition = 'registeredBy = :registeredBy AND attribute_not_exists(certificateAuthorityArn)';
    await this.delete(clientKey(clientName), condition, { ':registeredBy': registeredBy }, signal);
  }

  async addIdentity(id: string, identity: RegistryIdentity, signal: AbortSignal): Promise<string | undefined> {
    const put = {
      Item: toItem({ ...identityKey(id), ...identity }),
      ConditionExpression: 'attribute_not_exists(partitionKey) OR clientName = :clientName',
      ExpressionAttributeValues: toItem({ ':clientName': identity.clientName }),
    };
    if (await conditionHeld(this.call('PutItem', put, signal))) return undefined;
    const holder = await this.get(identityKey(id), signal);
    return holder?.['clientName']?.S ?? 'unknown';
  }

  async removeIdentity(id: string, clientName: string, signal: AbortSignal): Promise<void> {
    await this.delete(identityKey(id), 'clientName = :clientName', { ':clientName': clientName }, signal);
  }

  async getCertificate(id: CertificateId, signal: AbortSignal): Promise<RegistryCertificate | undefined> {
    const item = await this.get(keyOfCertificate(id), signal);
    return item && certificateOf(item);
  }

  async certificatesOf(clientName: string, signal: AbortSignal): Promise<readonly RegistryCertificate[]> {
    const query = {
      ConsistentRead: true,
      KeyConditionExpression: 'partitionKey = :client AND begins_with(sortKey, :certificate)',
      ExpressionAttributeValues: toItem({
        ':client': clientKey(clientName).partitionKey,
        ':certificate': CERTIFICATE_SORT_KEY_PREFIX,
      }),
    };
    const certificates: RegistryCertificate[] = [];
    for await (const item of this.pages('Query', query, signal)) certificates.push(certificateOf(item));
    return certificates;
  }

  async addCertificate(certificate: RegistryCertificate, signal: AbortSignal): Promise<void> {
    const put = {
      Item: toItem({ ...keyOfCertificate(certificate), ...certificate }),
      ConditionExpression: 'attribute_not_exists(partitionKey)',
    };
    await conditionHeld(this.call('PutItem', put, signal));
  }

  async noteCurrent(id: CertificateId, currentSince: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { currentSince } }, signal);
  }

  async noteRefusal(id: CertificateId, refuseAfter: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { refuseAfter } }, signal);
  }

  async revokeCertificate(id: CertificateId, revocation: Revocation, signal: AbortSignal): Promise<boolean> {
    const { at: revokedAt, by: revokedBy, reason: revocationReason } = revocation;
    const change: Change = {
      set: { status: 'REVOKED', revokedAt, revokedBy, revocationReason },
      // An attempt whose answer was lost has written the same revocation, which is then not one before this.
      condition: '(#status <> :status OR (#revokedAt = :revokedAt AND #revokedBy = :revokedBy))',
    };
    return this.updateKnown(id, change, signal);
  }

  async noteToldAuthority(id: CertificateId, revokedAtAuthority: string, signal: AbortSignal): Promise<void> {
    await this.updateKnown(id, { setOnce: { revokedAtAuthority } }, signal);
  }

  async *entries(signal: AbortSignal): AsyncIterable<RegistryEntry> {
    for await (const item of this.pages('Scan', { ConsistentRead: true }, signal)) {
      const { partitionKey, sortKey } = keyOf(item);
      if (sortKey.startsWith(CERTIFICATE_SORT_KEY_PREFIX)) {
        yield { kind: 'certificate', certificate: certificateOf(item) };
      } else if (partitionKey.startsWith(clientKey('').partitionKey) && sortKey === clientKey('').sortKey) {
        const { isIssued, isExternal } = clientKindsOf(item);
        if (isIssued) yield { kind: 'client', client: clientOf(item) };
        if (isExternal) yield { kind: 'external client', client: externalClientOf(item) };
      }
    }
  }

  private async get(key: RegistryKey, signal: AbortSignal): Promise<Item | undefined> {
    const { Item } = await this.call('GetItem', { Key: toItem(key), ConsistentRead: true }, signal);
    return Item as Item | undefined;
  }

  /** Changes a certificate that is there, since an update would make one that isn't. False when it did not. */
  private updateKnown(id: CertificateId, change: Change, signal: AbortSignal): Promise<boolean> {
    const condition = ['attribute_exists(partitionKey)', change.condition].filter(Boolean).join(' AND ');
    return conditionHeld(this.update(keyOfCertificate(id), { ...change, condition }, signal));
  }

  private async update(key: RegistryKey, { set = {}, setOnce = {}, condition }: Change, signal: AbortSignal) {
    const values = toItem({ ...set, ...setOnce });
    const written = Object.keys(values);
    const removed = Object.keys(set).filter((name) => values[name] === undefined);
    const assignments = written.map((name) =>
      Object.hasOwn(setOnce, name) ? `#${name} = if_not_exists(#${name}, :${name})` : `#${name} = :${name}`,
    );
    const removal = removed.length > 0 ? ` REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '';
    const input = {
      Key: toItem(key),
      UpdateExpression: `${assignments.length > 0 ? `SET ${assignments.join(', ')}` : ''}${removal}`,
      // Aliases, as many a plain word is reserved: `state`, `status`.
      ExpressionAttributeNames: Object.fromEntries([...written, ...removed].map((name) => [`#${name}`, name])),
      ...(written.length > 0 && {
        ExpressionAttributeValues: Object.fromEntries(written.map((name) => [`:${name}`, values[name]])),
      }),
      ...(condition !== undefined && { ConditionExpression: condition }),
    };
    await this.call('UpdateItem', input, signal);
  }

  /** Deletes an item of which the condition holds; what is gone or changed stays as it is. */
  private async delete(key: RegistryKey, condition: string, values: object, signal: AbortSignal): Promise<void> {
    const input = {
      Key: toItem(key),
      ConditionExpression: condition,
      ...(Object.keys(values).length > 0 && { ExpressionAttributeValues: toItem(values) }),
    };
    await conditionHeld(this.call('DeleteItem', input, signal));
  }

  private async *pages(operation: 'Query' | 'Scan', input: JsonDocument, signal: AbortSignal): AsyncIterable<Item> {
    let start: unknown;
    do {
      const page = await this.call(
        operation,
        { ...input, ...(start !== undefined && { ExclusiveStartKey: start }) },
        signal,
      );
      yield* (page['Items'] ?? []) as Item[];
      start = page['LastEvaluatedKey'];
    } while (start !== undefined);
  }

  private call(operation: string, input: JsonDocument, signal: AbortSignal): Promise<JsonDocument> {
    return this.service.call(operation, { TableName: this.table, ...input }, signal);
  }
}

function keyOfCertificate({ clientName, fingerprint }: CertificateId): RegistryKey {
  return certificateKey(clientName, fingerprint);
}

/** Whether a conditional write was made. */
async function conditionHeld(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isAwsError(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}
