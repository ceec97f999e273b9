/** The stack is not among those that the mesh serves. */
class UnlistedStackError extends Error {
  override readonly name = 'UnlistedStackError';

  constructor(stackId: string) {
    super(
      `the mesh does not serve the stack ${stackId}: deploy the stack of the mesh first, from the app that declares the client`,
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
  /** @param patterns ARNs of stacks. A `*` at the end matches any text. */
  constructor(private readonly patterns: readonly string[]) {}

  /** @throws UnlistedStackError */
  assertListed(stackId: string): void {
    const isListed = this.patterns.some((pattern) =>
      pattern.endsWith('*') ? stackId.startsWith(pattern.slice(0, -1)) : stackId === pattern,
    );
    if (!isListed) throw new UnlistedStackError(stackId);
  }
}
