/** When an agent looks for a new certificate. All times in milliseconds. */

/** After a failure, the first time. It doubles with each further failure, up to the interval. */
const FIRST_RETRY = 5_000;
/** After the date of the next rotation. Secrets Manager may rotate at any time of the window that begins there. */
const ROTATION_DELAY = 30_000;
/** The part of a delay that is random, so that many agents don't look at the same time. */
const JITTER = 0.2;

export interface Looked {
  /** The number of failures since the last success. */
  readonly failures: number;
  /** When Secrets Manager rotates the secret next, as far as it is known. Milliseconds since 1970. */
  readonly nextRotation?: number | undefined;
}

/**
 * How long to wait before the next look.
 * @param random from 0 up to 1
 */
export function delayAfter({ failures, nextRotation }: Looked, interval: number, now: number, random: number): number {
  if (failures > 0) return withJitter(Math.min(interval, FIRST_RETRY * 2 ** (failures - 1)), random);
  const untilRotation = nextRotation === undefined ? Number.POSITIVE_INFINITY : nextRotation - now;
  const usual = withJitter(interval, random);
  return untilRotation > 0 && untilRotation < usual ? untilRotation + withJitter(ROTATION_DELAY, random) : usual;
}

function withJitter(delay: number, random: number): number {
  return delay * (1 - JITTER * random);
}
