import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { type Dependencies, refuseCycles, restrictedTo, reversed, walk } from '../../../sandbox/cloudformation/order';

const graph = (edges: Record<string, readonly string[]>): Dependencies =>
  new Map(Object.entries(edges).map(([node, needed]) => [node, new Set(needed)]));

/** Every node depends only on nodes before it, so there are no circles. */
const acyclic = fc
  .array(fc.array(fc.nat(), { maxLength: 3 }), { maxLength: 12 })
  .map((rows) =>
    graph(Object.fromEntries(rows.map((row, i) => [`n${i}`, i === 0 ? [] : row.map((other) => `n${other % i}`)]))),
  );

test('a circle is refused with the names along it', () => {
  const circle = graph({ Role: ['Function'], Function: ['Table'], Table: ['Role'], Bucket: [] });
  expect(() => refuseCycles(circle)).toThrow('circular dependency between resources: Role → Function → Table → Role');
  expect(() => refuseCycles(graph({ Role: ['Role'] }))).toThrow('Role → Role');
});

test('what needs nothing of each other is visited at once, the rest in order', async () => {
  const running = new Set<string>();
  const seen: string[] = [];
  await walk(
    graph({ Domain: ['Bucket', 'Certificate'], Bucket: [], Certificate: [] }),
    async (node) => {
      running.add(node);
      seen.push([...running].sort().join('+'));
      await setTimeout(5);
      running.delete(node);
    },
    { stopOnFailure: true },
  );
  expect(seen).toEqual(['Bucket', 'Bucket+Certificate', 'Domain']);
});

test('every node is visited once, after all it depends on', async () => {
  await fc.assert(
    fc.asyncProperty(acyclic, async (dependencies) => {
      expect(() => refuseCycles(dependencies)).not.toThrow();
      const done: string[] = [];
      const visit = async (node: string) => {
        for (const needed of dependencies.get(node) ?? []) expect(done).toContain(needed);
        await setTimeout(0);
        done.push(node);
      };
      expect(await walk(dependencies, visit, { stopOnFailure: true })).toEqual([]);
      expect(done.sort()).toEqual([...dependencies.keys()].sort());
    }),
    { numRuns: 30 },
  );
});

test('reversing twice gives the same dependencies', () => {
  fc.assert(fc.property(acyclic, (dependencies) => expect(reversed(reversed(dependencies))).toEqual(dependencies)));
});

test('after a failure nothing new begins, and what was under way is waited for', async () => {
  const ended: string[] = [];
  const failures = await walk(
    graph({ Slow: [], Broken: [], AfterBroken: ['Broken'], AfterSlow: ['Slow'] }),
    async (node) => {
      await setTimeout(node === 'Slow' ? 20 : 1);
      if (node === 'Broken') throw new Error('no quota');
      ended.push(node);
    },
    { stopOnFailure: true },
  );
  expect(ended).toEqual(['Slow']);
  expect(failures).toEqual([{ node: 'Broken', error: new Error('no quota') }]);
});

test('without stopping, a failure spares only what depends on it', async () => {
  const ended: string[] = [];
  const visit = async (node: string) => {
    if (node === 'Broken') throw new Error('in use');
    ended.push(node);
  };
  await walk(graph({ Broken: [], AfterBroken: ['Broken'], Other: [] }), visit, { stopOnFailure: false });
  expect(ended).toEqual(['Other']);
});

test('dependencies on nodes that are left out fall away', () => {
  expect(restrictedTo(graph({ A: ['B', 'C'], B: [], C: [] }), ['A', 'C'])).toEqual(graph({ A: ['C'], C: [] }));
});
