import type { EventDetail } from '../../mesh/contract';
import { certificateKey, type RegistryKey } from '../../registry/records';

/** A certificate that was revoked just now. */
export interface ReportedRevocation {
  readonly certificate: RegistryKey;
  readonly at: Date;
}

/** The revocation that an event `Certificate Revoked` reports. Undefined for any other event, such as that of the schedule. */
export function reportedRevocationIn(event: unknown): ReportedRevocation | undefined {
  const { time, detail } = Object(event) as { readonly time?: unknown; readonly detail?: unknown };
  const { clientName, fingerprint } = Object(detail) as Partial<Record<keyof EventDetail, unknown>>;
  if (typeof clientName !== 'string' || typeof fingerprint !== 'string' || typeof time !== 'string') return undefined;
  const at = new Date(time);
  return Number.isNaN(at.getTime()) ? undefined : { certificate: certificateKey(clientName, fingerprint), at };
}
