import type { Account } from '../account';
import { evaluateCondition, NO_VALUE, resolve, type Scope } from './intrinsics';
import { type Dependencies, refuseCycles } from './order';
import { parameterValues } from './parameters';
import { referencesIn } from './references';
import type { Properties, Resource, ResourceType } from './resource-type';
import { type ResourceDeclaration, type Template, TemplateError } from './template';

/** The resources of the stack that exist so far. */
export type MadeResources = ReadonlyMap<
  string,
  { readonly resource: Resource; readonly type: ResourceType; readonly properties: Properties }
>;

export interface StackIdentity {
  readonly name: string;
  readonly id: string;
  readonly account: Account;
}

/** A template with its parameters: the resources that its conditions allow, and the dependencies of each. */
export class StackDefinition {
  /** By logical id. */
  readonly resources: ReadonlyMap<string, ResourceDeclaration>;
  readonly dependencies: Dependencies;
  private readonly conditions = new Map<string, boolean | 'evaluating'>();
  private readonly names: ReadonlyMap<string, unknown>;

  /** @throws TemplateError for unknown names, circular dependencies, and invalid parameters */
  constructor(
    private readonly template: Template,
    parameters: Readonly<Record<string, string>>,
    stack: StackIdentity,
  ) {
    this.names = new Map([...pseudoParameters(stack), ...parameterValues(template.parameters, parameters)]);
    const allowed = Object.entries(template.resources).filter(([, { condition }]) => this.allows(condition));
    this.resources = new Map(allowed);
    this.dependencies = new Map(allowed.map(([id, declaration]) => [id, this.neededBy(id, declaration)]));
    refuseCycles(this.dependencies);
    for (const [name, output] of this.allowedOutputs()) this.resourcesIn(output.value, `output ${name}`);
  }

  declaration(logicalId: string): ResourceDeclaration {
    const declaration = this.resources.get(logicalId);
    if (declaration === undefined) throw new TemplateError(`resource ${logicalId} is not in the template`);
    return declaration;
  }

  properties(logicalId: string, made: MadeResources): Properties {
    return resolve(this.declaration(logicalId).properties, this.scope(made)) as Properties;
  }

  /** Every output is a string, as on AWS. */
  outputs(made: MadeResources): Record<string, string> {
    const resolved = this.allowedOutputs().map(([name, output]) => {
      const value = resolve(output.value, this.scope(made));
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        throw new TemplateError(`output ${name} must be a string, got ${JSON.stringify(value)}`);
      }
      return [name, String(value)] as const;
    });
    return Object.fromEntries(resolved);
  }

  private allowedOutputs() {
    return Object.entries(this.template.outputs).filter(([, { condition }]) => this.allows(condition));
  }

  private neededBy(logicalId: string, declaration: ResourceDeclaration): Set<string> {
    const explicit = declaration.dependsOn.filter((id) => {
      if (!Object.hasOwn(this.template.resources, id)) {
        throw new TemplateError(`resource ${logicalId} depends on ${id}, which is not in the template`);
      }
      // A dependency on a resource whose condition is false is ignored.
      return this.resources.has(id);
    });
    return new Set([...explicit, ...this.resourcesIn(declaration.properties, `resource ${logicalId}`)]);
  }

  /** The resources that a value refers to. */
  private resourcesIn(value: unknown, where: string): readonly string[] {
    const references = [...referencesIn(value, (name) => this.condition(name))];
    return references.filter((name) => {
      if (this.resources.has(name)) return true;
      if (this.names.has(name)) return false;
      const reason = Object.hasOwn(this.template.resources, name)
        ? 'which its condition leaves out'
        : 'which is not in the template';
      throw new TemplateError(`${where} refers to ${name}, ${reason}`);
    });
  }

  private allows(condition: string | undefined): boolean {
    return condition === undefined || this.condition(condition);
  }

  private condition(name: string): boolean {
    const known = this.conditions.get(name);
    if (known === 'evaluating') throw new TemplateError(`condition ${name} refers to itself`);
    if (known !== undefined) return known;
    if (!Object.hasOwn(this.template.conditions, name)) {
      throw new TemplateError(`condition ${name} is not in the template`);
    }
    this.conditions.set(name, 'evaluating');
    const holds = evaluateCondition(this.template.conditions[name], this.scope(new Map()));
    this.conditions.set(name, holds);
    return holds;
  }

  private scope(made: MadeResources): Scope {
    const existing = (logicalId: string) => {
      const found = made.get(logicalId);
      if (found === undefined) throw new TemplateError(`${logicalId} is no resource that can be referred to here`);
      return found;
    };
    return {
      mappings: this.template.mappings,
      condition: (name) => this.condition(name),
      ref: (name) => (this.names.has(name) ? this.names.get(name) : existing(name).resource.physicalId),
      attribute: (logicalId, attribute) => {
        const { resource, type, properties } = existing(logicalId);
        const { attributes } = resource;
        if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
        if (type.attribute !== undefined) return type.attribute(resource, properties, attribute);
        const typeName = this.template.resources[logicalId]?.type;
        const known = Object.keys(attributes).join(', ') || 'none';
        throw new TemplateError(`resource ${logicalId} (${typeName}) has no attribute ${attribute}; it has ${known}`);
      },
    };
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html */
function pseudoParameters({ name, id, account }: StackIdentity): ReadonlyMap<string, unknown> {
  return new Map<string, unknown>([
    ['AWS::AccountId', account.id],
    ['AWS::NoValue', NO_VALUE],
    ['AWS::Partition', account.partition],
    ['AWS::Region', account.region],
    ['AWS::StackId', id],
    ['AWS::StackName', name],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ]);
}
