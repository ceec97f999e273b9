import { ALL_CLIENTS } from '../../mesh/grant';
import type { MeshGrants } from '../shared/grants/mesh-grants';
import type { GrantEdge } from './edges';

/** What a picture of a mesh shows. A service that is a client too is both. */
export interface Drawing {
  readonly nodes: readonly { readonly id: string; readonly label: string; readonly kind: 'client' | 'service' }[];
  /** One for each pair of a client and a service, by the IDs of their nodes, with a line for each grant. */
  readonly arrows: readonly { readonly from: string; readonly to: string; readonly lines: readonly string[] }[];
}

const MARKS = { added: '+ ', removed: '- ' } as const;

/** @param edges may be of clients and services that the mesh no longer has */
export function drawingOf({ clients, services }: MeshGrants, edges: readonly GrantEdge[]): Drawing {
  const labels = new Map(edges.map(({ clientName }) => [clientName, clientName]));
  for (const { clientName, trustAnchor, disabled } of clients) {
    const rest = [trustAnchor && `external: ${trustAnchor}`, disabled && 'disabled'].filter(Boolean).join(', ');
    labels.set(clientName, rest ? `${clientName} (${rest})` : clientName);
  }
  if (labels.has(ALL_CLIENTS)) labels.set(ALL_CLIENTS, 'all clients');
  const serviceNames = new Set([...services, ...edges].map(({ serviceName }) => serviceName));

  const arrows = new Map<string, { readonly from: string; readonly to: string; readonly lines: string[] }>();
  for (const { clientName, serviceName, grant, change } of edges) {
    const [from, to] = [clientId(clientName), serviceId(serviceName)];
    const arrow = arrows.get(`${from} ${to}`) ?? { from, to, lines: [] };
    arrow.lines.push(`${change ? MARKS[change] : ''}${grant}`);
    arrows.set(`${from} ${to}`, arrow);
  }
  return {
    nodes: [
      ...[...labels].sort().map(([name, label]) => ({ id: clientId(name), label, kind: 'client' as const })),
      ...[...serviceNames].sort().map((name) => ({ id: serviceId(name), label: name, kind: 'service' as const })),
    ],
    arrows: [...arrows.values()],
  };
}

/** The ID of a client's node. Names are DNS labels, and languages of diagrams have words of their own, such as `end`. */
export function clientId(name: string): string {
  return name === ALL_CLIENTS ? 'all-clients' : `client-${name}`;
}

export function serviceId(name: string): string {
  return `service-${name}`;
}
