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

export type PolicyDecision =
  | 'allowed'
  | 'denied by identity'
  | 'denied by boundary'
  | 'denied by resource'
  | 'not allowed'
  | 'not allowed by boundary'
  | 'not allowed by resource';

export interface Policies {
  /** Those of the caller. */
  readonly ofIdentity?: readonly Policy[];
  readonly ofResource?: Policy | undefined;
  /** The limit of the caller's permissions. */
  readonly boundary?: Policy | undefined;
  /** Whether the policies of the caller need an Allow of the resource's policy, at least for the whole account. */
  readonly resourceDecides?: boolean;
  /** Whether the resource belongs to another account than the caller. */
  readonly isAcrossAccounts?: boolean;
}

/**
 * Evaluates a request. An explicit deny in any policy denies it. Otherwise one Allow, in a policy of
 * the principal or of the resource, allows it. An Allow of a resource policy for the whole account only delegates to
 * the principal's own policies. A permissions boundary must allow it in addition, unless the resource's policy admits
 * everyone. If the resource belongs to another account, the policies of the caller and that of the resource must both allow
 * the request.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html
 */
export function evaluate(request: AccessRequest, policies: Policies): PolicyDecision {
  const applicable = (policy: Policy) => policy.filter((statement) => applies(statement, request));
  const ofIdentity = applicable((policies.ofIdentity ?? []).flat());
  const ofBoundary = policies.boundary && applicable(policies.boundary);
  const ofResource = applicable(policies.ofResource ?? []).filter((one) => includes(one, request.principal));
  const allows = (statements: readonly Statement[]) => statements.some(({ effect }) => effect === 'Allow');
  const denies = (statements: readonly Statement[]) => statements.some(({ effect }) => effect === 'Deny');

  if (denies(ofIdentity)) return 'denied by identity';
  if (ofBoundary && denies(ofBoundary)) return 'denied by boundary';
  if (denies(ofResource)) return 'denied by resource';
  const { isAcrossAccounts = false, resourceDecides = false } = policies;
  const byName = !isAcrossAccounts && allows(ofResource.filter((one) => names(one, request.principal)));
  if (!byName && !allows(ofIdentity)) return 'not allowed';
  if (!byName && (isAcrossAccounts || resourceDecides) && !allows(ofResource)) return 'not allowed by resource';
  const byEveryone = byName && allows(ofResource.filter((one) => principalsOf(one).aws.includes('*')));
  if (ofBoundary && !byEveryone && !allows(ofBoundary)) return 'not allowed by boundary';
  return 'allowed';
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
