import { isDeepStrictEqual } from 'node:util';
import type { GlobalSecondaryIndex } from '@aws-sdk/client-dynamodb';
import type { AwsAnswer } from '../sandbox/endpoint/api';
import type { JsonDocument } from '../sandbox/endpoint/json-protocol';
import { registryTable } from '../test/registry/registry-table';
import type { CloudCall, InProcessCloud } from './in-process-cloud';
import { REGISTRY_TABLE } from './simulated-mesh';
import { UNIT_PRICES } from './unit-prices';

export type Item = Readonly<Record<string, JsonDocument>>;

export interface BillOptions {
  /** The names of the table's keys. */
  readonly keys: readonly string[];
  readonly indexes: readonly GlobalSecondaryIndex[];
  /** Reads an item free of charge. */
  item(key: unknown): Promise<Item | undefined>;
}

/**
 * The operations that share a quota.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
 */
export const SECRET_CHANGES: ReadonlySet<string> = new Set(['PutSecretValue', 'UpdateSecretVersionStage']);

/**
 * What calls and log entries are charged with.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
export class Bill {
  readUnits = 0;
  writeUnits = 0;
  events = 0;
  /** Calls of Secrets Manager, and those of them that share the quota of changes. */
  secretCalls = 0;
  secretChanges = 0;
  /** Certificates that ACM PCA issued. They are not part of `dollars`, because their price depends on the authority. */
  certificates = 0;
  private logBytes = 0;

  constructor(private readonly options: BillOptions) {}

  /** The price of an invocation. Dollars. */
  static functionTime(seconds: number, gigabytes: number): number {
    return seconds * gigabytes * UNIT_PRICES.gigabyteSecond.dollars;
  }

  chargeLog(entry: object): void {
    this.logBytes += Buffer.byteLength(JSON.stringify(entry));
  }

  /** Makes a call, and adds what it costs. */
  async charge({ service, operation, input }: CloudCall, call: () => Promise<AwsAnswer>): Promise<AwsAnswer> {
    if (operation === 'UpdateItem') return this.chargeWrite(input['Key'], call);
    if (operation === 'PutItem') return this.chargeWrite(this.keyOf(input['Item']), call);
    const answer = await call();
    if (service === 'secretsmanager') {
      this.secretCalls += 1;
      if (SECRET_CHANGES.has(operation)) this.secretChanges += 1;
    } else if (service === 'acm-pca')
      this.certificates += operation === 'IssueCertificate' && answer.status === 200 ? 1 : 0;
    else this.chargeAnswer(operation, input, JSON.parse(String(answer.body)));
    return answer;
  }

  private chargeAnswer(operation: string, input: JsonDocument, output: JsonDocument): void {
    const isConsistent = input['ConsistentRead'];
    if (operation === 'PutEvents') this.events += (output['Entries'] as readonly unknown[]).length;
    else if (operation === 'GetItem') this.readUnits += readUnits(sizeOf(output['Item'] as Item), isConsistent);
    else if (operation === 'Query') {
      this.readUnits += readUnits(sum((output['Items'] as readonly Item[]).map(sizeOf)), isConsistent);
    } else if (operation === 'BatchGetItem') {
      const items = Object.values(output['Responses'] as Readonly<Record<string, readonly Item[]>>).flat();
      this.readUnits += sum(items.map((item) => readUnits(sizeOf(item), true)));
    } else throw new Error(`the bill has no price for ${operation}`);
  }

  private keyOf(item: unknown): Item {
    const names = new Set(this.options.keys);
    return Object.fromEntries(Object.entries(item as Item).filter(([name]) => names.has(name)));
  }

  /** The price of what was charged so far. Dollars. */
  get dollars(): number {
    return (
      this.readUnits * UNIT_PRICES.readUnit.dollars +
      this.writeUnits * UNIT_PRICES.writeUnit.dollars +
      this.events * UNIT_PRICES.event.dollars +
      this.secretCalls * UNIT_PRICES.secretCall.dollars +
      this.logBytes * UNIT_PRICES.logByte.dollars
    );
  }

  /**
   * Each index that contains the item is written too. A change of an index's key deletes one entry and puts another.
   * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
   */
  private async chargeWrite(key: unknown, write: () => Promise<AwsAnswer>): Promise<AwsAnswer> {
    const { keys, indexes, item } = this.options;
    const before = await item(key);
    const result = await write();
    const after = await item(key);
    this.writeUnits += writeUnits(Math.max(sizeOf(before), sizeOf(after)));
    for (const index of indexes) {
      const [old, current] = [before, after].map((image) => entryOf(image, index, keys));
      if (isDeepStrictEqual(old, current)) continue;
      const isMoved = old !== undefined && current !== undefined && !hasSameKey(old, current, index);
      if (isMoved) this.writeUnits += writeUnits(sizeOf(old)) + writeUnits(sizeOf(current));
      else this.writeUnits += writeUnits(Math.max(sizeOf(old), sizeOf(current)));
    }
    return result;
  }
}

/** A bill for calls of a cloud that has a registry. */
export function registryBill(cloud: InProcessCloud): Bill {
  const { KeySchema = [], GlobalSecondaryIndexes = [] } = registryTable();
  return new Bill({
    keys: KeySchema.map(({ AttributeName }) => String(AttributeName)),
    indexes: GlobalSecondaryIndexes,
    item: async (Key) =>
      (await cloud.dynamoDb('GetItem', { TableName: REGISTRY_TABLE, Key }))['Item'] as Item | undefined,
  });
}

/** What an index holds of an item. Undefined without a key of the index. */
function entryOf(
  item: Item | undefined,
  { KeySchema = [], Projection }: GlobalSecondaryIndex,
  tableKeys: readonly string[],
): Item | undefined {
  const keys = KeySchema.map(({ AttributeName }) => String(AttributeName));
  if (item === undefined || keys.some((name) => item[name] === undefined)) return undefined;
  const { ProjectionType, NonKeyAttributes = [] } = Projection ?? {};
  const projected = new Set([...tableKeys, ...keys, ...NonKeyAttributes]);
  const attributes = Object.entries(item).filter(([name]) => ProjectionType === 'ALL' || projected.has(name));
  return Object.fromEntries(attributes);
}

function hasSameKey(one: Item, other: Item, { KeySchema = [] }: GlobalSecondaryIndex): boolean {
  return KeySchema.every(({ AttributeName: name }) => isDeepStrictEqual(one[String(name)], other[String(name)]));
}

function readUnits(bytes: number, isConsistent: unknown): number {
  return Math.max(Math.ceil(bytes / 4096), 1) * (isConsistent === true ? 1 : 0.5);
}

function writeUnits(bytes: number): number {
  return Math.max(Math.ceil(bytes / 1024), 1);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Bytes of names and values. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function sizeOf(item: Item | undefined): number {
  return sum(Object.entries(item ?? {}).map(([name, value]) => Buffer.byteLength(name) + valueSize(value)));
}

function valueSize({ S, N, L }: JsonDocument): number {
  if (typeof S === 'string') return Buffer.byteLength(S);
  if (typeof N === 'string') return Math.ceil(N.length / 2) + 1;
  if (Array.isArray(L)) return 3 + sum(L.map((element) => 1 + valueSize(element)));
  throw new Error('the bill knows strings, numbers, and lists');
}
