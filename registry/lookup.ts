import type { AwsConnection } from '../aws/connection';
import { batchGetItems, type Item, Table } from '../aws/dynamodb';
import { certificateKey, clientKey, identityKey, type RegistryIdentity, type RegistryKey } from './records';
import type { CertificateFacts, ClientFacts } from './status';

/** The registry's data about a client and one of its certificates. Undefined for an item that doesn't exist. */
export interface IssuedFacts {
  readonly client: ClientFacts | undefined;
  readonly certificate: CertificateFacts | undefined;
}

/** The registry's data about an external client. */
export interface ExternalClientFacts extends ClientFacts {
  /** Absent for a client that has only issued certificates. */
  readonly trustAnchor?: string | undefined;
}

/** Less than the 10 seconds for which API Gateway waits for an authorizer. Milliseconds. */
const TIME_LIMIT = 4_000;

/** Reads the data for the authorizer's decisions. Every method makes one call and throws `AwsCallError` if it fails. */
export class RegistryLookup {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    const retryPolicy = { attempts: 3, timeout: 1_000, backoff: { first: 50, longest: 5_000 } };
    this.table = new Table({ name: tableName, connection, retryPolicy });
  }

  async findIssued(clientName: string, fingerprint: string): Promise<IssuedFacts> {
    const keys = [clientKey(clientName), certificateKey(clientName, fingerprint)];
    const items = await this.getItems(keys);
    const [client, certificate] = keys.map(({ sortKey }) => items.find((item) => item['sortKey']?.S === sortKey));
    return {
      client: client && readTexts(client, ['spiffeId', 'state']),
      certificate:
        certificate && readTexts(certificate, ['spiffeId', 'status', 'notBefore', 'notAfter', 'refuseAfter']),
    };
  }

  /** The identities with these IDs, in any order. IDs that don't exist are left out. */
  async findIdentities(ids: readonly string[]): Promise<readonly Readonly<Partial<RegistryIdentity>>[]> {
    const items = await this.getItems(ids.map(identityKey));
    return items.map((item) => readTexts(item, ['clientName', 'authority']));
  }

  async findExternalClient(clientName: string): Promise<ExternalClientFacts | undefined> {
    const [item] = await this.getItems([clientKey(clientName)]);
    return item && readTexts(item, ['spiffeId', 'state', 'trustAnchor']);
  }

  private getItems(keys: readonly RegistryKey[]): Promise<readonly Item[]> {
    return batchGetItems(this.table, keys, AbortSignal.timeout(TIME_LIMIT));
  }
}

/** Absent attributes stay absent. An attribute that is not a string becomes an empty string, which no check accepts. */
function readTexts<N extends string>(item: Item, names: readonly N[]): Partial<Record<N, string>> {
  const found = names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name].S ?? '']]));
  return Object.fromEntries(found);
}
