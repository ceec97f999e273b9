import type { Account } from '../account';
import { firstSecureReference, type ReferenceReader, resolveDynamicReferences } from './dynamic-references';
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

/** The other stacks of the account. All methods throw for unknown names. */
export interface OtherStacks {
  /** The value of an export. */
  importValue(exportName: string): string;
  output(stackName: string, outputName: string): string;
  /** Refuses exports that other stacks have, and changes of exports that other stacks import. */
  checkExports(stackId: string, before: Exports, after: Exports): void;
}

/** Values by the names of exports. */
export type Exports = ReadonlyMap<string, string>;

/** A template with its parameters: the resources that its conditions allow, and the dependencies of each. */
export class StackDefinition {
  /** By logical id. */
  readonly resources: ReadonlyMap<string, ResourceDeclaration>;
  readonly dependencies: Dependencies;
  /** The names of exports that were imported. */
  readonly imports = new Set<string>();
  private readonly conditions = new Map<string, boolean | 'evaluating'>();
  private readonly names: ReadonlyMap<string, () => unknown>;

  /** @throws TemplateError for unknown names, circular dependencies, and invalid parameters */
  constructor(
    private readonly template: Template,
    parameters: Readonly<Record<string, string>>,
    stack: StackIdentity,
    private readonly references: ReferenceReader,
    private readonly otherStacks: OtherStacks,
  ) {
    this.names = new Map([
      ...pseudoParameters(stack),
      ...parameterValues(template.parameters, parameters, (name) => references.parameter({ name })),
    ]);
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
      const value = this.outputValue(name, resolve(output.value, this.scope(made)));
      if (!['string', 'number', 'boolean'].includes(typeof value)) {
        throw new TemplateError(`output ${name} must be a string, got ${JSON.stringify(value)}`);
      }
      return [name, String(value)] as const;
    });
    return Object.fromEntries(resolved);
  }

  /** The names of the outputs by the names of their exports. */
  exports(made: MadeResources): ReadonlyMap<string, string> {
    const exports = new Map<string, string>();
    for (const [output, { exportName }] of this.allowedOutputs()) {
      if (exportName === undefined) continue;
      const name = String(resolve(exportName, this.scope(made)));
      if (exports.has(name))
        throw new TemplateError(`outputs ${exports.get(name)} and ${output} have the export ${name}`);
      exports.set(name, output);
    }
    return exports;
  }

  private outputValue(name: string, value: unknown): unknown {
    const secure = firstSecureReference(value);
    if (secure !== undefined) throw new TemplateError(`output ${name} must not have the dynamic reference ${secure}`);
    return resolveDynamicReferences(value, this.references);
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
      const value = this.names.get(name);
      if (value !== undefined) {
        // Fails before anything is created, if the parameter doesn't resolve.
        value();
        return false;
      }
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
      importValue: (name) => {
        this.imports.add(name);
        return this.otherStacks.importValue(name);
      },
      stackOutput: (stackName, output) => this.otherStacks.output(stackName, output),
      ref: (name) => {
        const value = this.names.get(name);
        return value === undefined ? existing(name).resource.physicalId : value();
      },
      attribute: (logicalId, attribute) => {
        const { resource, type, properties } = existing(logicalId);
        const { attributes } = resource;
        if (Object.hasOwn(attributes, attribute)) return attributes[attribute];
        const other = type.attribute?.(resource, properties, attribute);
        if (other !== undefined) return other;
        const typeName = this.template.resources[logicalId]?.type;
        const known = Object.keys(attributes).join(', ') || 'none';
        throw new TemplateError(`resource ${logicalId} (${typeName}) has no attribute ${attribute}; it has ${known}`);
      },
    };
  }
}

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/pseudo-parameter-reference.html */
function pseudoParameters({ name, id, account }: StackIdentity): ReadonlyMap<string, () => unknown> {
  const values: readonly (readonly [string, unknown])[] = [
    ['AWS::AccountId', account.id],
    ['AWS::NoValue', NO_VALUE],
    ['AWS::Partition', account.partition],
    ['AWS::Region', account.region],
    ['AWS::StackId', id],
    ['AWS::StackName', name],
    ['AWS::URLSuffix', 'amazonaws.com'],
  ];
  return new Map(values.map(([key, value]) => [key, () => value]));
}
