import { randomUUID } from 'node:crypto';
import { type Account, regionalArn } from '../account';
import type { Clock } from '../clock';
import { type Exports, type OtherStacks, StackDefinition } from './definition';
import type { ReferenceReader } from './dynamic-references';
import { type RecordedEvent, type ResourceFailure, type StackEvent, StackFailure, type StackStatus } from './event';
import { remove } from './removal';
import type { ResourceType } from './resource-type';
import { knownResourceType, noticesOf, reasonOf, type StackResource, type StackSurroundings } from './stack-resource';
import { type Template, TemplateError } from './template';
import { Transition } from './transition';

export interface StackOptions {
  readonly name: string;
  readonly account: Account;
  readonly clock: Clock;
  /** Finds a resource type. Undefined for a type that the sandbox doesn't support. */
  readonly resourceType: (name: string) => ResourceType | undefined;
  /** Whether a property without effect fails with its name. */
  readonly strict?: boolean | undefined;
  readonly otherStacks: OtherStacks;
  /** Reads the secrets and parameters that dynamic references and parameters of the template name. */
  readonly references: ReferenceReader;
  readonly onEvent?: (event: StackEvent) => void;
}

/** The states that allow an update. */
const UPDATABLE: readonly (StackStatus | undefined)[] = [
  'CREATE_COMPLETE',
  'UPDATE_COMPLETE',
  'UPDATE_ROLLBACK_COMPLETE',
];

/**
 * How often an update tries to delete a resource that it no longer needs.
 * https://repost.aws/knowledge-center/cloudformation-stack-cleanup-stuck
 */
const CLEAN_UP_ATTEMPTS = 3;

/** Limits the memory of a sandbox that runs for long. */
const MAX_EVENTS = 10_000;

const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** A CloudFormation stack. Runs one operation at a time. */
export class Stack {
  readonly id: string;
  private readonly made = new Map<string, StackResource>();
  private readonly surroundings: StackSurroundings;
  private current?: StackStatus;
  private created?: Date;
  private definition: StackDefinition | undefined;
  private readonly recorded: RecordedEvent[] = [];
  private currentOutputs: Readonly<Record<string, string>> = {};
  private currentExports: Exports = new Map();

  constructor(private readonly options: StackOptions) {
    this.id = regionalArn(options.account, 'cloudformation', `stack/${options.name}/${randomUUID()}`);
    this.surroundings = {
      stack: { name: options.name, id: this.id, account: options.account },
      resourceType: options.resourceType,
      references: options.references,
      strict: options.strict ?? false,
      report: (event) => this.report({ timestamp: options.clock.now(), ...event }),
    };
  }

  get name(): string {
    return this.options.name;
  }

  /** When its creation started. */
  get createdAt(): Date | undefined {
    return this.created;
  }

  get status(): StackStatus | undefined {
    return this.current;
  }

  /** Whether only the name is left, because the stack was deleted or its creation was rolled back. */
  get isOver(): boolean {
    return this.current === 'DELETE_COMPLETE' || this.current === 'ROLLBACK_COMPLETE';
  }

  get resources(): ReadonlyMap<string, StackResource> {
    return this.made;
  }

  /** One line for everything that a resource doesn't do in the sandbox. */
  get notices(): readonly string[] {
    return [...this.made.values()].flatMap(noticesOf);
  }

  /** The latest 10,000 events, oldest first. */
  get events(): readonly RecordedEvent[] {
    return this.recorded;
  }

  get outputs(): Readonly<Record<string, string>> {
    return this.currentOutputs;
  }

  get exports(): Exports {
    return this.currentExports;
  }

  /** The names of exports that the stack imports. */
  get imports(): ReadonlySet<string> {
    return this.definition?.imports ?? new Set();
  }

  /**
   * Creates all resources of the template. Deletes them again after a failure.
   * @throws TemplateError before anything is created
   * @throws StackFailure after the rollback
   */
  async create(template: Template, parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.current !== undefined) throw new TemplateError(`stack ${this.options.name} already exists`);
    const definition = this.define(template, parameters);
    const transition = new Transition(this.made, this.surroundings);
    this.created = this.options.clock.now();
    this.enter('CREATE_IN_PROGRESS');
    const failures = await this.reach(definition, transition);
    if (failures === undefined) return this.enter('CREATE_COMPLETE');

