/** How a mesh and the stacks of other accounts find each other. */
import { createHash } from 'node:crypto';

const ALIAS_PREFIX = 'account-';

/** For an account ID. */
export function accountIdProblem(id: string): string | undefined {
  return /^\d{12}$/.test(id) ? undefined : 'must be an account ID of 12 digits';
}

/** The account ID in an ARN. Undefined if it has none, or if only CloudFormation knows it. */
export function accountIdIn(arn: string): string | undefined {
  return /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1];
}

/**
 * The alias of the deployment function that another account invokes. The permission on it is the only one of that account, so
 * the alias that a function was invoked by tells the account of the caller, which no event can be trusted for.
 */
export function accountAlias(accountId: string): string {
  return `${ALIAS_PREFIX}${accountId}`;
}

/**
 * The other account that invoked the function. Undefined for an ARN without an alias of another account, which only the
 * function's own account may use.
 * @param invokedFunctionArn from the context of the invocation, which Lambda writes:
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-context.html
 */
export function accountOfAlias(invokedFunctionArn: string): string | undefined {
  const [alias = ''] = invokedFunctionArn.split(':').slice(7);
  const id = alias.startsWith(ALIAS_PREFIX) ? alias.slice(ALIAS_PREFIX.length) : '';
  return accountIdProblem(id) === undefined ? id : undefined;
}

/** Stacks of another account: the account ID, and a pattern of their names, as `stackNamePatternProblem` accepts it. */
export interface OtherStacks {
  readonly accountId: string;
  readonly names: string;
}

/**
 * Reads an ARN pattern such as `arn:aws:cloudformation:eu-central-1:222222222222:stack/mail/*`. The last part is the random ID
 * of a stack, which is not known before. Undefined for any other text, such as a pattern for all accounts.
 */
export function readStackArnPattern(pattern: string): (OtherStacks & { readonly region: string }) | undefined {
  const form = /^arn:aws[a-z-]*:cloudformation:([a-z0-9-]+):(\d{12}):stack\/([A-Za-z][A-Za-z0-9-]{0,127}(?:-\*)?)\/\*$/;
  const [, region, accountId, names] = form.exec(pattern) ?? [];
  return region === undefined || accountId === undefined || names === undefined
    ? undefined
    : { region, accountId, names };
}

/**
 * The name of the role, in another account, with which the issuer fills the secrets of clients there. A role's name has at most
 * 64 characters, so the trust domain is shortened, and a hash of it makes the name unique. Roles have no Region, so the name has.
 * @param region may be a token
 */
export function secretsRoleName(trustDomain: string, region: string): string {
  const hash = createHash('sha256').update(trustDomain).digest('hex').slice(0, 10);
  return `mtls-mesh-${region}-${trustDomain.replaceAll('.', '-').slice(0, 26)}-${hash}`;
}

/** ARN of the role for a secret of another account. */
export function secretsRoleArn(secretArn: string, trustDomain: string): string {
  const [, partition = '', , region = '', accountId = ''] = secretArn.split(':');
  return `arn:${partition}:iam::${accountId}:role/${secretsRoleName(trustDomain, region)}`;
}
