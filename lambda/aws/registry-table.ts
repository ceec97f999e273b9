import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryKey,
} from '../../pki/contract';
import { certificateOf, clientOf, type Item, keyOf, toItem } from '../../pki/registry-items';
import type { CertificateId, ClientProfile, Registry, RegistryEntry, Revocation } from '../certificate-issuer/registry';
import { isAwsError } from './aws-call';
import { dynamoDb } from './dynamodb';
import type { JsonDocument, JsonService } from './json-service';

interface Change {
  /** Attributes to write; those that are undefined are removed. */
  readonly set?: object;
  /** Attributes to write where there are none yet. */
  readonly setOnce?: object;
  /** Every attribute of the change can be named in it as `#name`, its new value as `:name`. */
  readonly condition?: string;
}

/** A client's attributes that are removed when its resource no longer has their properties. */
const WITHOUT_OPTIONS = { secretId: undefined, overlapHours: undefined, requesters: undefined };

/** The registry in its DynamoDB table. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html */
export class RegistryTable implements Registry {
  private readonly service: JsonService;

  constructor(
    private readonly table: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.service = dynamoDb({ attempts: 8, milliseconds: 5_000 }, environment);
  }

  async getClient(clientName: string, signal: AbortSignal): Promise<RegistryClient | undefined> {
    const item = await this.get(clientKey(clientName), signal);
    return item && clientOf(item);
  }

  async registerClient(profile: ClientProfile, signal: AbortSignal): Promise<void> {
    await this.update(
      clientKey(profile.clientName),
      { set: { ...WITHOUT_OPTIONS, ...profile }, setOnce: { state: 'ENABLED' } },
      signal,
    );
  }

  async removeClient(clientName: string, signal: AbortSignal): Promise<void> {
    await this.call('DeleteItem', { Key: toItem(clientKey(clientName)) }, signal);
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
        yield { kind: 'client', client: clientOf(item) };
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
      UpdateExpression: `SET ${assignments.join(', ')}${removal}`,
      // Aliases, as many a plain word is reserved: `state`, `status`.
      ExpressionAttributeNames: Object.fromEntries([...written, ...removed].map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(written.map((name) => [`:${name}`, values[name]])),
      ...(condition !== undefined && { ConditionExpression: condition }),
    };
    await this.call('UpdateItem', input, signal);
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
