import { type Account, regionalArn } from '../account';
import { type AwsApi, type AwsCall, AwsError } from '../endpoint/api';
import { type QueryInput, queryApi } from '../endpoint/query-protocol';
import type { XmlElements } from '../endpoint/xml';
import type { Stack } from './stack';

type DescribedStack = Pick<Stack, 'id' | 'name' | 'status' | 'createdAt' | 'outputs'>;

/** The stacks of a sandbox, and CloudFormation's API. */
export class Stacks {
  readonly api: AwsApi;
  private readonly stacks: DescribedStack[] = [];

  constructor(private readonly account: Account) {
    this.api = queryApi({
      signingName: 'cloudformation',
      version: '2010-05-15',
      namespace: 'http://cloudformation.amazonaws.com/doc/2010-05-15/',
      operations: { DescribeStacks: (input, call) => this.describe(input, call) },
    });
  }

  add(stack: DescribedStack): void {
    this.stacks.push(stack);
  }

  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStacks.html */
  private describe({ StackName: name, ...others }: QueryInput, call: AwsCall): XmlElements {
    const [other] = Object.keys(others);
    if (name === undefined || other !== undefined) {
      throw new AwsError('ValidationError', `DescribeStacks is known with a StackName and nothing else, got ${other}`);
    }
    // A deleted stack can only be found by its ID.
    const stack = this.stacks.find(
      ({ id, name: known, status }) => id === name || (known === name && status !== 'DELETE_COMPLETE'),
    );
    call.authorize('cloudformation:DescribeStacks', stack?.id ?? this.arnOf(name));
    if (stack?.status === undefined) {
      throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
    }
    return { Stacks: { member: [elementsOf(stack)] } };
  }

  /** The ARN of a stack that doesn't exist, for the caller's policies. */
  private arnOf(name: string): string {
    return name.startsWith('arn:') ? name : regionalArn(this.account, 'cloudformation', `stack/${name}/*`);
  }
}

function elementsOf({ id, name, status, createdAt, outputs }: DescribedStack): XmlElements {
  const member = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
  return {
    StackId: id,
    StackName: name,
    CreationTime: createdAt?.toISOString(),
    StackStatus: status,
    Outputs: { member },
  };
}
