import {
  type AttributeValue,
  ConditionalCheckFailedException,
  type DynamoDBClient,
  paginateQuery,
  paginateScan,
  ResourceNotFoundException,
  UpdateItemCommand,
  type UpdateItemCommandInput,
} from '@aws-sdk/client-dynamodb';
import { certificateOf, clientKindsOf, clientOf, externalClientOf } from '../../registry/items';
import {
  CERTIFICATE_SORT_KEY_PREFIX,
  certificateKey,
  clientKey,
  type RegistryCertificate,
  type RegistryClient,
  type RegistryKey,
} from '../../registry/records';
import { OperatorError, type Registry, type RegistryEntry, type Revocation } from './mesh';

type Item = Record<string, AttributeValue>;

/** The registry in its DynamoDB table. */
export class RegistryTable implements Registry {
  constructor(
    private readonly dynamodb: DynamoDBClient,
    private readonly table: string,
  ) {}

  async entry(clientName: string): Promise<RegistryEntry | undefined> {
    const query = {
      TableName: this.table,
      ConsistentRead: true,
      KeyConditionExpression: 'partitionKey = :client',
      ExpressionAttributeValues: { ':client': { S: clientKey(clientName).partitionKey } },
    };
    return entriesOf(await this.itemsOf(paginateQuery({ client: this.dynamodb }, query)))[0];
  }

  async entries(): Promise<readonly RegistryEntry[]> {
    const scan = { TableName: this.table, ConsistentRead: true };
    return entriesOf(await this.itemsOf(paginateScan({ client: this.dynamodb }, scan)));
  }

  async setState(clientName: string, change: Pick<RegistryClient, 'state' | 'updatedAt' | 'updatedBy'>): Promise<void> {
    await this.update(clientKey(clientName), change, 'attribute_exists(partitionKey)');
  }

  async markRevoked({ clientName, fingerprint }: RegistryCertificate, revocation: Revocation): Promise<boolean> {
    try {
      const change = { status: 'REVOKED', ...revocation };
      await this.update(
        certificateKey(clientName, fingerprint),
        change,
        'attribute_exists(partitionKey) AND #status <> :status',
      );
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw error;
    }
  }

  async markAuthorityTold({ clientName, fingerprint }: RegistryCertificate, at: string): Promise<void> {
    const key = certificateKey(clientName, fingerprint);
    await this.update(key, { revokedAtAuthority: at }, 'attribute_exists(partitionKey)');
  }

  private async itemsOf(pages: AsyncIterable<{ readonly Items?: Item[] }>): Promise<readonly Item[]> {
    const items: Item[] = [];
    try {
      for await (const { Items = [] } of pages) items.push(...Items);
    } catch (cause) {
      if (!(cause instanceof ResourceNotFoundException)) throw cause;
      const region = await this.dynamodb.config.region();
      throw new OperatorError(`there is no such mesh in ${region}: its registry would be the table ${this.table}`, {
        cause,
      });
    }
    return items;
  }

  /** In the condition as in the assignments, `#name` is an attribute of the change and `:name` its new value. */
  private async update(key: RegistryKey, change: Readonly<Record<string, string>>, condition: string): Promise<void> {
    const names = Object.keys(change);
    const input: UpdateItemCommandInput = {
      TableName: this.table,
      Key: { partitionKey: { S: key.partitionKey }, sortKey: { S: key.sortKey } },
      UpdateExpression: `SET ${names.map((name) => `#${name} = :${name}`).join(', ')}`,
      ConditionExpression: condition,
      ExpressionAttributeNames: Object.fromEntries(names.map((name) => [`#${name}`, name])),
      ExpressionAttributeValues: Object.fromEntries(
        Object.entries(change).map(([name, value]) => [`:${name}`, { S: value }]),
      ),
    };
    await this.dynamodb.send(new UpdateItemCommand(input));
  }
}

/** Clients with their certificates; those of a client that is gone are left out. */
function entriesOf(items: readonly Item[]): readonly RegistryEntry[] {
  const clients: RegistryEntry['client'][] = [];
  const certificates = new Map<string, RegistryCertificate[]>();
  for (const item of items) {
    if (item['sortKey']?.S?.startsWith(CERTIFICATE_SORT_KEY_PREFIX)) {
      const certificate = certificateOf(item);
      const siblings = certificates.get(certificate.clientName);
      if (siblings === undefined) certificates.set(certificate.clientName, [certificate]);
      else siblings.push(certificate);
    } else if (item['sortKey']?.S === clientKey('').sortKey) {
      // One that changes from one kind to the other still has a secret, or has got one already.
      clients.push(clientKindsOf(item).isIssued ? clientOf(item) : externalClientOf(item));
    }
  }
  return clients.map((client) => ({ client, certificates: certificates.get(client.clientName) ?? [] }));
}
