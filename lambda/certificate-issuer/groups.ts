/** Groups of so many, the last one smaller. */
export async function* grouped<T>(all: AsyncIterable<T> | Iterable<T>, size: number): AsyncIterable<readonly T[]> {
  let group: T[] = [];
  for await (const one of all) {
    group.push(one);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}

/** Works on so many at the same time, one group after the other. */
export async function inGroups<T>(all: readonly T[], size: number, work: (one: T) => Promise<void>): Promise<void> {
  for await (const group of grouped(all, size)) await Promise.all(group.map(work));
}

export async function collect<T>(all: AsyncIterable<T>): Promise<readonly T[]> {
  const collected: T[] = [];
  for await (const one of all) collected.push(one);
  return collected;
}

export async function first<T>(all: AsyncIterable<T>): Promise<T | undefined> {
  for await (const one of all) return one;
  return undefined;
}
