import { accountIdIn } from '../../account';
import type { AwsApi } from '../../endpoint/api';
import { queryApi } from '../../endpoint/query-protocol';
import type { Service, Surroundings } from '../shared/service';
import { type StsIdentities, stsOperations } from './operations';

/** AWS Security Token Service: tells callers who they are, and lets them assume roles, also those of other accounts. */
export class StsService implements Service {
  readonly resourceTypes = {};
  readonly api: AwsApi;

  constructor({ account, clock }: Surroundings, iam: StsIdentities) {
    const api = queryApi({
      signingName: 'sts',
      version: '2011-06-15',
      namespace: 'https://sts.amazonaws.com/doc/2011-06-15/',
      operations: stsOperations(account, iam, () => clock.now()),
    });
    this.api = {
      ...api,
      owns: (call) => accountIdIn(String(api.describe(call).input['RoleArn'] ?? '')) === account.id,
    };
  }
}
