import type { AwsApi } from '../../endpoint/api';
import { queryApi } from '../../endpoint/query-protocol';
import type { IamService } from '../iam';
import type { Service, Surroundings } from '../shared/service';
import { getCallerIdentity } from './operations';

/** AWS Security Token Service: tells callers who they are. Only the sandbox's own functions assume roles. */
export class StsService implements Service {
  readonly resourceTypes = {};
  readonly api: AwsApi;

  constructor({ account }: Surroundings, iam: Pick<IamService, 'identityOf'>) {
    this.api = queryApi({
      signingName: 'sts',
      version: '2011-06-15',
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      operations: { GetCallerIdentity: getCallerIdentity(account, iam) },
    });
  }
}
