/** The stack is not among those that the mesh serves. */
class UnlistedStackError extends Error {
  override readonly name = 'UnlistedStackError';

  constructor(stackId: string) {
    super(
      `the mesh does not serve the stack ${stackId}: deploy the stack of the mesh first, from the app that declares the client, or with allowStack for this stack`,
    );
  }
}

/**
 * The stacks whose custom resources a function serves. CloudFormation calls the function of a custom resource with the
 * permissions of whoever deploys the stack, and writes the stack's ARN into the event. Without the list, everyone who may
 * create a stack with these permissions could declare clients. The list does not stop those who may invoke the function
 * themselves, because they write the event, or who may create a stack with a listed name.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export class StackList {
  /**
   * @param own ARN of the function's own stack
   * @param names of other stacks in the same account and Region. A `*` at the end matches any text.
   */
  constructor(
    private readonly own: string,
    private readonly names: readonly string[],
  ) {}

  /** @throws UnlistedStackError */
  assertListed(stackId: string): void {
    if (stackId === this.own) return;
    const name = this.nameOf(stackId);
    const isListed = this.names.some((listed) =>
      listed.endsWith('*') ? name?.startsWith(listed.slice(0, -1)) : name === listed,
    );
    if (!isListed) throw new UnlistedStackError(stackId);
  }

  /** The name of a stack in the same account and Region. Undefined for any other text. */
  private nameOf(stackId: string): string | undefined {
    const prefix = this.own.slice(0, this.own.indexOf('/') + 1);
    if (!stackId.startsWith(prefix)) return undefined;
    const [name, id, ...others] = stackId.slice(prefix.length).split('/');
    return id && others.length === 0 ? name : undefined;
  }
}
