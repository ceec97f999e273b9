import { Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { CERTIFICATE_AUTHORITIES_VARIABLE, STACKS_VARIABLE } from '../../mesh/contract';
import { AUTHORITY_ORDERS_VARIABLE, LISTING_AUTHORITIES_VARIABLE } from '../../mesh/kms-authority';

/** Bytes, as JSON. https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LARGEST_ENVIRONMENT = 4_096;

/** How to shorten the variables that grow with a mesh. */
const REMEDIES: Readonly<Record<string, string>> = {
  [STACKS_VARIABLE]: 'declare the clients of several stacks in one, or give the stacks shorter names',
  [CERTIFICATE_AUTHORITIES_VARIABLE]: 'remove the certificateAuthorityPredecessors whose certificates have expired',
  [AUTHORITY_ORDERS_VARIABLE]: 'give the authorities shorter subjects, or sign fewer authorities with the same root',
  [LISTING_AUTHORITIES_VARIABLE]:
    'give the authorities shorter subjects, or remove those whose certificates have expired',
};

/** Fails synthesis if Lambda would refuse the variables of the function, all of which share one limit. */
export function limitEnvironment(handler: lambda.Function): void {
  handler.node.addValidation({ validate: () => environmentProblem(handler) });
}

function environmentProblem(handler: lambda.Function): string[] {
  const stack = Stack.of(handler);
  const { environment } = handler.node.defaultChild as lambda.CfnFunction;
  const { variables = {} } = (stack.resolve(environment) ?? {}) as { variables?: Readonly<Record<string, unknown>> };
  const estimated = Object.entries(variables).map(([name, value]) => [name, estimate(value, stack)] as const);
  const size = Buffer.byteLength(JSON.stringify(Object.fromEntries(estimated)));
  if (size <= LARGEST_ENVIRONMENT) return [];
  const sizes = estimated.map(([name, value]) => ({ name, bytes: Buffer.byteLength(value) }));
  const [largest] = sizes.sort((one, other) => other.bytes - one.bytes);
  const { name = '', bytes = 0 } = largest ?? {};
  return [
    `the environment variables must have at most ${LARGEST_ENVIRONMENT} bytes together, because Lambda limits the environment ` +
      `of a function to 4 KB, got about ${size}, ${bytes} of them in ${name}: ${REMEDIES[name] ?? 'shorten it'}`,
  ];
}

/** A text about as long as the value will be. @param value as the template has it */
function estimate(value: unknown, stack: Stack): string {
  if (typeof value === 'string') return value;
  const { Ref: id, 'Fn::Join': join } = Object(value) as Readonly<Record<string, unknown>>;
  if (Array.isArray(join)) {
    const [separator, parts] = join as [string, readonly unknown[]];
    return parts.map((part) => estimate(part, stack)).join(separator);
  }
  if (id === 'AWS::StackId') return STACK_ARN + estimate(stack.resolve(stack.stackName), stack);
  return PSEUDO_PARAMETERS[String(id)] ?? UNKNOWN;
}

const PSEUDO_PARAMETERS: Readonly<Record<string, string>> = {
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws-us-gov',
  'AWS::Region': 'ap-southeast-1',
};

/** The longest of a stack without its name. */
const STACK_ARN =
  'arn:aws-us-gov:cloudformation:ap-southeast-1:111122223333:stack//01234567-89ab-cdef-0123-456789abcdef';

/** What a value counts that only CloudFormation knows: as much as the longest of them. */
const UNKNOWN =
  'arn:aws-us-gov:acm-pca:ap-southeast-1:111122223333:certificate-authority/01234567-89ab-cdef-0123-456789abcdef';
