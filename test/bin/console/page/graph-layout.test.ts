import { layOut } from '../../../../bin/console/page/graph-layout';
import type { CallCount, RegistryView } from '../../../../bin/console/state';

const DRAWING: RegistryView['drawing'] = {
  nodes: [
    { id: 'client-a', label: 'a', kind: 'client' },
    { id: 'client-b', label: 'b', kind: 'client' },
    { id: 'service-x', label: 'x', kind: 'service' },
    { id: 'service-y', label: 'y', kind: 'service' },
    { id: 'service-unused', label: 'unused', kind: 'service' },
  ],
  arrows: [
    { from: 'client-b', to: 'service-x', lines: ['GET /x/*'] },
    { from: 'client-a', to: 'service-y', lines: ['ANY /y/*'] },
  ],
};

const call = (from: string, to: string): CallCount => ({ from, to, allowed: 1, failed: 0, refused: 0, lastAt: '' });

test('services are near the clients that may call them, and nothing overlaps', () => {
  const { nodes, height } = layOut(DRAWING, []);
  const services = nodes.filter(({ kind }) => kind === 'service').sort((one, other) => one.y - other.y);
  expect(services.map(({ label }) => label)).toEqual(['y', 'x', 'unused']);
  expect(new Set(nodes.map(({ x, y }) => `${x} ${y}`)).size).toBe(nodes.length);
  for (const { y } of nodes) expect(y > 0 && y < height).toBe(true);
});

test('a line has its grants and its calls', () => {
  const { edges } = layOut(DRAWING, [call('client-a', 'service-y')]);
  expect(edges.map(({ from, to, grants, calls }) => [from, to, grants, calls?.allowed])).toEqual([
    ['client-b', 'service-x', ['GET /x/*'], undefined],
    ['client-a', 'service-y', ['ANY /y/*'], 1],
  ]);
});

test('calls without a grant of their own have a line, and those of unknown clients and services have none', () => {
  const calls = [call('client-a', 'service-x'), call('client-gone', 'service-x'), call('client-a', 'service-gone')];
  const { edges } = layOut(DRAWING, calls);
  expect(edges.slice(2).map(({ from, to, grants }) => [from, to, grants])).toEqual([['client-a', 'service-x', []]]);
});

test('a mesh with many clients has a picture of those with the most requests', () => {
  const names = Array.from({ length: 100 }, (_, index) => `client-${index}`);
  const nodes = [...names.map((id) => ({ id, label: id, kind: 'client' as const })), ...DRAWING.nodes.slice(2)];
  const arrows = names.map((from) => ({ from, to: 'service-x', lines: ['ANY /x/*'] }));
  const calls = names.slice(50).map((from, index) => ({ ...call(from, 'service-x'), allowed: index + 1 }));
  const { leftOut, nodes: placed, edges } = layOut({ nodes, arrows }, calls);
  expect(leftOut).toBe(60);
  expect(placed.filter(({ kind }) => kind === 'client').map(({ id }) => id)).toEqual(names.slice(60));
  expect(edges).toHaveLength(40);
});

test('a mesh without clients and services has a picture', () => {
  expect(layOut({ nodes: [], arrows: [] }, [])).toMatchObject({ nodes: [], edges: [] });
});

test('the numbers of a line say what became of the requests, and are not on top of others', () => {
  const { edges } = layOut(DRAWING, [
    { ...call('client-a', 'service-x'), failed: 1, refused: 2 },
    { ...call('client-b', 'service-y'), allowed: 0, refused: 3 },
    call('client-a', 'service-y'),
    call('client-b', 'service-x'),
  ]);
  const labels = edges.flatMap(({ label }) => label ?? []);
  expect(labels.map(({ text }) => text).sort()).toEqual(['1', '1', '1 · 1 failed · 2 refused', '3 refused']);
  for (const [index, one] of labels.entries()) {
    for (const other of labels.slice(index + 1)) {
      const isApart = Math.abs(one.x - other.x) >= (one.width + other.width) / 2 || Math.abs(one.y - other.y) >= 20;
      expect([one.text, other.text, isApart]).toEqual([one.text, other.text, true]);
    }
  }
});
