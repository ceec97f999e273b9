import type { Account } from '../../account';
import type { AwsApi } from '../../endpoint/api';
import { queryApi } from '../../endpoint/query-protocol';
import type { Service, Surroundings } from '../service';

/** AWS Security Token Service: who a caller is. Roles are assumed by the sandbox's own functions alone. */
export class Sts implements Service {
  readonly resourceTypes = {};
  readonly api: AwsApi;

  constructor({ account }: Surroundings) {
    this.api = queryApi({
      signingName: 'sts',
      version: '2011-06-15',
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      // Needs no permission, and no policy can deny it.
      // https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
      operations: { GetCallerIdentity: (_input, { caller }) => identityOf(caller.principalArn, account) },
    });
  }
}

function identityOf(arn: string, { id }: Account) {
  return { Arn: arn, UserId: arn.slice(arn.lastIndexOf('/') + 1), Account: id };
}
