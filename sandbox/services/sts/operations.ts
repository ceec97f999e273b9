import type { Account } from '../../account';
import type { AwsCall } from '../../endpoint/api';
import type { IamService } from '../iam';

/**
 * Requires no permission, and no policy can deny it.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
 */
export function getCallerIdentity({ id }: Account, iam: Pick<IamService, 'identityOf'>) {
  return (_input: unknown, { caller }: AwsCall) => {
    const { userArn, userId } = iam.identityOf(caller.principalArn);
    return { Arn: userArn, UserId: userId, Account: id };
  };
}
