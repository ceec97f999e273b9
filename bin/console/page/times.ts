/** Times as a person reads them. */

/** Shorter distances are no news. Milliseconds. */
const NOW = 5_000;

const UNITS = [
  ['year', 31_557_600_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** Such as `in 6 days`, or `3 minutes ago`. Both times are ISO 8601. */
export function relativeTime(time: string, now: string): string {
  const distance = Date.parse(time) - Date.parse(now);
  const found = UNITS.find(([, length]) => Math.abs(distance) >= Math.max(length, NOW));
  if (found === undefined) return 'now';
  const [unit, length] = found;
  return new Intl.RelativeTimeFormat('en').format(Math.trunc(distance / length), unit);
}

/** Such as `2026-11-28 14:03:07`, in UTC as everywhere in the logs. */
export function fullTime(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}

/** Such as `14:03:07`. */
export function clockTime(time: string): string {
  return time.slice(11, 19);
}
