import type { DeclaredGrant } from '../../../mesh/grant';

/** Who may call what in a mesh, deployed or synthesized. */
export interface MeshGrants {
  /** In alphabetical order. */
  readonly services: readonly GrantedService[];
  /** In alphabetical order. */
  readonly clients: readonly GrantedClient[];
}

export interface GrantedService {
  readonly serviceName: string;
  /** The API that the service is part of. */
  readonly apiId: string;
  readonly grants: readonly DeclaredGrant[];
}

export interface GrantedClient {
  readonly clientName: string;
  /** The trust anchor of an external client. */
  readonly trustAnchor?: string | undefined;
  /** Whether an operator has disabled the client. Always false in a synthesized app. */
  readonly disabled: boolean;
}

/** In alphabetical order, without repetition of a name. */
export function meshGrants(services: readonly GrantedService[], clients: readonly GrantedClient[]): MeshGrants {
  return {
    services: byName(services, ({ serviceName }) => serviceName),
    clients: byName(clients, ({ clientName }) => clientName),
  };
}

function byName<T>(values: readonly T[], nameOf: (value: T) => string): readonly T[] {
  const named = new Map(values.map((value) => [nameOf(value), value]));
  return [...named].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, value]) => value);
}
