import { grantText } from '../../mesh/grant';
import type { MeshGrants } from '../shared/grants/mesh-grants';

/** A grant as a line from a client to a service. */
export interface GrantEdge {
  /** The name of a client, or `*`. */
  readonly clientName: string;
  readonly serviceName: string;
  /** As `grantText` writes it. */
  readonly grant: string;
  /** In a comparison, whether only one side has the grant. */
  readonly change?: 'added' | 'removed';
}

export function edgesOf({ services }: MeshGrants): readonly GrantEdge[] {
  return services.flatMap(({ serviceName, grants }) =>
    grants.map(({ clientName, grant }) => ({ clientName, serviceName, grant: grantText(grant) })),
  );
}

/** The grants of both sides, with a mark on those that only one of them has. */
export function markedEdges(before: readonly GrantEdge[], after: readonly GrantEdge[]): readonly GrantEdge[] {
  const [ofBefore, ofAfter] = [before, after].map((edges) => new Set(edges.map(keyOf)));
  return [
    ...after.map((edge): GrantEdge => (ofBefore?.has(keyOf(edge)) ? edge : { ...edge, change: 'added' })),
    ...before.flatMap((edge): GrantEdge[] => (ofAfter?.has(keyOf(edge)) ? [] : [{ ...edge, change: 'removed' }])),
  ];
}

function keyOf({ clientName, serviceName, grant }: GrantEdge): string {
  return `${clientName} ${serviceName} ${grant}`;
}
