import type { AccountServices } from './account-services';
import type { Cloud } from './cloud';
import type { AssembledStack } from './cloudformation/assembly';
import type { StackEvent } from './cloudformation/event';
import { NestedStacks } from './cloudformation/nested-stack';
import { Stack } from './cloudformation/stack';
import { readTemplate, type Template, TemplateError } from './cloudformation/template';
import { DeploymentError } from './deployment-error';
import { provide, splitParameters } from './provided-values';

const NESTED_STACK = 'AWS::CloudFormation::Stack';

type Parameters = Readonly<Record<string, string>>;

/** A stack of the app, with the stacks nested in it. */
interface AppStack {
  readonly stack: Stack;
  readonly nested: NestedStacks;
}

/** A stack that isn't nested. */
interface RootStack extends AppStack {
  /** The latest state of the app. */
  assembly: AssembledStack;
  /** Those of the latest deployment. */
  parameters: Parameters;
}

/** Names the constructs of a stack's resources, by their logical IDs, and those of the stacks nested in it. */
interface ConstructPaths {
  own(): ReadonlyMap<string, string>;
  /** @param logicalId that of the nested stack's resource */
  nested(logicalId: string): ConstructPaths;
}

/** A stack, and its name in messages: for a nested one, that of its parent and its logical ID. */
export interface NamedStack {
  readonly label: string;
  readonly stack: Stack;
}

/** The stacks of apps in a cloud, each in its account, and all in one Region. */
export class Deployment {
  /** By account and name, in the order of their first deployment. */
  private readonly roots = new Map<string, RootStack>();
  private readonly byId = new Map<string, AppStack>();

  constructor(
    private readonly cloud: Cloud,
    private readonly onEvent: ((event: StackEvent) => void) | undefined,
  ) {}

  /** All stacks, each before those nested in it. Those of one name in several accounts are called `<account ID>:<name>`, but for the first. */
  get stacks(): readonly NamedStack[] {
    const withNested = (label: string, { stack, nested }: AppStack): readonly NamedStack[] => [
      { label, stack },
      ...nested.all.flatMap((child) => {
        const found = this.byId.get(child.stack.id);
        return found === undefined ? [] : withNested(`${label}.${child.logicalId}`, found);
      }),
    ];
    const labels = new Set<string>();
    return [...this.roots.entries()].flatMap(([key, root]) => {
      const { stackName } = root.assembly;
      const label = labels.has(stackName) ? key : stackName;
      labels.add(label);
      return withNested(label, root);
    });
  }

  /** One line for everything that the sandbox doesn't make real. */
  get notices(): readonly string[] {
    const { region } = this.cloud.home.surroundings.account;
    const elsewhere = [...this.roots.values()].flatMap(({ assembly }) =>
      assembly.region === undefined || assembly.region === region
        ? []
        : [`runs in ${region}, the Region of the sandbox, and not in ${assembly.region}: stack ${assembly.stackName}`],
    );
    return [...elsewhere, ...this.stacks.flatMap(({ stack }) => stack.notices)];
  }

  /**
   * Creates or updates the stacks, in their order. Deletes what remains of a failed creation first.
   * @param parameters those that are left out keep their values
   * @throws DeploymentError for the first stack that fails, which is then rolled back
   */
  async bring(assemblies: readonly AssembledStack[], parameters: Parameters): Promise<void> {
    const { ofTemplates, provided } = splitParameters(parameters);
    provide(provided, this.cloud.home);
    const names = assemblies.map(({ stackName }) => stackName);
    const templates = new Map<string, Template>();
    for (const assembly of assemblies) {
      this.cloud.publish(assembly.fileAssets);
      const read = async () => readTemplate(assembly.template, assembly.constructPaths);
      templates.set(assembly.stackName, await orFail(assembly.stackName, read()));
    }
    const unknown = Object.keys(ofTemplates).find(
      (key) => ![...templates].some(([name, template]) => valueFor(name, template, { [key]: '' }).length > 0),
    );
    if (unknown !== undefined) {
      const declared = [...templates.values()].flatMap((template) => Object.keys(template.parameters));
      const known = [...new Set(declared)].join(', ') || 'none';
      const error = new TemplateError(`parameter ${unknown} is not in the template, which has ${known}`);
      throw DeploymentError.from(names.join(', '), error);
    }
    for (const assembly of assemblies) {
      const template = templates.get(assembly.stackName);
      if (template !== undefined) await orFail(assembly.stackName, this.bringOne(assembly, template, ofTemplates));
    }
  }

