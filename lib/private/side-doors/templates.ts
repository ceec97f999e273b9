/** A CloudFormation template, as far as checks read it. */
export interface Template {
  /** Unique among the templates. */
  readonly id: string;
  readonly stackName?: string;
  readonly Resources?: Readonly<Record<string, Resource>>;
  readonly Outputs?: Readonly<Record<string, Output>>;
}

interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
  readonly Metadata?: Readonly<Record<string, unknown>>;
}

interface Output {
  readonly Value: unknown;
  readonly Export?: { readonly Name: unknown };
}

/** The template of a nested stack, and the resource that is the stack. */
export interface NestedTemplate {
  readonly template: Template;
  readonly parent: Template;
  readonly logicalId: string;
}

/** A resource and where it stands. */
export interface TemplateResource {
  readonly template: Template;
  readonly logicalId: string;
  readonly type: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** The path of its construct, or its logical ID if the template doesn't say. */
  readonly path: string;
  /** As `Templates.identify` returns it for a reference to the resource. */
  readonly identity: string;
}

/** Attributes that name the resource, as `Ref` or its ARN does. */
const OWN_NAMES = ['ApiId', 'RestApiId', 'AuthorizerId', 'DomainName', 'DomainNameArn', 'Arn'];

/** The templates of an assembly. References between them are followed. */
export class Templates {
  readonly resources: readonly TemplateResource[];
  private readonly byIdentity: ReadonlyMap<string, TemplateResource>;

  constructor(
    private readonly templates: readonly Template[],
    private readonly nested: readonly NestedTemplate[],
  ) {
    this.resources = templates.flatMap((template) =>
      Object.entries(template.Resources ?? {}).map(([logicalId, { Type, Properties = {}, Metadata = {} }]) => ({
        template,
        logicalId,
        type: Type,
        properties: Properties,
        path: String(Metadata['aws:cdk:path'] ?? logicalId),
        identity: identityOf(template, logicalId),
      })),
    );
    this.byIdentity = new Map(this.resources.map((resource) => [resource.identity, resource]));
  }

  ofType(...types: readonly string[]): readonly TemplateResource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }

  /** The resource that a value of a template refers to, in any stack. */
  referenced(value: unknown, from: Template): TemplateResource | undefined {
    return this.byIdentity.get(this.identify(value, from));
  }

  /**
   * A text that is equal for values that are the same in all deployments: references to one resource, also from other stacks, and
   * equal literals. What only a deployment can tell, such as the value of a parameter, is known by its own text.
   */
  identify(value: unknown, from: Template): string {
    const [name, argument] = intrinsicIn(value);
    switch (name) {
      case 'Ref':
        return this.identifyReference(String(argument), from);
      case 'Fn::GetAtt': {
        const [logicalId = '', ...attribute] = Array.isArray(argument) ? argument : String(argument).split('.');
        return this.identifyAttribute(String(logicalId), attribute.join('.'), from);
      }
      case 'Fn::Sub': {
        const [, logicalId, attribute] = /^\$\{([A-Za-z0-9]+)(?:\.([^}]+))?\}$/.exec(String(argument)) ?? [];
        if (logicalId === undefined) break;
        return attribute === undefined
          ? this.identifyReference(logicalId, from)
          : this.identifyAttribute(logicalId, attribute, from);
      }
      case 'Fn::ImportValue':
        return this.identifyOutput(value, from, (output) => isEqual(output.Export?.Name, argument));
      case 'Fn::GetStackOutput': {
        const { StackName, OutputName } = Object(argument) as {
          readonly StackName?: unknown;
          readonly OutputName?: unknown;
        };
        return this.identifyOutput(
          value,
          from,
          (_, key, { stackName }) => key === OutputName && stackName === StackName,
        );
      }
    }
    return literal(value, from);
  }

  /** The resources that any part of a value refers to. */
  mentioned(value: unknown, from: Template): readonly TemplateResource[] {
    const resource = this.referenced(value, from);
    if (resource) return [resource];
    const parts = typeof value === 'object' && value !== null ? Object.values(value) : [];
    return parts.flatMap((part) => this.mentioned(part, from));
  }

  private identifyReference(logicalId: string, from: Template): string {
    if (from.Resources?.[logicalId]) return identityOf(from, logicalId);
    const nested = this.nested.find(({ template }) => template === from);
    const { Parameters } = { ...nested?.parent.Resources?.[nested.logicalId]?.Properties };
    const passed = Object(Parameters)[logicalId];
    return nested && passed !== undefined ? this.identify(passed, nested.parent) : literal({ Ref: logicalId }, from);
  }

  private identifyAttribute(logicalId: string, attribute: string, from: Template): string {
    if (OWN_NAMES.includes(attribute)) return this.identifyReference(logicalId, from);
    const nested = this.nested.find((one) => one.parent === from && one.logicalId === logicalId);
    const output = attribute.startsWith('Outputs.') ? attribute.slice('Outputs.'.length) : undefined;
    const found = output === undefined ? undefined : nested?.template.Outputs?.[output];
    return nested && found
      ? this.identify(found.Value, nested.template)
      : `${identityOf(from, logicalId)}.${attribute}`;
  }

  private identifyOutput(
    value: unknown,
    from: Template,
    isWanted: (output: Output, key: string, template: Template) => boolean,
  ): string {
    for (const template of this.templates) {
      const found = Object.entries(template.Outputs ?? {}).find(([key, output]) => isWanted(output, key, template));
      if (found) return this.identify(found[1].Value, template);
    }
    return literal(value, from);
  }
}

function identityOf({ id }: Template, logicalId: string): string {
  return `${id}#${logicalId}`;
}

/** An object has the same text in another template, but not the same value. */
function literal(value: unknown, { id }: Template): string {
  return typeof value === 'object' ? `${id} ${JSON.stringify(value)}` : JSON.stringify(value);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function intrinsicIn(value: unknown): readonly [name?: string, argument?: unknown] {
  const [entry, ...others] = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return entry === undefined || others.length > 0 ? [] : entry;
}
