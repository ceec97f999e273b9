import { TemplateError } from './template';

/** For each node, the nodes that it depends on. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** @throws TemplateError with the names of a dependency cycle, if there is one */
export function refuseCycles(dependencies: Dependencies): void {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): void => {
    if (done.has(node)) return;
    const start = path.indexOf(node);
    if (start >= 0) {
      throw new TemplateError(`circular dependency between resources: ${[...path.slice(start), node].join(' → ')}`);
    }
    path.push(node);
    dependencies.get(node)?.forEach(visit);
    path.pop();
    done.add(node);
  };
  [...dependencies.keys()].forEach(visit);
}

/** The same nodes with all dependencies reversed, for deletion. */
export function reversed(dependencies: Dependencies): Dependencies {
  const result = new Map([...dependencies.keys()].map((node) => [node, new Set<string>()]));
  for (const [node, needed] of dependencies) {
    for (const other of needed) result.get(other)?.add(node);
  }
  return result;
}

/** The dependencies among some of the nodes. */
export function restrictedTo(dependencies: Dependencies, nodes: Iterable<string>): Dependencies {
  const kept = new Set(nodes);
  return new Map(
    [...kept].map((node) => [node, new Set([...(dependencies.get(node) ?? [])].filter((other) => kept.has(other)))]),
  );
}

/**
 * Visits each node after all its dependencies, and independent nodes concurrently. Doesn't visit nodes that depend on a
 * failed node. With `stopOnFailure`, visits no further nodes after a failure. Resolves, after all visits have ended, to
 * the failures in the order they occurred.
 */
export async function walk(
  dependencies: Dependencies,
  visit: (node: string) => Promise<void>,
  options: { readonly stopOnFailure: boolean },
): Promise<readonly WalkFailure[]> {
  const failures: WalkFailure[] = [];
  const visits = new Map<string, Promise<boolean>>();
  const run = async (node: string): Promise<boolean> => {
    const needed = await Promise.all([...(dependencies.get(node) ?? [])].map(begin));
    if (needed.includes(false) || (options.stopOnFailure && failures.length > 0)) return false;
    try {
      await visit(node);
      return true;
    } catch (error) {
      failures.push({ node, error });
      return false;
    }
  };
  const begin = (node: string): Promise<boolean> => {
    const visiting = visits.get(node) ?? run(node);
    visits.set(node, visiting);
    return visiting;
  };
  await Promise.all([...dependencies.keys()].map(begin));
  return failures;
}

export interface WalkFailure {
  readonly node: string;
  readonly error: unknown;
}
