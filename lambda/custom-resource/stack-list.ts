import { accountIdIn } from '../../mesh/other-accounts';

/** The stack is not among those that the mesh serves. */
class UnlistedStackError extends Error {
  override readonly name = 'UnlistedStackError';

  constructor(stackId: string) {
    super(
      `the mesh does not serve the stack ${stackId}: deploy the stack of the mesh first, from the app that declares the client, or with allowStack for this stack`,
    );
  }
}

/** The event names a stack of another account than the one that invoked the function. */
class ForeignStackError extends Error {
  override readonly name = 'ForeignStackError';

  constructor(stackId: string, accountId: string) {
    super(
      `the stack ${stackId} is not in the account ${accountId}, which invoked the function: use the deployment function's alias for the account of the stack, as fromMeshAttributes does in a stack whose env names its account`,
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
   * @param names of other stacks in the same Region. A `*` at the end matches any text. Those of another account begin with its
   * ID and a slash
   */
  constructor(
    private readonly own: string,
    private readonly names: readonly string[],
  ) {}

  /**
   * @param invokedBy the other account that invoked the function. Undefined for the function's own account
   * @throws ForeignStackError unless the stack is in the account that invoked the function
   */
  assertInAccount(stackId: string, invokedBy: string | undefined): void {
    const accountId = invokedBy ?? accountIdIn(this.own);
    if (accountIdIn(stackId) !== accountId) throw new ForeignStackError(stackId, String(accountId));
  }

  /** @throws UnlistedStackError */
  assertListed(stackId: string): void {
    if (stackId === this.own) return;
    const name = this.nameOf(stackId);
    const isListed = this.names.some((listed) =>
      listed.endsWith('*') ? name?.startsWith(listed.slice(0, -1)) : name === listed,
    );
    if (!isListed) throw new UnlistedStackError(stackId);
  }

  /** The name of a stack in the same Region, as in the list. Undefined for any other text. */
  private nameOf(stackId: string): string | undefined {
    const ownAccount = accountIdIn(this.own) ?? '';
    const accountId = accountIdIn(stackId) ?? '';
    const prefix = this.own.slice(0, this.own.indexOf('/') + 1).replace(`:${ownAccount}:`, `:${accountId}:`);
    if (!stackId.startsWith(prefix)) return undefined;
    const [name, id, ...others] = stackId.slice(prefix.length).split('/');
    if (!id || others.length > 0) return undefined;
    return accountId === ownAccount ? name : `${accountId}/${name}`;
  }
}
