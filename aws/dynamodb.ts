import { setTimeout as pause } from 'node:timers/promises';
import { AwsCallError, isAwsError } from './aws-error';
import type { AwsConnection } from './connection';
import { JsonCaller, type JsonObject } from './json-caller';
import type { RetryPolicy } from './retry';

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html */
interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly L?: readonly AttributeValue[];
}

export type Item = Readonly<Record<string, AttributeValue>>;

/** A key, or another object of plain values. */
type PlainObject = object;
type PlainValue = string | number | readonly string[] | undefined;

/** The attributes for an object's fields. Undefined fields are left out. */
export function toItem(record: PlainObject): Item {
  const fields: [string, PlainValue][] = Object.entries(record);
  return Object.fromEntries(
    fields.flatMap(([name, value]) => (value === undefined ? [] : [[name, attributeValue(value)]])),
  );
}

function attributeValue(value: Exclude<PlainValue, undefined>): AttributeValue {
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: String(value) };
  return { L: value.map((text) => ({ S: text })) };
}

export interface TableOptions {
  readonly name: string;
  readonly connection: AwsConnection;
  readonly retryPolicy: RetryPolicy;
}

/**
 * A DynamoDB table. The operations are functions, so that a bundle holds only those that it uses.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/Welcome.html
 */
export class Table {
  readonly name: string;
  private readonly caller: JsonCaller;

  constructor({ name, connection, retryPolicy }: TableOptions) {
    this.name = name;
    this.caller = new JsonCaller({
      service: {
        name: 'dynamodb',
        targetPrefix: 'DynamoDB_20120810',
        jsonVersion: '1.0',
        endpointVariable: 'DYNAMODB',
      },
      connection,
      retryPolicy,
    });
  }

  /** @throws AwsCallError */
  call(operation: string, input: JsonObject, signal: AbortSignal): Promise<JsonObject> {
    return this.caller.call(operation, input, signal);
  }
}

/** Reads see all earlier writes. */
export async function getItem(table: Table, key: PlainObject, signal: AbortSignal): Promise<Item | undefined> {
  const input = { TableName: table.name, Key: toItem(key), ConsistentRead: true };
  const { Item } = await table.call('GetItem', input, signal);
  return Item as Item | undefined;
}

/** The limit of the random delay before unprocessed keys are requested again. Milliseconds. */
const UNPROCESSED_DELAY = 50;

/**
 * The items with the keys, in any order, in one call. Reads see all earlier writes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
 */
export async function batchGetItems(
  table: Table,
  keys: readonly PlainObject[],
  signal: AbortSignal,
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const requested: JsonObject = { [table.name]: { Keys: keys.map(toItem), ConsistentRead: true } };
  for (let left = requested; Object.keys(left).length > 0; ) {
    const { Responses, UnprocessedKeys } = (await table.call('BatchGetItem', { RequestItems: left }, signal)) as {
      readonly Responses?: Readonly<Record<string, readonly Item[] | undefined>>;
      readonly UnprocessedKeys?: JsonObject;
    };
    if (Responses === undefined) throw new AwsCallError('dynamodb:BatchGetItem', 'InvalidAnswer', 'no responses');
    items.push(...(Responses[table.name] ?? []));
    left = UnprocessedKeys ?? {};
    if (Object.keys(left).length > 0) await pause(Math.random() * UNPROCESSED_DELAY, undefined, { signal });
  }
  return items;
}

/** All items of a query. Reads see all earlier writes, unless the query says otherwise. */
export async function* queryItems(table: Table, input: JsonObject, signal: AbortSignal): AsyncIterable<Item> {
  let start: unknown;
  do {
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    const page = await table.call('Query', { TableName: table.name, ConsistentRead: true, ...input, ...from }, signal);
    yield* (page['Items'] ?? []) as Item[];
    start = page['LastEvaluatedKey'];
  } while (start !== undefined);
}

/** Puts an item if the condition holds. @returns whether it did */
export function putItem(
  table: Table,
  item: PlainObject,
  { condition, values = {} }: { readonly condition: string; readonly values?: PlainObject },
  signal: AbortSignal,
): Promise<boolean> {
  return conditional(
    table.call(
      'PutItem',
      { TableName: table.name, Item: toItem(item), ConditionExpression: condition, ...expressionValues(values) },
      signal,
    ),
  );
}

/** A change of an item. */
export interface ItemChange {
  /** Attributes to write; undefined ones are removed. */
  readonly set?: PlainObject;
  /** Attributes to write if they are absent. */
  readonly setOnce?: PlainObject;
  /** May refer to every attribute of the change as `#name`, and to its new value as `:name`. */
  readonly condition?: string | undefined;
  /** Further values that the condition refers to. */
  readonly values?: PlainObject;
}

/** Changes an item, or creates it, if the condition holds. @returns whether it did */
export function updateItem(
  table: Table,
  key: PlainObject,
  { set = {}, setOnce = {}, condition, values = {} }: ItemChange,
  signal: AbortSignal,
): Promise<boolean> {
  const attributes: [string, PlainValue][] = Object.entries({ ...set, ...setOnce });
  const written = attributes.filter(([, value]) => value !== undefined).map(([name]) => name);
  const removed = attributes.filter(([, value]) => value === undefined).map(([name]) => name);
  const assignments = written.map((name) =>
    Object.hasOwn(setOnce, name) ? `#${name} = if_not_exists(#${name}, :${name})` : `#${name} = :${name}`,
  );
  const removal = removed.length > 0 ? ` REMOVE ${removed.map((name) => `#${name}`).join(', ')}` : '';
  const input = {
    TableName: table.name,
    Key: toItem(key),
    UpdateExpression: `${assignments.length > 0 ? `SET ${assignments.join(', ')}` : ''}${removal}`,
    // Placeholders, because many words are reserved, such as `state` and `status`.
    ExpressionAttributeNames: Object.fromEntries([...written, ...removed].map((name) => [`#${name}`, name])),
    ...expressionValues({ ...Object.fromEntries(attributes.map(([name, value]) => [`:${name}`, value])), ...values }),
    ...(condition !== undefined && { ConditionExpression: condition }),
  };
  return conditional(table.call('UpdateItem', input, signal));
}

/** Deletes an item if the condition holds. @returns whether it did */
export function deleteItem(
  table: Table,
  key: PlainObject,
  { condition, values = {} }: { readonly condition: string; readonly values?: PlainObject },
  signal: AbortSignal,
): Promise<boolean> {
  const input = {
    TableName: table.name,
    Key: toItem(key),
    ConditionExpression: condition,
    ...expressionValues(values),
  };
  return conditional(table.call('DeleteItem', input, signal));
}

/** DynamoDB rejects an empty map. */
function expressionValues(values: PlainObject) {
  const item = toItem(values);
  return Object.keys(item).length > 0 ? { ExpressionAttributeValues: item } : {};
}

async function conditional(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (isAwsError(error, 'ConditionalCheckFailedException')) return false;
    throw error;
  }
}
