import { AwsError, type ConditionKeys } from '../../../endpoint/api';
import { holds } from './conditions';
import { arnLike, like } from './pattern';
import type { Patterns, Policy, Principals, Statement } from './policy';

export interface AccessRequest {
  readonly principal: Principal;
  /** Such as `acm-pca:IssueCertificate`. */
  readonly action: string;
  /** An ARN, or `*`. Absent for a trust policy, which applies to its own role. */
  readonly resource?: string;
  readonly context: ConditionKeys;
}

/** An IAM role or user, or an AWS service. */
type Principal = { readonly arn: string; readonly account: string } | { readonly service: string };

export type PolicyDecision = 'allowed' | 'denied by identity' | 'denied by resource' | 'not allowed';

/**
 * Evaluates a request within one account. An explicit deny in any policy denies it. Otherwise one Allow, in a policy of
 * the principal or of the resource, allows it. An Allow of a resource policy for the whole account only delegates to
 * the principal's own policies.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 */
export function evaluate(
  request: AccessRequest,
  identityPolicies: readonly Policy[],
  resourcePolicy: Policy = [],
): PolicyDecision {
  const ofIdentity = identityPolicies.flat().filter((statement) => applies(statement, request));
  const ofResource = resourcePolicy.filter((statement) => applies(statement, request));

  if (ofIdentity.some(({ effect }) => effect === 'Deny')) return 'denied by identity';
  if (ofResource.some((one) => one.effect === 'Deny' && includes(one, request.principal))) return 'denied by resource';
  if (ofIdentity.some(({ effect }) => effect === 'Allow')) return 'allowed';
  if (ofResource.some((one) => one.effect === 'Allow' && names(one, request.principal))) return 'allowed';
  return 'not allowed';
}

function applies({ actions, resources, conditions }: Statement, { action, resource, context }: AccessRequest): boolean {
  return (
    matches(actions, (pattern) => like(pattern.toLowerCase(), action.toLowerCase(), {})) &&
    (resource === undefined || matches(resourcesOf(resources), (pattern) => isResource(pattern, resource, context))) &&
    conditions.every((condition) => holds(condition, context))
  );
}

function matches({ patterns, negated }: Patterns, matchesOne: (pattern: string) => boolean): boolean {
  return patterns.some(matchesOne) !== negated;
}

function isResource(pattern: string, resource: string, context: ConditionKeys): boolean {
  return pattern === '*' || arnLike(pattern, resource, context);
}

function resourcesOf(resources: Patterns | undefined): Patterns {
  if (resources !== undefined) return resources;
  throw new AwsError('MalformedPolicyDocument', 'a statement must have Resource or NotResource');
}

/** Whether the statement names the principal itself. `*` includes everyone except AWS services. */
function names(statement: Statement, principal: Principal): boolean {
  const { aws, services } = principalsOf(statement);
  if ('service' in principal) return services.includes(principal.service);
  return aws.includes(principal.arn) || aws.includes('*');
}

/** Whether the statement names the principal, its account, or everyone. */
function includes(statement: Statement, principal: Principal): boolean {
  const { aws } = principalsOf(statement);
  if (names(statement, principal) || aws.includes('*')) return true;
  if ('service' in principal) return false;
  return aws.some((one) => one === principal.account || one.endsWith(`:iam::${principal.account}:root`));
}

function principalsOf({ principals }: Statement): Principals {
  if (principals !== undefined) return principals;
  throw new AwsError('MalformedPolicyDocument', "a statement of a resource's policy must have a Principal");
}
