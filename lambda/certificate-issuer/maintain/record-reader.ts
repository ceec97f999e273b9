import type { Log } from '../../../aws/cloudwatch';
import type {
  RegistryCertificate,
  RegistryClient,
  RegistryExternalClient,
  RegistryIdentity,
} from '../../../registry/records';
import type { MalformedItem, RegistryRecord } from '../../../registry/stored-records';

/** Skips malformed items, names them in the log, and counts them. */
export class RecordReader {
  private readonly malformedKeys = new Set<string>();

  constructor(private readonly log: Log) {}

  /** The number of malformed items that were skipped. */
  get malformed(): number {
    return this.malformedKeys.size;
  }

  async *clients(records: AsyncIterable<RegistryRecord>): AsyncIterable<RegistryClient> {
    for await (const record of this.wellFormed(records)) if (record.kind === 'client') yield record.client;
  }

  async *externalClients(records: AsyncIterable<RegistryRecord>): AsyncIterable<RegistryExternalClient> {
    for await (const record of this.wellFormed(records)) if (record.kind === 'external client') yield record.client;
  }

  async *certificates(records: AsyncIterable<RegistryRecord>): AsyncIterable<RegistryCertificate> {
    for await (const record of this.wellFormed(records)) if (record.kind === 'certificate') yield record.certificate;
  }

  async *identities(records: AsyncIterable<RegistryRecord>): AsyncIterable<RegistryIdentity> {
    for await (const record of this.wellFormed(records)) if (record.kind === 'identity') yield record.identity;
  }

  private async *wellFormed(records: AsyncIterable<RegistryRecord>): AsyncIterable<RegistryRecord> {
    for await (const record of records) {
      if (record.kind !== 'malformed') yield record;
      else this.skip(record.malformed);
    }
  }

  private skip({ key, problem }: MalformedItem): void {
    const id = JSON.stringify(key);
    if (this.malformedKeys.has(id)) return;
    this.malformedKeys.add(id);
    this.log({ event: 'registry-item-malformed', ...key, reason: problem });
  }
}
