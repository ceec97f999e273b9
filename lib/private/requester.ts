import { Stack, Token } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IConstruct } from 'constructs';
import { requesterArnProblem } from '../../mesh/requesters';
import { refuse } from './validation';

/**
 * The ARN of the IAM role or user behind a grantee, in the form that the issuer compares with the caller.
 * Throws unless the grantee is exactly one role or user: not a service, account, federated user, group, or several
 * principals.
 */
export function requesterArn(client: IConstruct, grantee: iam.IGrantable): string {
  const principal = grantee.grantPrincipal;
  if (iam.Role.isRole(principal) && Stack.of(principal) !== Stack.of(client)) return arnByName(client, principal);
  const arns = arnsOf(principal);
  const [arn = '', ...others] = arns;
  if (others.length > 0 || !isRoleOrUser(arn) || 'accountId' in principal || 'groupArn' in principal) {
    refuse(client, 'grantee', 'must be one IAM role or user', arns.join(' and ') || String(principal));
  }
  return arn;
}

function arnsOf(principal: iam.IPrincipal): readonly string[] {
  // The principal of an imported function without a role has no policy fragment.
  if (principal instanceof iam.UnknownPrincipal) return [];
  const { principalJson, conditions } = principal.policyFragment;
  return Object.keys(conditions).length === 0 ? (principalJson['AWS'] ?? []) : [];
}

/** Only CloudFormation knows the value of a token. The issuer checks it. */
function isRoleOrUser(arn: string): boolean {
  return Token.isUnresolved(arn) || requesterArnProblem(arn) === undefined;
}

/**
 * The role's stack refers to the issuer, so a reference in the other direction would be a cycle. The ARN has no path,
 * because the issuer doesn't compare paths.
 */
function arnByName(client: IConstruct, role: iam.Role): string {
  const { roleName } = role.node.defaultChild as iam.CfnRole;
  if (roleName === undefined || Token.isUnresolved(roleName)) {
    refuse(client, 'grantee', 'must have a roleName when it is in another stack than the client', role.node.path);
  }
  return Stack.of(role).formatArn({ service: 'iam', region: '', resource: 'role', resourceName: roleName });
}
