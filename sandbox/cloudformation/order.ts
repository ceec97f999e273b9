import { TemplateError } from './template';

/** For each node, the nodes that must be there before it. */
export type Dependencies = ReadonlyMap<string, ReadonlySet<string>>;

/** Throws `TemplateError` with the names along the circle if there is one. */
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

/** The same nodes with every arrow turned: what is to be deleted before what. */
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
 * Visits every node as soon as all that it depends on are done, independent ones at once.
 * What depends on a failed node is not visited; with `stopOnFailure`, nothing that has not begun is.
 * Resolves, when all that began has ended, to the failures in the order in which they came.
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
