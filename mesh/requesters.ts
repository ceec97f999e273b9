/**
 * IAM roles and users that may request certificates. A role is identified by partition, account and name: the ARN of a
 * role session has no path, and role names are unique within an account. A user is identified by its ARN.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */

/** Characters of names and paths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE = /^(arn:aws[a-z-]*):iam::(\d{12}):role\/(?:[!-~]+\/)?([\w+=,.@-]{1,64})$/;
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/;
const ROLE_SESSION = /^(arn:aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[\w+=,.@-]{2,64}$/;

/** The requester in a canonical form to compare. Undefined for a principal that is neither a role nor a user. */
export function requesterFromArn(arn: string): string | undefined {
  return requesterFrom(ROLE, arn);
}

/**
 * The role or user that signed a request, from the ARN that Lambda reports for the caller. Undefined for any other
 * principal, such as an account's root user or a federated user.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function requesterFromCaller(userArn: string): string | undefined {
  return requesterFrom(ROLE_SESSION, userArn);
}

function requesterFrom(role: RegExp, arn: string): string | undefined {
  const [, prefix, account, roleName] = role.exec(arn) ?? [];
  if (roleName !== undefined) return `${prefix}:iam::${account}:role/${roleName}`;
  return USER.test(arn) ? arn : undefined;
}

/** What is wrong with the ARN of a requester, as the rest of a sentence. Undefined for a valid ARN. */
export function requesterArnProblem(arn: string): string | undefined {
  return requesterFromArn(arn) === undefined ? 'must be the ARN of an IAM role or user' : undefined;
}
