import type { Account } from '../../account';
import { AwsError } from '../../endpoint/api';
import { type Policy, parsePolicy } from './policy';

/** https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaBasicExecutionRole.html */
const LAMBDA_BASIC_EXECUTION = {
  Version: '2012-10-17',
  Statement: {
    Effect: 'Allow',
    Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
    Resource: '*',
  },
};

/** The managed policies of an account: those that templates make, and the one of AWS that the CDK attaches by default. */
export class ManagedPolicies {
  private readonly byArn = new Map<string, Policy>();

  constructor({ partition }: Account) {
    this.byArn.set(
      `arn:${partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`,
      parsePolicy(LAMBDA_BASIC_EXECUTION),
    );
  }

  set(arn: string, policy: Policy): void {
    this.byArn.set(arn, policy);
  }

  delete(arn: string): void {
    this.byArn.delete(arn);
  }

  get(arn: string): Policy {
    const policy = this.byArn.get(arn);
    if (policy === undefined) throw new AwsError('NoSuchEntity', `the sandbox does not know the managed policy ${arn}`);
    return policy;
  }
}