    const reason = describe(failures, 'create');
    this.enter('ROLLBACK_IN_PROGRESS', reason);
    await transition.back(undefined);
    const remaining = await transition.cleanUp(definition.dependencies);
    this.fail(remaining.length > 0 ? 'ROLLBACK_FAILED' : 'ROLLBACK_COMPLETE', [...failures, ...remaining], reason);
  }

  /**
   * Updates the stack to another template or other parameters. Rolls back after a failure.
   * @throws TemplateError before anything is changed
   * @throws StackFailure after the rollback
   */
  async update(template: Template, parameters: Readonly<Record<string, string>> = {}): Promise<void> {
    if (!UPDATABLE.includes(this.current)) {
      throw new TemplateError(`stack ${this.options.name} is in ${this.current} state and can not be updated`);
    }
    const definition = this.define(template, parameters);
    const previous = this.definition;
    const transition = new Transition(this.made, this.surroundings);
    this.enter('UPDATE_IN_PROGRESS');
    const failures = await this.reach(definition, transition);
    if (failures === undefined) {
      this.enter('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS');
      // The update has succeeded, even if a deletion fails.
      if (previous !== undefined) await transition.cleanUp(previous.dependencies, CLEAN_UP_ATTEMPTS);
      return this.enter('UPDATE_COMPLETE');
    }

    const reason = describe(failures, 'update');
    this.enter('UPDATE_ROLLBACK_IN_PROGRESS', reason);
    const remaining = await transition.back(previous);
    if (remaining.length > 0) this.fail('UPDATE_ROLLBACK_FAILED', [...failures, ...remaining], reason);
    this.enter('UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS');
    await transition.cleanUp(definition.dependencies, CLEAN_UP_ATTEMPTS);
    this.fail('UPDATE_ROLLBACK_COMPLETE', failures, reason);
  }

  /**
   * Deletes all resources that no policy retains. Resources that can't be deleted remain in the stack, so you can try
   * again.
   * @throws TemplateError if another stack imports a value of this one
   */
  async delete(): Promise<void> {
    if (this.current === undefined || this.current === 'DELETE_COMPLETE') return;
    this.options.otherStacks.checkExports(this.id, this.currentExports, new Map());
    this.enter('DELETE_IN_PROGRESS');
    const leftovers = [...this.made.values()].map((resource) => ({ resource, reason: 'removed' as const }));
    const dependencies = this.definition?.dependencies ?? new Map();
    const failures = await remove(leftovers, dependencies, this.surroundings, ({ logicalId }) =>
      this.made.delete(logicalId),
    );
    if (failures.length > 0) this.fail('DELETE_FAILED', failures, describe(failures, 'delete'));
    this.currentOutputs = {};
    this.currentExports = new Map();
    this.definition = undefined;
    this.enter('DELETE_COMPLETE');
  }

  /** Checks everything that can be checked before anything is created. */
  private define(template: Template, parameters: Readonly<Record<string, string>>): StackDefinition {
    const definition = new StackDefinition(
      template,
      parameters,
      this.surroundings.stack,
      this.surroundings.references,
      this.options.otherStacks,
    );
    for (const [logicalId, declaration] of definition.resources) {
      knownResourceType(logicalId, declaration, this.surroundings);
      const existing = this.made.get(logicalId)?.declaration.type;
      if (existing !== undefined && existing !== declaration.type) {
        throw new TemplateError(
          `resource ${logicalId} must keep its type ${existing} in an update, got ${declaration.type}`,
        );
      }
    }
    return definition;
  }

  /** The failures, or undefined if the stack matches the definition. */
  private async reach(
    definition: StackDefinition,
    transition: Transition,
  ): Promise<readonly ResourceFailure[] | undefined> {
    const failures = await transition.forward(definition);
    if (failures.length > 0) return failures;
    try {
      const outputs = definition.outputs(this.made);
      const exports = new Map(
        [...definition.exports(this.made)].map(([name, output]) => [name, outputs[output] ?? '']),
      );
      this.options.otherStacks.checkExports(this.id, this.currentExports, exports);
      this.currentOutputs = outputs;
      this.currentExports = exports;
    } catch (cause) {
      const { name: logicalId } = this.options;
      return [{ logicalId, resourceType: STACK_TYPE, reason: reasonOf(cause), cause }];
    }
    transition.arrive(definition);
    this.definition = definition;
    return undefined;
  }

  private report(event: StackEvent): void {
    this.recorded.push({ id: randomUUID(), ...event });
    if (this.recorded.length > MAX_EVENTS) this.recorded.shift();
    this.options.onEvent?.(event);
  }

  private fail(status: StackStatus, failures: readonly ResourceFailure[], reason: string): never {
    this.enter(status, reason);
    const details = failures.map(({ logicalId, reason: cause }) => `${logicalId}: ${cause}`).join('; ');
    throw new StackFailure(this.options.name, status, failures, details);
  }

  private enter(status: StackStatus, reason?: string): void {
    this.current = status;
    this.surroundings.report({
      logicalId: this.options.name,
      physicalId: this.id,
      resourceType: STACK_TYPE,
      status,
      reason,
    });
  }
}

function describe(failures: readonly ResourceFailure[], verb: string): string {
  return `The following resource(s) failed to ${verb}: [${failures.map(({ logicalId }) => logicalId).join(', ')}].`;
}
