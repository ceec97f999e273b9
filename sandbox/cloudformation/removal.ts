import type { ResourceFailure } from './event';
import { type Dependencies, restrictedTo, reversed, walk } from './order';
import {
  failureOf,
  reasonOf,
  reportResource,
  requestFor,
  type StackResource,
  type StackSurroundings,
} from './stack-resource';

/** A resource that a stack no longer needs. */
export interface Leftover {
  readonly resource: StackResource;
  /**
   * `removed`: the template no longer contains it, or the stack is deleted; `replaced`: another resource replaced it;
   * `rolledBack`: the failed operation created it.
   */
  readonly reason: 'removed' | 'replaced' | 'rolledBack';
}

/**
 * Deletes leftovers, each before its dependencies, unless a policy in the template retains them. If a deletion fails,
 * the dependencies of that resource remain, and all others are deleted. Calls `onGone` for each resource that is
 * deleted or retained. Tries each deletion up to `attempts` times.
 */
export async function remove(
  leftovers: readonly Leftover[],
  dependencies: Dependencies,
  surroundings: StackSurroundings,
  onGone: (resource: StackResource) => void = () => {},
  attempts = 1,
): Promise<readonly ResourceFailure[]> {
  const declarations = new Map(leftovers.map(({ resource }) => [resource.logicalId, resource.declaration]));
  const removeAll = async (logicalId: string): Promise<void> => {
    for (const leftover of leftovers.filter(({ resource }) => resource.logicalId === logicalId)) {
      await removeOne(leftover, surroundings, attempts);
      onGone(leftover.resource);
    }
  };
  const order = reversed(restrictedTo(dependencies, declarations.keys()));
  const failures = await walk(order, removeAll, { stopOnFailure: false });
  return failures.flatMap(({ node, error }) => {
    const declaration = declarations.get(node);
    return declaration === undefined ? [] : [failureOf(node, declaration, error)];
  });
}

async function removeOne(leftover: Leftover, surroundings: StackSurroundings, attempts: number): Promise<void> {
  const { resource, reason } = leftover;
  if (isRetained(resource, reason)) return reportResource(surroundings, resource, 'DELETE_SKIPPED');
  reportResource(surroundings, resource, 'DELETE_IN_PROGRESS');
  try {
    const request = requestFor(surroundings.stack, resource.logicalId, resource.properties);
    await resource.type.delete(request, resource.resource);
  } catch (error) {
    reportResource(surroundings, resource, 'DELETE_FAILED', reasonOf(error));
    if (attempts <= 1) throw error;
    return removeOne(leftover, surroundings, attempts - 1);
  }
  reportResource(surroundings, resource, 'DELETE_COMPLETE');
}

/**
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html and
 * aws-attribute-updatereplacepolicy.html: `RetainExceptOnCreate` differs from `Retain` only in the rollback of the
 * operation that made the resource.
 */
function isRetained({ declaration }: StackResource, reason: Leftover['reason']): boolean {
  switch (reason) {
    case 'removed':
      return !['Delete', 'Snapshot'].includes(declaration.deletionPolicy);
    case 'replaced':
      return declaration.updateReplacePolicy === 'Retain';
    case 'rolledBack':
      return declaration.deletionPolicy === 'Retain';
  }
}
