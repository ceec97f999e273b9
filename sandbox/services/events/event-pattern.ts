import { AwsError } from '../../endpoint/api';

/** Whether an event matches a rule. */
export type EventPattern = (event: Readonly<Record<string, unknown>>) => boolean;

/** Whether the value of a field matches. The value is `undefined` for an absent field. */
type Matcher = (value: unknown) => boolean;

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Every field of the pattern must be in the event, with one of the given values. A list matches if one of its elements
 * does. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html
 *
 * The sandbox supports the comparison operators `prefix`, `suffix`, `equals-ignore-case`, `anything-but` for values,
 * and `exists`. All others fail with their name.
 * @throws AwsError `InvalidEventPatternException`
 */
export function parseEventPattern(pattern: unknown): EventPattern {
  const fields = Object.entries(objectIn(pattern, 'the pattern')).map(([name, condition]) => {
    if (name === '$or') throw invalid('the sandbox does not support $or');
    return [name, Array.isArray(condition) ? anyOf(condition) : nested(condition)] as const;
  });
  return (event) => fields.every(([name, fits]) => fits(event[name]));
}

function nested(condition: unknown): Matcher {
  const fits = parseEventPattern(condition);
  return (value) => isObject(value) && fits(value);
}

function anyOf(conditions: readonly unknown[]): Matcher {
  if (conditions.length === 0) throw invalid('a list of values must not be empty');
  const matchers = conditions.map(matcherOf);
  return (value) => {
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return values.some((one) => matchers.some((fits) => fits(one)));
  };
}

function matcherOf(condition: unknown): Matcher {
  if (!isObject(condition)) return (value) => value === condition;
  const [[operator, operand] = [], ...others] = Object.entries(condition);
  if (operator === undefined || others.length > 0) throw invalid('a comparison must have exactly one operator');
  switch (operator) {
    case 'prefix':
      return comparison(operator, operand, (text, prefix) => text.startsWith(prefix));
    case 'suffix':
      return comparison(operator, operand, (text, suffix) => text.endsWith(suffix));
    case 'equals-ignore-case':
      return comparison(operator, operand, (text, other) => text.toLowerCase() === other.toLowerCase());
    case 'exists':
      return (value) => (value !== undefined) === operand;
    case 'anything-but': {
      const excluded: readonly unknown[] = [operand].flat();
      if (excluded.some(isObject)) throw invalid('the sandbox knows anything-but for values only');
      return (value) => value !== undefined && !excluded.includes(value);
    }
    default:
      throw invalid(`the sandbox does not support the comparison ${operator}`);
  }
}

function comparison(operator: string, operand: unknown, fits: (text: string, operand: string) => boolean): Matcher {
  if (typeof operand !== 'string') throw invalid(`the sandbox knows ${operator} for a string only`);
  return (value) => typeof value === 'string' && fits(value, operand);
}

function objectIn(value: unknown, what: string): JsonObject {
  if (isObject(value)) return value;
  throw invalid(`${what} must be an object, and a value in it a list`);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${reason}`);
}
