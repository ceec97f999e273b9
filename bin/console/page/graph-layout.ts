import type { CallCount, RegistryView } from '../state';

type Drawing = RegistryView['drawing'];

/** A box, with the middle of its left edge at `x` and `y`. */
export interface PlacedNode {
  readonly id: string;
  readonly label: string;
  readonly kind: 'client' | 'service';
  readonly x: number;
  readonly y: number;
}

/** A line from a client to a service. */
export interface PlacedEdge {
  readonly from: string;
  readonly to: string;
  /** The grants of the client for the service. Empty for other calls, such as those that a grant for all clients lets in. */
  readonly grants: readonly string[];
  /** Absent without requests. */
  readonly calls?: CallCount | undefined;
  /** The `d` of an SVG path. */
  readonly path: string;
  /** Its numbers. Absent without requests. */
  readonly label?: EdgeLabel | undefined;
}

/** A text with its middle at `x` and `y`. */
export interface EdgeLabel {
  readonly text: string;
  readonly width: number;
  readonly x: number;
  readonly y: number;
}

export interface Layout {
  readonly height: number;
  /** How many clients are left out. */
  readonly leftOut: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** In units of the picture. */
export const SIZE = { width: 760, node: 210, nodeHeight: 42, row: 60, label: 20, margin: 8 } as const;

const COLUMNS = { client: SIZE.margin, service: SIZE.width - SIZE.node - SIZE.margin } as const;

/** In a mesh with more clients, the picture has those with requests, and at most this many. */
const MAX_CLIENTS = 40;

/** Clients on the left, and services on the right, near the clients that call them. */
export function layOut(drawing: Drawing, calls: readonly CallCount[]): Layout {
  const all = drawing.nodes.filter(({ kind }) => kind === 'client');
  const clients = all.length > MAX_CLIENTS ? busiestOf(all, calls) : all;
  const shown = new Set(clients.map(({ id }) => id));
  const lines = linesOf(drawing, calls).filter(({ from }) => shown.has(from));
  const rankOf = new Map(clients.map(({ id }, index) => [id, index]));
  const heightOf = (service: string) => {
    const ranks = lines.filter(({ to }) => to === service).map(({ from }) => rankOf.get(from) ?? 0);
    return ranks.length === 0 ? clients.length : ranks.reduce((sum, rank) => sum + rank, 0) / ranks.length;
  };
  const services = drawing.nodes
    .filter(({ kind }) => kind === 'service')
    .sort((one, other) => heightOf(one.id) - heightOf(other.id));
  const rows = Math.max(clients.length, services.length, 1);
  const height = rows * SIZE.row + 2 * SIZE.margin;
  const nodes = [clients, services].flatMap((column) =>
    column.map(
      (node, index): PlacedNode => ({
        ...node,
        x: COLUMNS[node.kind],
        y: height / 2 + (index - (column.length - 1) / 2) * SIZE.row,
      }),
    ),
  );
  const leftOut = all.length - clients.length;
  return { height, leftOut, nodes, edges: placeEdges(lines, new Map(nodes.map((node) => [node.id, node]))) };
}

/** In their order. */
function busiestOf(clients: Drawing['nodes'], calls: readonly CallCount[]): Drawing['nodes'] {
  const counts = new Map<string, number>();
  for (const { from, allowed, refused } of calls) counts.set(from, (counts.get(from) ?? 0) + allowed + refused);
  const busiest = [...counts].sort(([, one], [, other]) => other - one).map(([id]) => id);
  const shown = new Set(busiest.slice(0, MAX_CLIENTS));
  return clients.filter(({ id }) => shown.has(id));
}

type Line = Pick<PlacedEdge, 'from' | 'to' | 'grants' | 'calls'>;

function linesOf(drawing: Drawing, calls: readonly CallCount[]): readonly Line[] {
  const keyOf = (from: string, to: string) => `${from} ${to}`;
  const counted = new Map(calls.map((call) => [keyOf(call.from, call.to), call]));
  const granted = drawing.arrows.map(({ from, to, lines: grants }) => ({
    from,
    to,
    grants,
    calls: counted.get(keyOf(from, to)),
  }));
  const known = new Set(drawing.nodes.map(({ id }) => id));
  const drawn = new Set(granted.map(({ from, to }) => keyOf(from, to)));
  const others = [...counted.values()]
    .map((call) => ({ from: call.from, to: call.to, grants: [], calls: call }))
    .filter(({ from, to }) => known.has(from) && known.has(to) && !drawn.has(keyOf(from, to)));
  return [...granted, ...others];
}

function placeEdges(lines: readonly Line[], nodes: ReadonlyMap<string, PlacedNode>): readonly PlacedEdge[] {
  const labels: EdgeLabel[] = [];
  return lines.flatMap((line) => {
    const [from, to] = [nodes.get(line.from), nodes.get(line.to)];
    if (from === undefined || to === undefined) return [];
    const start = { x: from.x + SIZE.node, y: from.y };
    const bend = (to.x - start.x) / 2;
    const controls = [start, { x: start.x + bend, y: start.y }, { x: to.x - bend, y: to.y }, to] as const;
    const [one, two, three, four] = controls.map(({ x, y }) => `${x} ${y}`);
    const label = line.calls && placeLabel(labelText(line.calls), controls, labels);
    if (label !== undefined) labels.push(label);
    return { ...line, path: `M ${one} C ${two}, ${three}, ${four}`, label };
  });
}

function labelText({ allowed, failed, refused }: CallCount): string {
  return [allowed > 0 && String(allowed), failed > 0 && `${failed} failed`, refused > 0 && `${refused} refused`]
    .filter(Boolean)
    .join(' · ');
}

/** Parts of a line at which its label may be, the best first. */
const PLACES = [0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8];

/** On the line, where no other label is. */
function placeLabel(text: string, controls: Curve, others: readonly EdgeLabel[]): EdgeLabel {
  const candidates = PLACES.map((part) => ({ text, width: 14 + text.length * 6.5, ...pointAt(controls, part) }));
  const isFree = (label: EdgeLabel) =>
    !others.some(
      (other) =>
        Math.abs(other.x - label.x) < (other.width + label.width) / 2 && Math.abs(other.y - label.y) < SIZE.label,
    );
  return candidates.find(isFree) ?? candidates[0] ?? { text, width: 0, x: 0, y: 0 };
}

type Point = { readonly x: number; readonly y: number };

/** The control points of a cubic Bézier curve. */
type Curve = readonly [Point, Point, Point, Point];

function pointAt([start, first, second, end]: Curve, part: number): Point {
  const rest = 1 - part;
  const [a, b, c, d] = [rest ** 3, 3 * rest ** 2 * part, 3 * rest * part ** 2, part ** 3];
  return {
    x: a * start.x + b * first.x + c * second.x + d * end.x,
    y: a * start.y + b * first.y + c * second.y + d * end.y,
  };
}
