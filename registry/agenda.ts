/** The agenda of the hourly run. An index of the table contains the items that are on it, in the order of their times. */

/** What an item is on the agenda for. */
export type AgendaTopic =
  /** A client of either kind: when its current certificate should have been replaced. */
  | 'CLIENT'
  /** An identity of an external client: when the authority expires. */
  | 'TRUST_ANCHOR'
  /** A replaced certificate: when its overlap ends. */
  | 'END_OF_OVERLAP'
  /** A service: never. The index lists the services. */
  | 'SERVICE'
  /** A revoked certificate that its authority doesn't know of: when it was revoked. */
  | 'AUTHORITY_NOTICE';

/** The attributes that put an item on the agenda. */
export interface AgendaEntry {
  readonly due: AgendaTopic;
  /** ISO 8601, UTC, or `NEVER`. */
  readonly dueAt: string;
}

/** Sorts after every time. The time of clients whose certificates the mesh doesn't have. */
export const NEVER = 'never';
