import type { AwsConnection } from '../aws/connection';
import { batchGetItems, type Item, Table } from '../aws/dynamodb';
import { ALL_CLIENTS } from '../mesh/grant';
import { type HeldGrant, heldGrant } from './admission';
import {
  certificateKey,
  clientKey,
  grantsKey,
  identityKey,
  isGrantsAttribute,
  type RegistryIdentity,
  type RegistryKey,
} from './records';
import type { CertificateFacts, ClientFacts } from './status';

/** The registry's data about a client, and one of its certificates. Undefined for an item that doesn't exist. */
export interface IssuedFacts {
  readonly client: ClientFacts | undefined;
  readonly certificate: CertificateFacts | undefined;
  readonly grants: readonly HeldGrant[];
}

/** The registry's data about an external client. */
export interface ExternalClientFacts {
  /** `trustAnchor` is absent for a client that has only issued certificates. */
  readonly client: (ClientFacts & { readonly trustAnchor?: string }) | undefined;
  readonly grants: readonly HeldGrant[];
}

/** Less than the 10 seconds for which API Gateway waits for an authorizer. Milliseconds. */
const TIME_LIMIT = 4_000;

/**
 * Reads the data for the authorizer's decisions. The grants of all clients are read by themselves: an item that every lookup reads
 * would take all reads of one partition, which serves 3,000 a second.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html
 *
 * Every method makes one call and throws `AwsCallError` if it fails. */
export class RegistryLookup {
  private readonly table: Table;

  constructor(tableName: string, connection: AwsConnection) {
    const retryPolicy = { attempts: 3, timeout: 1_000, backoff: { first: 50, longest: 5_000 } };
    this.table = new Table({ name: tableName, connection, retryPolicy });
  }

  async findIssued(clientName: string, fingerprint: string): Promise<IssuedFacts> {
    const ofCertificate = certificateKey(clientName, fingerprint);
    const items = await this.getItems([ofCertificate, ...keysOfClient(clientName)]);
    const certificate = items.find((item) => item['sortKey']?.S === ofCertificate.sortKey);
    const client = clientIn(items);
    return {
      client: client && readTexts(client, ['spiffeId', 'state']),
      certificate:
        certificate && readTexts(certificate, ['spiffeId', 'status', 'notBefore', 'notAfter', 'refuseAfter']),
      grants: grantsIn(items),
    };
  }

  /** The identities with these IDs, in any order. IDs that don't exist are left out. */
  async findIdentities(ids: readonly string[]): Promise<readonly Readonly<Partial<RegistryIdentity>>[]> {
    const items = await this.getItems(ids.map(identityKey));
    return items.map((item) => readTexts(item, ['clientName', 'authority']));
  }

  async findExternalClient(clientName: string): Promise<ExternalClientFacts> {
    const items = await this.getItems(keysOfClient(clientName));
    const client = clientIn(items);
    return { client: client && readTexts(client, ['spiffeId', 'state', 'trustAnchor']), grants: grantsIn(items) };
  }

  async findGrantsOfAllClients(): Promise<readonly HeldGrant[]> {
    return grantsIn(await this.getItems([grantsKey(ALL_CLIENTS)]));
  }

  private getItems(keys: readonly RegistryKey[]): Promise<readonly Item[]> {
    return batchGetItems(this.table, keys, AbortSignal.timeout(TIME_LIMIT));
  }
}

/** The client, and the grants that it has by its name. */
function keysOfClient(clientName: string): readonly RegistryKey[] {
  return [clientKey(clientName), grantsKey(clientName)];
}

function clientIn(items: readonly Item[]): Item | undefined {
  return items.find((item) => item['sortKey']?.S === clientKey('').sortKey);
}

/** Leaves out what is malformed, so that it lets nothing in. */
function grantsIn(items: readonly Item[]): readonly HeldGrant[] {
  return items
    .filter((item) => item['sortKey']?.S === grantsKey('').sortKey)
    .flatMap((item) => Object.entries(item).filter(([name]) => isGrantsAttribute(name)))
    .flatMap(([, value]) => value.L ?? [])
    .flatMap(({ S: entry = '' }) => heldGrant(entry) ?? []);
}

/** Absent attributes stay absent. An attribute that is not a string becomes an empty string, which no check accepts. */
function readTexts<N extends string>(item: Item, names: readonly N[]): Partial<Record<N, string>> {
  const found = names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name].S ?? '']]));
  return Object.fromEntries(found);
}
