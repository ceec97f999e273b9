import type { Account } from '../../account';
import type { AwsCall } from '../../endpoint/api';

/**
 * Requires no permission, and no policy can deny it.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function getCallerIdentity({ id }: Account) {
  return (_input: unknown, { caller }: AwsCall) => {
    const arn = caller.principalArn;
    return { Arn: arn, UserId: arn.slice(arn.lastIndexOf('/') + 1), Account: id };
  };
}
