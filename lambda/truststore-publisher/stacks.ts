/** Stacks of CloudFormation, as the publisher asks about its own. */
export interface Stacks {
  /**
   * Whether the stack is on its way back to what it was before an update that failed. The update of a resource by which
   * that is done looks like any other.
   */
  isRollingBack(stackId: string, signal: AbortSignal): Promise<boolean>;
}
