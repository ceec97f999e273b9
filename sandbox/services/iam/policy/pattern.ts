import { AwsError, type ConditionKeys } from '../../../endpoint/api';

/**
 * The values of a context key in the request, with a case-insensitive name. Undefined if the request doesn't have the
 * key.
 */
export function contextValues(context: ConditionKeys, key: string): readonly string[] | undefined {
  const entry = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase());
  if (entry === undefined) return undefined;
  const values = typeof entry[1] === 'string' ? [entry[1]] : entry[1];
  return values.length > 0 ? values : undefined;
}

/** Whether `value` equals `text` after its policy variables are replaced. */
export function equals(text: string, value: string, context: ConditionKeys): boolean {
  return test(text, value, context, literally);
}

/** Like `equals`, with the wildcards `*` for any characters and `?` for one character. */
export function like(pattern: string, value: string, context: ConditionKeys): boolean {
  return test(pattern, value, context, (text) => literally(text).replaceAll('\\*', '.*').replaceAll('\\?', '.'));
}

/**
 * Like `like`, for each of the six parts of an ARN: wildcards don't match colons except in the last part. In AWS, a `*`
 * at the end of a part can match more, but AWS recommends not to rely on that.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function arnLike(pattern: string, arn: string, context: ConditionKeys): boolean {
  if (!isArnPattern(pattern)) return false;
  const patterns = sixParts(pattern.split(COLON_OUTSIDE_VARIABLES));
  const values = sixParts(arn.split(':'));
  return values.length === 6 && patterns.every((part, i) => like(part, values[i] ?? '', context));
}

/** Whether the text has the six parts of an ARN. */
export function isArnPattern(text: string): boolean {
  return text.split(COLON_OUTSIDE_VARIABLES).length >= 6;
}

const COLON_OUTSIDE_VARIABLES = /:(?![^{}]*\})/;

function sixParts(parts: readonly string[]): readonly string[] {
  return parts.length > 6 ? [...parts.slice(0, 5), parts.slice(5).join(':')] : parts;
}

/** `${key}`. `${*}`, `${?}`, and `${$}` are literal characters. */
const VARIABLE = /\$\{([^}]*)\}/;

/**
 * A variable without a value in the request matches nothing.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
 */
function test(pattern: string, value: string, context: ConditionKeys, toSource: (text: string) => string): boolean {
  let source = '';
  for (const [i, piece] of pattern.split(VARIABLE).entries()) {
    const isVariable = i % 2 === 1;
    const replacement = isVariable ? variableValue(piece, context) : undefined;
    if (isVariable && replacement === undefined) return false;
    source += replacement === undefined ? toSource(piece) : literally(replacement);
  }
  return new RegExp(`^${source}$`, 's').test(value);
}

function variableValue(name: string, context: ConditionKeys): string | undefined {
  if (['*', '?', '$'].includes(name)) return name;
  if (!/^[\w:/.-]+$/.test(name)) {
    throw new AwsError('MalformedPolicyDocument', `the sandbox does not support the policy variable \${${name}}`);
  }
  const values = contextValues(context, name);
  return values?.length === 1 ? values[0] : undefined;
}

function literally(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
