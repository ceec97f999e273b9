/** The account of the sandbox. AWS uses this account ID in its documentation, so no real account has it. */
export interface Account {
  readonly partition: string;
  readonly id: string;
  readonly region: string;
}

export const SANDBOX_ACCOUNT: Account = { partition: 'aws', id: '123456789012', region: 'us-east-1' };

/** `arn:<partition>:<service>:<region>:<account>:<resource>` */
export function regionalArn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}:${account.region}:${account.id}:${resource}`;
}

/** The ARN of a resource without a region, such as a role. */
export function globalArn(account: Account, service: string, resource: string): string {
  return `arn:${account.partition}:${service}::${account.id}:${resource}`;
}
