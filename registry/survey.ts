import type { AwsConnection } from '../aws/connection';
import { batchGetItems, type Item, queryItems, type Table, toItem } from '../aws/dynamodb';
import { type AgendaTopic, NEVER } from './agenda';
import { clientKey, REGISTRY_INDEXES, type RegistryKey } from './records';
import { type HeldCertificate, heldCertificateIn, type RegistryRecord, recordsIn } from './stored-records';
import { registryTable } from './table';

/** The keys of one BatchGetItem call. */
const BATCH = 100;

/** Every time of the agenda is between them, and `NEVER` is not. */
const [EARLIEST, LATEST] = ['0', '9999-12-31T23:59:59.999Z'];

/** Times in ISO 8601, UTC, both included. */
export interface AgendaRange {
  readonly from?: string;
  readonly to?: string;
  /** How many records to read at a time, if the caller needs only the first ones. */
  readonly pageSize?: number;
}

/**
 * Reads of many records, whose cost grows with what they return. Malformed items are among them. Reads of an index may miss
 * the writes of the last moments, and the others are strongly consistent. All methods throw `AwsCallError`.
 */
export class RegistrySurvey {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    this.table = registryTable(tableName, connection);
  }

  /** A client of either kind and all its certificates, in any order. */
  async *clientRecords(clientName: string, signal: AbortSignal): AsyncIterable<RegistryRecord> {
    const query = {
      KeyConditionExpression: 'partitionKey = :client',
      ExpressionAttributeValues: toItem({ ':client': clientKey(clientName).partitionKey }),
    };
    for await (const item of queryItems(this.table, query, signal)) yield* recordsIn(item);
  }

  /** The records with the keys, in any order. */
  async *find(keys: readonly RegistryKey[], signal: AbortSignal): AsyncIterable<RegistryRecord> {
    for (let start = 0; start < keys.length; start += BATCH) {
      for (const item of await batchGetItems(this.table, keys.slice(start, start + BATCH), signal)) {
        yield* recordsIn(item);
      }
    }
  }

  /** The clients of both kinds, by an index. */
  clients(signal: AbortSignal): AsyncIterable<RegistryRecord> {
    return this.agenda('CLIENT', { to: NEVER }, signal);
  }

  /** The services, by an index. */
  services(signal: AbortSignal): AsyncIterable<RegistryRecord> {
    return this.agenda('SERVICE', { to: NEVER }, signal);
  }

  /** What is on the agenda for a topic, the first due first, by an index. */
  async *agenda(
    topic: AgendaTopic,
    { from = EARLIEST, to = LATEST, pageSize }: AgendaRange,
    signal: AbortSignal,
  ): AsyncIterable<RegistryRecord> {
    const query = {
      condition: 'due = :topic AND dueAt BETWEEN :from AND :to',
      values: { ':topic': topic, ':from': from, ':to': to },
      pageSize,
    };
    for await (const item of this.query(REGISTRY_INDEXES.agenda, query, signal)) yield* recordsIn(item);
  }

  /**
   * The certificates of an authority that have not expired, the first expiry first, by an index.
   * @param pageSize how many to read at a time, if the caller needs only the first ones
   */
  async *certificatesOfAuthority(
    certificateAuthorityArn: string,
    at: Date,
    signal: AbortSignal,
    pageSize?: number,
  ): AsyncIterable<HeldCertificate> {
    const query = {
      condition: 'certificateAuthorityArn = :authority AND notAfter >= :at',
      values: { ':authority': certificateAuthorityArn, ':at': at.toISOString() },
      pageSize,
    };
    for await (const item of this.query(REGISTRY_INDEXES.certificateAuthority, query, signal)) {
      yield heldCertificateIn(item);
    }
  }

  private query(
    { name }: { readonly name: string },
    {
      condition,
      values,
      pageSize,
    }: { readonly condition: string; readonly values: object; readonly pageSize?: number | undefined },
    signal: AbortSignal,
  ): AsyncIterable<Item> {
    const query = {
      IndexName: name,
      // https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.Querying
      ConsistentRead: false,
      KeyConditionExpression: condition,
      ExpressionAttributeValues: toItem(values),
      ...(pageSize !== undefined && { Limit: pageSize }),
    };
    return queryItems(this.table, query, signal);
  }
}
