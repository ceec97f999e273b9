import { setTimeout as pause } from 'node:timers/promises';
import { identityKey, type RegistryIdentity } from '../mesh/external-clients';
import { type Item, keyOf, toItem } from './items';
import { certificateKey, clientKey, type RegistryKey } from './records';
import type { ExternalReader, ExternalStanding } from '../lambda/authorizer/external-callers';
import type { Standing, StandingReader } from '../lambda/authorizer/issued-callers';
import { AwsCallError } from '../aws/aws-error';
import { dynamoDb } from '../aws/dynamodb';
import type { JsonDocument, JsonService } from '../aws/json-service';

/** API Gateway waits at most 10 seconds for its authorizer; the caller waits with it. */
const PATIENCE_MS = 4_000;

/** DynamoDB may leave keys to be asked for again. */
const LONGEST_PAUSE_MS = 50;

/**
 * The registry's table, read for one decision: all that stands under several keys in one call.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export class StandingTable implements StandingReader, ExternalReader {
  private readonly service: JsonService;

  constructor(
    private readonly table: string,
    environment: NodeJS.ProcessEnv,
  ) {
    this.service = dynamoDb({ attempts: 3, milliseconds: 1_000 }, environment);
  }

  /** @throws AwsCallError */
  async read(clientName: string, fingerprint: string): Promise<Standing> {
    const keys = [clientKey(clientName), certificateKey(clientName, fingerprint)];
    const items = await this.getItems(keys);
    const [client, certificate] = keys.map(({ sortKey }) => items.find((item) => keyOf(item).sortKey === sortKey));
    return {
      client: client && { spiffeId: textOf(client, 'spiffeId'), state: textOf(client, 'state') },
      certificate: certificate && {
        spiffeId: textOf(certificate, 'spiffeId'),
        status: textOf(certificate, 'status'),
        refuseAfter: textOf(certificate, 'refuseAfter'),
      },
    };
  }

  /** @throws AwsCallError */
  async readIdentities(ids: readonly string[]): Promise<readonly Readonly<Partial<RegistryIdentity>>[]> {
    const items = await this.getItems(ids.map(identityKey));
    return items.map((item) => ({ clientName: textOf(item, 'clientName'), authority: textOf(item, 'authority') }));
  }

  /** @throws AwsCallError */
  async readExternalClient(clientName: string): Promise<ExternalStanding | undefined> {
    const [item] = await this.getItems([clientKey(clientName)]);
    return (
      item && {
        spiffeId: textOf(item, 'spiffeId'),
        state: textOf(item, 'state'),
        trustAnchor: textOf(item, 'trustAnchor'),
      }
    );
  }

  private async getItems(keys: readonly RegistryKey[]): Promise<readonly Item[]> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const items: Item[] = [];
    const requested: JsonDocument = { [this.table]: { Keys: keys.map(toItem), ConsistentRead: true } };
    for (let left = requested; Object.keys(left).length > 0; ) {
      const { Responses, UnprocessedKeys } = (await this.service.call(
        'BatchGetItem',
        { RequestItems: left },
        signal,
      )) as {
        readonly Responses?: Readonly<Record<string, readonly Item[] | undefined>>;
        readonly UnprocessedKeys?: JsonDocument;
      };
      if (Responses === undefined) throw new AwsCallError('dynamodb:BatchGetItem', 'InvalidAnswer', 'no responses');
      items.push(...(Responses[this.table] ?? []));
      left = UnprocessedKeys ?? {};
      if (Object.keys(left).length > 0) await pause(Math.random() * LONGEST_PAUSE_MS, undefined, { signal });
    }
    return items;
  }
}

/** Undefined for an attribute that is not there; empty, and so never what is hoped for, when it is no text. */
function textOf(item: Item, name: string): string | undefined {
  const value = item[name];
  return value && (value.S ?? '');
}
