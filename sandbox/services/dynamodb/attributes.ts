import type { ConditionKeys } from '../../endpoint/api';
import type { JsonDocument } from '../../endpoint/json-protocol';

const EXPRESSIONS = [
  'ConditionExpression',
  'FilterExpression',
  'KeyConditionExpression',
  'ProjectionExpression',
  'UpdateExpression',
] as const;

/** The parameters that older requests have instead of expressions. */
const LEGACY = ['AttributeUpdates', 'Expected', 'KeyConditions', 'QueryFilter', 'ScanFilter'] as const;

const KEYWORDS = new Set(['ADD', 'AND', 'BETWEEN', 'DELETE', 'IN', 'NOT', 'OR', 'REMOVE', 'SET']);

/** A name, a placeholder, or a value, without what follows a dot: a path begins with the attribute. */
const TOKENS = /(?<![\w.#:])(?:[#:]\w+|[A-Za-z_]\w*)(\s*\()?/g;

/**
 * `dynamodb:Attributes`: the top-level attributes that a request names. Absent from a request that names none.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
 */
export function attributeKeys(input: JsonDocument): ConditionKeys {
  const names = attributesIn(input);
  return names.length > 0 ? { 'dynamodb:Attributes': names } : {};
}

function attributesIn(input: JsonDocument): readonly string[] {
  const { Key, Item, AttributesToGet, ExpressionAttributeNames } = input;
  const placeholders = { ...Object(ExpressionAttributeNames) } as Readonly<Record<string, unknown>>;
  const inExpressions = EXPRESSIONS.flatMap((name) => namesIn(input[name]));
  const names = [
    ...Object.keys({ ...Object(Key) }),
    ...Object.keys({ ...Object(Item) }),
    ...LEGACY.flatMap((name) => Object.keys({ ...Object(input[name]) })),
    ...(Array.isArray(AttributesToGet) ? AttributesToGet.map(String) : []),
    ...inExpressions.map((name) => (name.startsWith('#') ? String(placeholders[name]) : name)),
  ];
  return [...new Set(names)].sort();
}

function namesIn(expression: unknown): readonly string[] {
  if (typeof expression !== 'string') return [];
  return [...expression.matchAll(TOKENS)]
    .filter(([name, call]) => call === undefined && !name.startsWith(':') && !KEYWORDS.has(name.toUpperCase()))
    .map(([name]) => name);
}
