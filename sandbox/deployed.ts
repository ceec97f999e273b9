import type { NamedStack } from './deployment';

/** A resource of a deployed stack. */
export interface SandboxResource {
  /** Such as `AWS::S3::Bucket`. */
  readonly type: string;
  /** The value of `Ref`: a name, an ARN, or an ID. */
  readonly physicalId: string;
  /** The values of `Fn::GetAtt`. */
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The properties in the template, with all intrinsic functions resolved. */
  readonly properties: Readonly<Record<string, unknown>>;
  /** The path of the construct that defines the resource. */
  readonly constructPath?: string;
}

/** The outputs of the stacks. Those that have the same name in several stacks are named `Stack.Name`. */
export function outputsOf(stacks: readonly NamedStack[]): Readonly<Record<string, string>> {
  return byName(stacks.flatMap(({ label, stack }) => Object.entries(stack.outputs).map((entry) => [label, ...entry])));
}

/** The resources of the stacks by logical ID. Those that have the same ID in several stacks are named `Stack.ID`. */
export function resourcesOf(stacks: readonly NamedStack[]): Readonly<Record<string, SandboxResource>> {
  return byName(
    stacks.flatMap(({ label, stack }) =>
      [...stack.resources.values()].map(({ logicalId, declaration, resource, properties }) => {
        const { type, constructPath } = declaration;
        return [label, logicalId, { ...resource, type, properties, constructPath }] as const;
      }),
    ),
  );
}

/** By name, or by `Stack.Name` if several stacks have the name. */
function byName<T>(
  entries: readonly (readonly [stack: string, name: string, value: T])[],
): Readonly<Record<string, T>> {
  const count = new Map<string, number>();
  for (const [, name] of entries) count.set(name, (count.get(name) ?? 0) + 1);
  const isUnique = (name: string) => count.get(name) === 1;
  return Object.fromEntries(entries.map(([stack, name, value]) => [isUnique(name) ? name : `${stack}.${name}`, value]));
}
