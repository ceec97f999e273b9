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
  Bool: (expected, value) => expected.toLowerCase() === value.toLowerCase(),
};

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
  const name = base.replace(/^(String|Arn)Not/, '$1');
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
