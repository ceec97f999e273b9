/**
 * Who may ask, and who asks: an IAM user by its ARN, an IAM role by partition, account and name. The ARN of a role's
 * session has no path, and needs none: no two roles of an account have the same name.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */

/** Characters of names and paths: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const ROLE = /^(arn:aws[a-z-]*):iam::(\d{12}):role\/(?:[!-~]+\/)?([\w+=,.@-]{1,64})$/;
const USER = /^arn:aws[a-z-]*:iam::\d{12}:user\/(?:[!-~]+\/)?[\w+=,.@-]{1,64}$/;
const ROLE_SESSION = /^(arn:aws[a-z-]*):sts::(\d{12}):assumed-role\/([\w+=,.@-]{1,64})\/[\w+=,.@-]{2,64}$/;

/** The role or user of an ARN in the form in which two are compared; undefined for every other principal. */
export function requesterOf(arn: string): string | undefined {
  const [, prefix, account, roleName] = ROLE.exec(arn) ?? [];
  if (roleName !== undefined) return `${prefix}:iam::${account}:role/${roleName}`;
  return USER.test(arn) ? arn : undefined;
}

/**
 * The role or user who signed a request, by the ARN that Lambda gives of the caller; undefined for whoever is neither: an
 * account's root, a federated user.
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 */
export function callerOf(userArn: string): string | undefined {
  const [, prefix, account, roleName] = ROLE_SESSION.exec(userArn) ?? [];
  if (roleName !== undefined) return `${prefix}:iam::${account}:role/${roleName}`;
  return USER.test(userArn) ? userArn : undefined;
}
