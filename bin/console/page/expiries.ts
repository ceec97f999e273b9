import type { ClientView } from '../state';

export interface Expiry {
  /** What expires. */
  readonly what: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Whether it should have been replaced. */
  readonly isLate: boolean;
}

/** The current certificates of enabled clients, and the authorities above them, each once. What expires first comes first. */
export function expiriesOf(clients: readonly ClientView[], now: string): readonly Expiry[] {
  const enabled = clients.filter(({ state }) => state === 'ENABLED');
  const certificates = enabled.flatMap(({ clientName, current }) =>
    current?.status === 'ISSUED'
      ? { what: `certificate of ${clientName}`, at: current.notAfter, isLate: now >= current.expiringFrom }
      : [],
  );
  const authorities = new Set(enabled.flatMap(({ current }) => current?.authoritiesNotAfter ?? []));
  const anchors = new Map(enabled.flatMap(({ trustAnchor }) => (trustAnchor ? [[trustAnchor.name, trustAnchor]] : [])));
  return [
    ...certificates,
    ...[...authorities].map((at) => ({ what: 'authority of the mesh', at, isLate: false })),
    ...[...anchors.values()].map(({ name, notAfter }) => ({
      what: `authority of the trust anchor ${name}`,
      at: notAfter,
      isLate: false,
    })),
  ].sort((one, other) => one.at.localeCompare(other.at));
}
