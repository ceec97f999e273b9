import { BlockList, isIP, isIPv4 } from 'node:net';
import { AwsError, type ConditionKeys } from '../../../endpoint/api';
import { arnLike, contextValues, equals, like } from './pattern';

/** A context key and an operator in a statement's `Condition`. */
export interface Condition {
  readonly key: string;
  readonly expected: readonly string[];
  readonly operator: Operator;
}

/** `Null` tests whether the key exists. All other operators compare its values. */
type Operator = 'Null' | ValueOperator;

interface ValueOperator {
  readonly quantifier?: 'ForAnyValue' | 'ForAllValues';
  readonly compare: Comparison;
  readonly negated: boolean;
  /** True if the request doesn't have the key. */
  readonly ifExists: boolean;
}

type Comparison = (expected: string, value: string, context: ConditionKeys) => boolean;

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  StringEquals: equals,
  StringLike: like,
  ArnEquals: arnLike,
  ArnLike: arnLike,
  Bool: equalsIgnoreCase,
  StringEqualsIgnoreCase: equalsIgnoreCase,
  ...orders('Numeric', number),
  ...orders('Date', dateTime),
  IpAddress: isInBlock,
};

function equalsIgnoreCase(expected: string, value: string): boolean {
  return expected.toLowerCase() === value.toLowerCase();
}

/** The operators that compare by a number. What isn't one compares with nothing. */
function orders(type: 'Numeric' | 'Date', read: (text: string) => number): Record<string, Comparison> {
  return {
    [`${type}Equals`]: (expected, value) => read(value) === read(expected),
    [`${type}LessThan`]: (expected, value) => read(value) < read(expected),
    [`${type}LessThanEquals`]: (expected, value) => read(value) <= read(expected),
    [`${type}GreaterThan`]: (expected, value) => read(value) > read(expected),
    [`${type}GreaterThanEquals`]: (expected, value) => read(value) >= read(expected),
  };
}

function number(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** In ISO 8601, or seconds since 1970. */
function dateTime(text: string): number {
  return /^\d{5,}$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

/** An address, or a block of addresses in CIDR notation. */
function isInBlock(expected: string, value: string): boolean {
  const [address = '', prefix = isIPv4(address) ? '32' : '128'] = expected.split('/');
  const family = isIPv4(address) ? 'ipv4' : 'ipv6';
  if (isIP(address) === 0 || isIP(value) === 0) return false;
  const block = new BlockList();
  block.addSubnet(address, Number(prefix), family);
  return block.check(value, isIPv4(value) ? 'ipv4' : 'ipv6');
}

/**
 * @throws AwsError for an operator that the sandbox doesn't support, because ignoring it could allow what AWS denies
 */
export function parseConditions(condition: Readonly<Record<string, unknown>>): readonly Condition[] {
  return Object.entries(condition).flatMap(([operatorName, keys]) => {
    const operator = parseOperator(operatorName);
    return Object.entries(keys as object).map(([key, expected]) => ({
      key,
      expected: [expected].flat().map(String),
      operator,
    }));
  });
}

function parseOperator(text: string): Operator {
  if (text === 'Null') return text;
  // No quantifier together with IfExists, because its meaning for an absent key isn't documented.
  const [, quantifier, ofSet, ofOne = '', ifExists] =
    /^(?:(ForAnyValue|ForAllValues):(\w+)|(\w+?)(IfExists)?)$/.exec(text) ?? [];
  const base = ofSet ?? ofOne;
  const name = base.replace(/^(String|Arn|Numeric|Date)Not/, '$1').replace(/^NotIp/, 'Ip');
  const compare = Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
  if (compare === undefined) {
    throw new AwsError('MalformedPolicyDocument', `the sandbox does not support the condition operator ${text}`);
  }
  return {
    quantifier: quantifier as ValueOperator['quantifier'],
    compare,
    negated: name !== base,
    ifExists: ifExists !== undefined,
  };
}

/**
 * Sources: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html, and
 * for sets
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
 */
export function holds({ key, expected, operator }: Condition, context: ConditionKeys): boolean {
  const values = contextValues(context, key);
  if (operator === 'Null') return expected.includes(String(values === undefined));
  if (values === undefined) return holdsWithoutKey(operator);

  const agrees = (value: string) => expected.some((one) => operator.compare(one, value, context)) !== operator.negated;
  if (operator.quantifier === 'ForAllValues') return values.every(agrees);
  if (operator.quantifier === 'ForAnyValue') return values.some(agrees);
  if (values.length > 1) {
    throw new AwsError(
      'MalformedPolicyDocument',
      `${key} has many values: compare it with ForAnyValue or ForAllValues`,
    );
  }
  return values.every(agrees);
}

function holdsWithoutKey({ quantifier, negated, ifExists }: ValueOperator): boolean {
  if (ifExists || quantifier === 'ForAllValues') return true;
  return negated && quantifier === undefined;
}
