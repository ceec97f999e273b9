import type { StackDefinition } from './definition';
import type { ResourceFailure } from './event';
import { type Dependencies, walk } from './order';
import { type Leftover, remove } from './removal';
import { IncompleteResource, type Properties, type Resource, type ResourceType } from './resource-type';
import {
  changeBetween,
  failureOf,
  knownResourceType,
  noticesOf,
  reasonOf,
  refuseNotices,
  reportResource,
  requestWithSecrets,
  type StackResource,
  type StackSurroundings,
} from './stack-resource';
import type { ResourceDeclaration } from './template';

const REPLACEMENT_REASON = 'Requested update requires the creation of a new physical resource; hence creating one.';

/** A resource and the properties that a definition gives it. */
interface Target {
  readonly logicalId: string;
  readonly declaration: ResourceDeclaration;
  readonly type: ResourceType;
  readonly properties: Properties;
}

/**
 * Changes the resources of a stack to match a definition, or back. Deletes nothing: `cleanUp` deletes resources that
 * are no longer needed, as in CloudFormation.
 */
export class Transition {
  private readonly before: ReadonlyMap<string, StackResource>;
  private readonly leftovers: Leftover[] = [];
  /** The logical IDs of replaced resources. */
  private readonly created = new Set<string>();

  constructor(
    /** The resources of the stack by logical ID, changed in place. */
    private readonly resources: Map<string, StackResource>,
    private readonly surroundings: StackSurroundings,
  ) {
    this.before = new Map(resources);
  }

  /** Creates, updates, and replaces resources. Starts nothing new after a failure. */
  forward(definition: StackDefinition): Promise<readonly ResourceFailure[]> {
    return this.bring(definition, 'replaced');
  }

  /** Removes resources that the definition no longer contains from the stack. */
  arrive(definition: StackDefinition): void {
    for (const [logicalId, resource] of this.resources) {
      if (definition.resources.has(logicalId)) continue;
      this.leftovers.push({ resource, reason: 'removed' });
      this.resources.delete(logicalId);
    }
  }

  /** Undoes `forward`: restores replaced resources and the properties of updated ones. */
  async back(definition: StackDefinition | undefined): Promise<readonly ResourceFailure[]> {
    for (const logicalId of this.created) {
      const resource = this.resources.get(logicalId);
      if (resource !== undefined) this.leftovers.push({ resource, reason: 'rolledBack' });
      const original = this.before.get(logicalId);
      if (original === undefined) this.resources.delete(logicalId);
      else this.resources.set(logicalId, original);
    }
    return definition === undefined ? [] : this.bring(definition, 'rolledBack');
  }

  /** Deletes resources that no longer belong to the stack. */
  async cleanUp(dependencies: Dependencies, attempts = 1): Promise<readonly ResourceFailure[]> {
    const gone = this.leftovers.filter(
      ({ resource: { logicalId, resource } }) =>
        this.resources.get(logicalId)?.resource.physicalId !== resource.physicalId,
    );
    return remove(gone, dependencies, this.surroundings, undefined, attempts);
  }

  private async bring(
    definition: StackDefinition,
    reason: 'replaced' | 'rolledBack',
  ): Promise<readonly ResourceFailure[]> {
    const visit = async (logicalId: string): Promise<void> => {
      const declaration = definition.declaration(logicalId);
      const current = this.resources.get(logicalId);
      try {
        const type = knownResourceType(logicalId, declaration, this.surroundings);
        const properties = definition.properties(logicalId, this.resources);
        refuseNotices(type, properties, this.surroundings);
        const target = { logicalId, declaration, type, properties };
        if (current === undefined) await this.create(target);
        else await this.change(current, target, reason);
      } catch (error) {
        const status = current === undefined ? 'CREATE_FAILED' : 'UPDATE_FAILED';
        const explained = this.explain(error, definition.dependencies.get(logicalId));
        reportResource(this.surroundings, { ...current, logicalId, declaration }, status, reasonOf(explained));
        throw explained;
      }
    };
    const failures = await walk(definition.dependencies, visit, { stopOnFailure: true });
    return failures.map(({ node, error }) => failureOf(node, definition.declaration(node), error));
  }

  /** A resource may have failed because it depends on one that the sandbox only pretends to have. */
  private explain(error: unknown, dependencies: Iterable<string> = []): unknown {
    const notices = [...dependencies].flatMap((id) => noticesOf(this.resources.get(id)));
    if (notices.length === 0) return error;
    return new Error([reasonOf(error), ...notices].join('; '), { cause: error });
  }

  private async create(target: Target): Promise<void> {
    reportResource(this.surroundings, target, 'CREATE_IN_PROGRESS');
    await this.make(target);
    reportResource(this.surroundings, this.resources.get(target.logicalId) ?? target, 'CREATE_COMPLETE');
  }

  private async change(current: StackResource, target: Target, reason: 'replaced' | 'rolledBack'): Promise<void> {
    const { logicalId, declaration, type, properties } = target;
    const change = changeBetween(type, current.properties, properties);
    if (change === 'none') {
      this.resources.set(logicalId, { ...current, declaration });
      return;
    }
    const why = change === 'replacement' ? REPLACEMENT_REASON : undefined;
    reportResource(this.surroundings, { ...current, declaration }, 'UPDATE_IN_PROGRESS', why);
    if (change === 'replacement') {
      await this.make(target);
      this.leftovers.push({ resource: current, reason });
    } else {
      await this.update(current, target, reason);
    }
    reportResource(this.surroundings, this.resources.get(logicalId) ?? current, 'UPDATE_COMPLETE');
  }

  private async make(target: Target): Promise<void> {
    const { logicalId, properties, type } = target;
    const resource = await this.attempt(target, () =>
      type.create(requestWithSecrets(this.surroundings, logicalId, type, properties)),
    );
    this.resources.set(logicalId, { ...target, resource });
    this.created.add(logicalId);
  }

  private async update(current: StackResource, target: Target, reason: 'replaced' | 'rolledBack'): Promise<void> {
    const { logicalId, properties, type } = target;
    // A failed update may have taken effect partially, so a rollback must undo it.
    this.resources.set(logicalId, { ...current, properties });
    const resource = await this.attempt(target, () =>
      type.update(
        requestWithSecrets(this.surroundings, logicalId, type, properties),
        current.resource,
        current.properties,
      ),
    );
    this.resources.set(logicalId, { ...target, resource });
    if (resource.physicalId !== current.resource.physicalId) this.leftovers.push({ resource: current, reason });
  }

  /** The rollback deletes what a failed attempt leaves behind. */
  private async attempt(target: Target, act: () => Promise<Resource>): Promise<Resource> {
    try {
      return await act();
    } catch (error) {
      if (error instanceof IncompleteResource) {
        this.leftovers.push({ resource: { ...target, resource: error.resource }, reason: 'rolledBack' });
      }
      throw error;
    }
  }
}
