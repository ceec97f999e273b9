/** A certificate with less than this fraction of its validity left should have been replaced. */
const EXPIRING_PART = 1 / 3;

/** The first time at which less than a third of a certificate's validity is left. All times are ISO 8601, UTC. */
export function expiringFrom({
  notBefore,
  notAfter,
}: {
  readonly notBefore: string;
  readonly notAfter: string;
}): string {
  const [start, end] = [Date.parse(notBefore), Date.parse(notAfter)];
  return new Date(Math.floor(end - (end - start) * EXPIRING_PART) + 1).toISOString();
}
