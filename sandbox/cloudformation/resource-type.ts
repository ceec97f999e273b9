/** Properties with all intrinsic functions resolved. */
export type Properties = Readonly<Record<string, unknown>>;

export interface ResourceRequest {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  readonly properties: Properties;
}

/** A resource that exists. */
export interface Resource {
  /** The value of `Ref`. */
  readonly physicalId: string;
  /** The values of `Fn::GetAtt` by attribute name. Nested attributes have dotted names. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Creates, updates, and deletes resources of one CloudFormation type. */
export interface ResourceType {
  /**
   * The properties that the sandbox supports, and whether a change replaces the resource. Any other property fails with
   * its name.
   */
  readonly properties: Readonly<Record<string, 'mutable' | 'createOnly'>>;
  /**
   * What happens to other properties. `mutable`: the type takes any property, like a custom resource, whose function
   * defines them. `ignored`: the sandbox leaves them out, unless it is strict. They have no effect on who may call what.
   *
   * @default - they fail with their names
   */
  readonly otherProperties?: 'mutable' | 'ignored';
  /**
   * Whether dynamic references to secrets fail, or all dynamic references stay as they are.
   * @default - they are replaced
   */
  readonly dynamicReferences?: 'refused' | 'kept';
  create(request: ResourceRequest): Promise<Resource>;
  /**
   * Called only if a mutable property changed and no create-only property did. A different physical ID in the result
   * means that a new resource replaced the old one, which is deleted later.
   */
  update(request: ResourceRequest, resource: Resource, oldProperties: Properties): Promise<Resource>;
  /** Succeeds if the resource no longer exists. */
  delete(request: ResourceRequest, resource: Resource): Promise<void>;
  /** The value of an attribute that the resource doesn't have itself. Undefined if it has no such attribute. */
  attribute?(resource: Resource, properties: Properties, name: string): unknown;
  /** What the resource doesn't do here but does on AWS, such as `stands in`. One line says so for each, or a strict sandbox fails. */
  notices?(properties: Properties): readonly string[];
}

/** The creation or update of a resource failed and left something behind to delete. */
export class IncompleteResource extends Error {
  override readonly name = 'IncompleteResource';

  constructor(
    message: string,
    readonly resource: Resource,
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
