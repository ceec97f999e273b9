import { type CfnResource, Lazy, Stack, Token } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { STACKS_VARIABLE } from '../../mesh/contract';
import { type Environment, roomInEnvironment } from './lambda-environment';
import { refuse } from './validation';

/** The longest of a stack without its name. */
const STACK_ARN =
  'arn:aws-us-gov:cloudformation:ap-southeast-1:111122223333:stack//01234567-89ab-cdef-0123-456789abcdef';
const LONGEST_STACK_NAME = 128;

/** The stacks whose custom resources a function serves: the function's own stack, and those that are added. */
export class ServedStacks {
  private readonly others = new Set<Stack>();
  private readonly otherNames = new Set<string>();

  constructor(private readonly scope: IConstruct) {}

  /** Adds the stack of a construct of the same app, and so of the same account and Region. */
  add(construct: IConstruct): void {
    const stack = Stack.of(construct);
    if (stack !== Stack.of(this.scope)) this.others.add(stack);
  }

  /** @param pattern as `stackNamePatternProblem` accepts it */
  addName(pattern: string): void {
    this.otherNames.add(pattern);
  }

  /**
   * The variable of the function with the stacks. Synthesis fails if Lambda would refuse it.
   * @param environment the other variables of the function
   */
  variable(environment: Environment): Environment {
    return { [STACKS_VARIABLE]: Lazy.string({ produce: () => this.list(environment) }) };
  }

  private list(environment: Environment): string {
    const names = [...new Set([...this.otherNames, ...[...this.others].map(namePattern)])];
    this.assertFits(names, environment);
    return [Stack.of(this.scope).stackId, ...names].join(',');
  }

  private assertFits(names: readonly string[], environment: Environment): void {
    const { stackName } = Stack.of(this.scope);
    const ownName = Token.isUnresolved(stackName) ? LONGEST_STACK_NAME : stackName.length;
    const room = roomInEnvironment({ ...environment, [STACKS_VARIABLE]: STACK_ARN }) - ownName;
    const fitting = names.filter((_, index) => sizeOf(names.slice(0, index + 1)) <= room).length;
    if (fitting === names.length) return;
    const rule =
      `must have names of at most ${room} bytes together, because Lambda limits the environment of a function to 4 KB: ` +
      'declare the clients of several stacks in one, or give the stacks shorter names';
    const got = `${sizeOf(names)} bytes in ${names.length} stacks, of which the first ${fitting} fit`;
    refuse(this.scope, 'the other stacks with custom resources of the mesh', rule, got);
  }
}

/** With the commas before them. Names of stacks are ASCII. */
function sizeOf(names: readonly string[]): number {
  return names.reduce((sum, { length }) => sum + 1 + length, 0);
}

/**
 * The name of the stack. A reference to the stack's ID would be a reference in the other direction. The name of a nested
 * stack is the name of its parent, its logical ID, and random characters. In a nested stack of a nested stack, the parent's
 * name has such characters as well, so the pattern is that of the outermost nested stack.
 */
function namePattern(stack: Stack): string {
  const { nestedStackParent: parent, nestedStackResource: resource } = stack;
  if (parent?.nestedStackParent) return namePattern(parent);
  return parent && resource ? `${nestedName(stack, parent, resource)}-*` : stack.stackName;
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