  /** Deletes the stacks, each before those that it depends on. */
  async destroy(): Promise<void> {
    for (const { assembly, stack } of [...this.roots.values()].reverse()) {
      await orFail(assembly.stackName, stack.delete());
    }
  }

  private async bringOne(assembly: AssembledStack, template: Template, given: Parameters): Promise<void> {
    const { stackName } = assembly;
    const known = this.roots.get(this.keyOf(assembly));
    if (known?.stack.isOver) await known.stack.delete();
    const root = known === undefined || known.stack.isOver ? this.newRoot(assembly) : known;
    root.assembly = assembly;
    const kept = Object.entries(known?.parameters ?? {}).filter(([name]) => Object.hasOwn(template.parameters, name));
    const parameters = Object.fromEntries([...kept, ...valueFor(stackName, template, given)]);
    await root.stack[root.stack.status === undefined ? 'create' : 'update'](template, parameters);
    root.parameters = parameters;
  }

  private newRoot(assembly: AssembledStack): RootStack {
    const pathsIn = (own: () => ReadonlyMap<string, string>): ConstructPaths => ({
      own,
      nested: (logicalId) =>
        pathsIn(() => {
          const path = own().get(logicalId);
          return path === undefined ? new Map() : root.assembly.nestedConstructPaths(path);
        }),
    });
    const appStack = this.newStack(
      assembly.stackName,
      this.accountOf(assembly),
      pathsIn(() => root.assembly.constructPaths),
    );
    const root: RootStack = { ...appStack, assembly, parameters: {} };
    this.roots.set(this.keyOf(assembly), root);
    return root;
  }

  private accountOf({ accountId }: AssembledStack): AccountServices {
    return accountId === undefined ? this.cloud.home : this.cloud.account(accountId);
  }

  private keyOf(assembly: AssembledStack): string {
    return `${this.accountOf(assembly).iam.accountId}:${assembly.stackName}`;
  }

  private newStack(name: string, account: AccountServices, constructPaths: ConstructPaths): AppStack {
    const { cloud } = this;
    const nested = new NestedStacks({
      newStack: (childName, logicalId) => this.newStack(childName, account, constructPaths.nested(logicalId)).stack,
      readTemplate: (objectKey, logicalId) => cloud.readTemplate(objectKey, constructPaths.nested(logicalId).own()),
    });
    const stack = new Stack({
      name,
      ...account.stackSurroundings,
      resourceType: (type) => (type === NESTED_STACK ? nested.resourceType : account.resourceType(type)),
      onEvent: this.onEvent,
    });
    account.stacks.add(stack);
    this.byId.set(stack.id, { stack, nested });
    return { stack, nested };
  }
}

/** The given values for a stack, from `Name`, or from `Stack:Name`, which takes precedence. */
function valueFor(stackName: string, template: Template, given: Parameters): readonly (readonly [string, string])[] {
  const declared = (name: string) => Object.hasOwn(template.parameters, name);
  const plain = Object.entries(given).filter(([name]) => declared(name));
  const own = Object.entries(given).flatMap(([key, value]) => {
    const name = key.startsWith(`${stackName}:`) ? key.slice(stackName.length + 1) : '';
    return declared(name) ? [[name, value] as const] : [];
  });
  return [...plain, ...own];
}

async function orFail<T>(stackName: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw DeploymentError.from(stackName, cause);
  }
}
