import { AwsError } from '../../../endpoint/api';
import { type Condition, parseConditions } from './conditions';
import { isArnPattern } from './pattern';

/** A policy document that the sandbox supports completely. */
export type Policy = readonly Statement[];

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  /** Absent in identity-based policies. */
  readonly principals?: Principals;
  readonly actions: Patterns;
  /** Absent in trust policies, which apply to their own role. */
  readonly resources?: Patterns;
  readonly conditions: readonly Condition[];
}

export interface Principals {
  /** Account IDs and ARNs. `*` is everyone. */
  readonly aws: readonly string[];
  /** Such as `lambda.amazonaws.com`. */
  readonly services: readonly string[];
}

export interface Patterns {
  readonly patterns: readonly string[];
  /** For `NotAction` and `NotResource`. */
  readonly negated: boolean;
}

const ELEMENTS = ['Sid', 'Effect', 'Principal', 'Action', 'NotAction', 'Resource', 'NotResource', 'Condition'];

/**
 * Reads a policy document of a template or a caller.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
 * @throws AwsError `MalformedPolicyDocument` with the element that the sandbox doesn't support
 */
export function parsePolicy(document: unknown): Policy {
  if (!isRecord(document)) throw malformed('a policy document must be an object');
  // In older versions, policy variables are plain text.
  if (document.Version !== '2012-10-17') throw malformed('the sandbox knows policies of the Version 2012-10-17 only');
  return [document.Statement].flat().map(parseStatement);
}

function parseStatement(statement: unknown): Statement {
  if (!isRecord(statement)) throw malformed('a statement must be an object');
  const unknown = Object.keys(statement).find((element) => !ELEMENTS.includes(element));
  if (unknown !== undefined) throw malformed(`the sandbox does not support the statement element ${unknown}`);
  const { Effect: effect } = statement;
  if (effect !== 'Allow' && effect !== 'Deny') throw malformed(`Effect must be Allow or Deny, got ${String(effect)}`);
  const actions = parsePatterns(statement, 'Action');
  if (actions === undefined) throw malformed('a statement must have Action or NotAction');
  return {
    effect,
    principals: statement.Principal === undefined ? undefined : parsePrincipals(statement.Principal),
    actions,
    resources: parseResources(statement),
    conditions: statement.Condition === undefined ? [] : parseConditions(recordOf(statement.Condition, 'Condition')),
  };
}

function parseResources(statement: Readonly<Record<string, unknown>>): Patterns | undefined {
  const resources = parsePatterns(statement, 'Resource');
  const notArn = resources?.patterns.find((pattern) => pattern !== '*' && !isArnPattern(pattern));
  if (notArn !== undefined) throw malformed(`a resource must be an ARN of six parts or *, got ${notArn}`);
  // AWS doesn't document what a variable without a value excludes.
  if (resources?.negated && resources.patterns.some((pattern) => pattern.includes('${'))) {
    throw malformed('the sandbox does not support policy variables in NotResource');
  }
  return resources;
}

function parsePatterns(statement: Readonly<Record<string, unknown>>, element: string): Patterns | undefined {
  const negated = statement[element] === undefined;
  const value = negated ? statement[`Not${element}`] : statement[element];
  return value === undefined ? undefined : { patterns: strings(value, element), negated };
}

function parsePrincipals(principal: unknown): Principals {
  if (principal === '*') return { aws: ['*'], services: [] };
  // Identity providers and canonical users call nothing in the sandbox.
  const {
    AWS: aws = [],
    Service: services = [],
    Federated: _f,
    CanonicalUser: _c,
    ...others
  } = recordOf(principal, 'Principal');
  const [other] = Object.keys(others);
  if (other !== undefined) throw malformed(`the sandbox does not support the principal type ${other}`);
  const partial = strings(aws, 'Principal').find((arn) => arn !== '*' && /[*?]/.test(arn));
  if (partial !== undefined) throw malformed(`a principal can't hold a wildcard: ${partial}`);
  // Sessions have other names on AWS. Ignoring one could allow what AWS denies.
  const session = strings(aws, 'Principal').find((arn) => /^arn:[^:]*:sts:/.test(arn));
  if (session !== undefined) throw malformed(`the sandbox does not support the session ${session} as a principal`);
  return { aws: strings(aws, 'Principal'), services: strings(services, 'Principal') };
}

function strings(value: unknown, element: string): readonly string[] {
  const values: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!values.every((one) => typeof one === 'string')) throw malformed(`${element} must hold strings only`);
  return values;
}

function recordOf(value: unknown, element: string): Readonly<Record<string, unknown>> {
  if (!isRecord(value)) throw malformed(`${element} must be an object`);
  return value;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function malformed(message: string): AwsError {
  return new AwsError('MalformedPolicyDocument', message);
}
