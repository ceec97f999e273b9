/** Properties with every intrinsic function resolved. */
export type Properties = Readonly<Record<string, unknown>>;

export interface ResourceRequest {
  readonly stackName: string;
  readonly stackId: string;
  readonly logicalId: string;
  readonly properties: Properties;
}

/** A resource as CloudFormation knows it once it is made. */
export interface Resource {
  /** What `Ref` answers. */
  readonly physicalId: string;
  /** What `Fn::GetAtt` answers, by attribute name; nested attributes by their dotted name. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** How one CloudFormation resource type comes to be, changes and goes. */
export interface ResourceType {
  /**
   * Every property that the sandbox understands, and whether a change of it replaces the resource.
   * A property that is not here fails by name: nothing is passed over in silence.
   */
  readonly properties: Readonly<Record<string, 'mutable' | 'createOnly'>>;
  /** What holds for a property that is not listed. Only a custom resource, whose properties its function defines, has this. */
  readonly otherProperties?: 'mutable';
  create(request: ResourceRequest): Promise<Resource>;
  /**
   * Called only when a mutable property changed and no create-only one did.
   * An answer with another physical id means that a new resource took the old one's place: the old one is deleted later.
   */
  update(request: ResourceRequest, resource: Resource, oldProperties: Properties): Promise<Resource>;
  /** Something that is gone already counts as deleted. */
  delete(request: ResourceRequest, resource: Resource): Promise<void>;
}

/** Creating or updating a resource failed and left something behind that has to be deleted. */
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
