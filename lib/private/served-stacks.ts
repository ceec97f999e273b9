import { Lazy, type NestedStack, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { STACKS_VARIABLE } from '../../mesh/contract';

/** The stacks whose custom resources a function serves: the function's own stack, and those that are added. */
export class ServedStacks {
  /** The environment of the function. */
  readonly environment: Readonly<Record<string, string>>;
  private readonly others = new Set<Stack>();

  constructor(private readonly scope: IConstruct) {
    const patterns = () => [Stack.of(scope).stackId, ...[...this.others].map(arnPattern)];
    this.environment = { [STACKS_VARIABLE]: Lazy.string({ produce: () => patterns().join(',') }) };
  }

  /** Adds the stack of a construct of the same app. */
  add(construct: IConstruct): void {
    const stack = Stack.of(construct);
    if (stack !== Stack.of(this.scope)) this.others.add(stack);
  }
}

/**
 * Matches the ARN of the stack by name, because a reference to the stack's ID would be a reference in the other direction.
 * The name of a nested stack is the name of its parent, its logical ID, and random characters.
 */
function arnPattern(stack: Stack): string {
  const pattern = stack.nestedStackParent ? `${nestedName(stack as NestedStack)}-*` : `${stack.stackName}/*`;
  return stack.formatArn({ service: 'cloudformation', resource: 'stack', resourceName: pattern });
}

function nestedName(stack: Stack): string {
  const { nestedStackParent: parent, nestedStackResource: resource } = stack;
  if (parent === undefined || resource === undefined) return stack.stackName;
  return `${nestedName(parent)}-${parent.getLogicalId(resource)}`;
}
