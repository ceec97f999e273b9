/** An AWS account, in the Region of the sandbox. */
export interface Account {
  readonly partition: string;
  readonly id: string;
  readonly region: string;
}

/** The account of stacks whose app names none. AWS uses this account ID in its documentation, so no real account has it. */
export const SANDBOX_ACCOUNT: Account = { partition: 'aws', id: '123456789012', region: 'us-east-1' };

/** The account ID in an ARN. Empty in the ARN of a resource that belongs to no account, and in any other text. */
export function accountIdIn(arn: string): string {
  return /^arn:[^:]*:[^:]*:[^:]*:(\d{12}):/.exec(arn)?.[1] ?? '';
}

/** `arn:<partition>:<service>:<region>:<account>:<resource>` */
export function regionalArn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.id}:${resource}`;
}

/** The ARN of a resource without a region, such as a role. */
export function globalArn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}::${account.id}:${resource}`;
}
