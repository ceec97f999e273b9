import type { CallCount, ClientView, RegistryView } from '../state';
import { type EdgeLabel, layOut, type PlacedEdge, type PlacedNode, SIZE } from './graph-layout';

/** A call in this time lights its line. Milliseconds. */
const RECENT = 15_000;

/** Longer labels are cut. The title of the node has all of it. */
const LONGEST_LABEL = 26;

interface GraphProps {
  readonly registry: RegistryView;
  readonly calls: readonly CallCount[];
  /** How many requests were refused, by the name of the client. */
  readonly refused: ReadonlyMap<string, number>;
  readonly now: string;
  readonly onClient: (clientName: string) => void;
}

/** Who may call whom, and who does. */
export function Graph({ registry, calls, refused, now, onClient }: GraphProps) {
  const { height, leftOut, nodes, edges } = layOut(registry.drawing, calls);
  const clients = new Map(registry.clients.map((client) => [client.nodeId, client]));
  return (
    <>
      <svg class="graph" viewBox={`0 0 ${SIZE.width} ${height}`} aria-label="Clients, services, and calls">
        {edges.map((edge) => (
          <Edge key={`${edge.from} ${edge.to}`} edge={edge} now={now} />
        ))}
        {edges.map(
          ({ from, to, calls, label }) =>
            label && <EdgeCount key={`${from} ${to}`} label={label} isBad={isBad(calls)} />,
        )}
        {nodes.map((node) => (
          <Node key={node.id} node={node} client={clients.get(node.id)} refused={refused} onClient={onClient} />
        ))}
      </svg>
      {leftOut > 0 && (
        <p class="quiet">The picture has the clients with the most requests, and not {leftOut} others.</p>
      )}
      <GraphTable nodes={nodes} edges={edges} />
    </>
  );
}

function Edge({ edge: { path, calls, grants }, now }: { readonly edge: PlacedEdge; readonly now: string }) {
  const isRecent = calls !== undefined && Date.parse(now) - Date.parse(calls.lastAt) < RECENT;
  const classes = [
    'edge',
    calls && 'used',
    isRecent && 'recent',
    grants.length === 0 && 'without-grant',
    calls?.allowed === 0 && 'refused',
  ];
  return (
    <path class={classes.filter(Boolean).join(' ')} d={path}>
      <title>{grantsText(grants, calls)}</title>
    </path>
  );
}

/** Whether something needs attention. */
function isBad({ failed = 0, refused = 0 }: Partial<CallCount> = {}): boolean {
  return failed + refused > 0;
}

function grantsText(grants: readonly string[], calls: CallCount | undefined): string {
  if (grants.length > 0) return grants.join('\n');
  return calls?.allowed ? 'by a grant for all clients, or an earlier one' : 'no grant';
}

interface EdgeCountProps {
  readonly label: EdgeLabel;
  readonly isBad: boolean;
}

function EdgeCount({ label: { text, width, x, y }, isBad }: EdgeCountProps) {
  return (
    <g class={isBad ? 'edge-count bad' : 'edge-count'}>
      <rect x={x - width / 2} y={y - SIZE.label / 2} width={width} height={SIZE.label} rx={SIZE.label / 2} />
      <text x={x} y={y + 4} text-anchor="middle">
        {text}
      </text>
    </g>
  );
}

interface NodeProps extends Pick<GraphProps, 'refused' | 'onClient'> {
  readonly node: PlacedNode;
  /** Absent for a service, and for all clients. */
  readonly client: ClientView | undefined;
}

function Node({ node: { label, kind, x, y }, client, refused, onClient }: NodeProps) {
  const clientName = client?.clientName;
  const refusals = clientName === undefined ? undefined : refused.get(clientName);
  const open = () => clientName !== undefined && onClient(clientName);
  const shown = label.length > LONGEST_LABEL ? `${label.slice(0, LONGEST_LABEL - 1)}…` : label;
  const button = clientName !== undefined && {
    role: 'button' as const,
    tabindex: 0,
    'aria-label': `client ${label}${refusals ? `, ${refusals} refused` : ''}`,
    onClick: open,
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      open();
    },
  };
  return (
    <g class={`node ${kind}`} {...button}>
      <title>{label}</title>
      <rect
        x={x}
        y={y - SIZE.nodeHeight / 2}
        width={SIZE.node}
        height={SIZE.nodeHeight}
        rx={kind === 'client' ? SIZE.nodeHeight / 2 : 6}
      />
      <text x={x + SIZE.node / 2} y={refusals ? y - 2 : y + 5} text-anchor="middle">
        {shown}
      </text>
      {refusals && (
        <text class="refused" x={x + SIZE.node / 2} y={y + 14} text-anchor="middle">
          {refusals} refused
        </text>
      )}
    </g>
  );
}

/** The same for those who can't see the picture, and for long grants. */
function GraphTable({
  nodes,
  edges,
}: {
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}) {
  const labelOf = (id: string) => nodes.find((node) => node.id === id)?.label ?? id;
  return (
    <details>
      <summary>Grants and calls as a table</summary>
      <div class="scrolling">
        <table>
          <thead>
            <tr>
              <th scope="col">Client</th>
              <th scope="col">Service</th>
              <th scope="col">Grants</th>
              <th scope="col">Calls</th>
              <th scope="col">Failed</th>
              <th scope="col">Refused</th>
            </tr>
          </thead>
          <tbody>
            {edges.map(({ from, to, grants, calls }) => (
              <tr key={`${from} ${to}`}>
                <th scope="row">{labelOf(from)}</th>
                <td>{labelOf(to)}</td>
                <td class="lines">{grantsText(grants, calls)}</td>
                <td class="number">{calls?.allowed ?? 0}</td>
                <td class="number">{calls?.failed ?? 0}</td>
                <td class="number">{calls?.refused ?? 0}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
}
