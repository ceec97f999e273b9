import { type CfnResource, Lazy, Stack } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import { STACKS_VARIABLE } from '../../mesh/contract';
import { refuse } from './validation';

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

  /** @param pattern as `stackNamePatternProblem` accepts it. For another account, with its ID and a slash before it */
  addName(pattern: string): void {
    this.otherNames.add(pattern);
  }

  /** The variable of the function with the stacks. */
  variable(): Readonly<Record<string, string>> {
    return { [STACKS_VARIABLE]: Lazy.string({ produce: () => this.list() }) };
  }

  /** The IDs of the other accounts, as a variable of functions has them. */
  accounts(): string {
    const ids = () => [...this.otherNames].filter((name) => name.includes('/')).map((name) => name.split('/')[0]);
    return Lazy.string({ produce: () => [...new Set(ids())].join(',') });
  }

  private list(): string {
    const names = [...new Set([...this.otherNames, ...[...this.others].map(namePattern)])];
    return [Stack.of(this.scope).stackId, ...names].join(',');
  }
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
