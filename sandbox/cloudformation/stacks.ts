import type { Account } from '../account';
import type { AwsApi } from '../endpoint/api';
import { queryApi } from '../endpoint/query-protocol';
import { cloudFormationOperations, type DescribedStack } from './operations';

/** The stacks of a sandbox, and CloudFormation's API. */
export class Stacks {
  readonly api: AwsApi;
  private readonly stacks: DescribedStack[] = [];

  constructor(account: Account) {
    this.api = queryApi({
      signingName: 'cloudformation',
      version: '2010-05-15',
      namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
      operations: cloudFormationOperations(account, () => this.stacks),
    });
  }

  add(stack: DescribedStack): void {
    this.stacks.push(stack);
  }
}
