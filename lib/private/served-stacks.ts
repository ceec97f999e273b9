import { type CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { STACKS_VARIABLE } from '../../mesh/contract';
import { refuse } from './validation';

/** The stacks whose custom resources a function serves: the function's own stack, and those that are added. */
export class ServedStacks {
  /** The environment of the function. */
  readonly environment: Readonly<Record<string, string>>;
  private readonly others = new Set<Stack>();

  constructor(private readonly scope: IConstruct) {
    const patterns = () => new Set([Stack.of(scope).stackId, ...[...this.others].map(arnPattern)]);
    this.environment = { [STACKS_VARIABLE]: Lazy.string({ produce: () => [...patterns()].join(',') }) };
  }

  /** Adds the stack of a construct of the same app. */
  add(construct: IConstruct): void {
    const stack = Stack.of(construct);
    if (stack !== Stack.of(this.scope)) this.others.add(stack);
  }
}

/**
 * Matches the ARN of the stack by name, because a reference to the stack's ID would be a reference in the other direction.
 * The name of a nested stack is the name of its parent, its logical ID, and random characters. In a nested stack of a nested
 * stack, the parent's name has such characters as well, so the pattern is that of the outermost nested stack.
 */
function arnPattern(stack: Stack): string {
  const { nestedStackParent: parent, nestedStackResource: resource } = stack;
  if (parent?.nestedStackParent) return arnPattern(parent);
  const pattern = parent && resource ? `${nestedName(stack, parent, resource)}-*` : `${stack.stackName}/*`;
  return stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: pattern });
}

/** Without the hyphen and up to 13 characters that CloudFormation adds. The longest name of a stack has 128. */
const LONGEST_NESTED_NAME = 114;

/** Throws for a name that CloudFormation would shorten, because AWS doesn't document how. */
function nestedName(stack: Stack, parent: Stack, resource: CfnResource): string {
  const name = `${parent.stackName}-${parent.resolve(parent.getLogicalId(resource))}`;
  if (name.length <= LONGEST_NESTED_NAME) return name;
  const rule = `must give the nested stack a name of at most ${LONGEST_NESTED_NAME} characters, because it declares clients`;
  return refuse(stack, 'id', rule, name);
}
