import { setTimeout as pause } from 'node:timers/promises';
import type { AwsCallError } from './aws-error';

/** How long to go on trying. */
export interface Patience {
  readonly attempts: number;
  /** For each attempt. */
  readonly milliseconds: number;
}

/** What came of one attempt. */
export type Outcome<T> =
  | { readonly answer: T }
  | { readonly error: AwsCallError /** Whether another attempt may do better. */; readonly passes: boolean };

/** Pauses between attempts are random between 0 and a limit, which doubles from the first to the longest. */
const FIRST_PAUSE_LIMIT_MS = 50;
const LONGEST_PAUSE_LIMIT_MS = 5_000;

/** @throws AwsCallError after the last attempt, or at once for an error that does not pass */
export async function withPatience<T>(
  { attempts, milliseconds }: Patience,
  attempt: (signal: AbortSignal) => Promise<Outcome<T>>,
  signal: AbortSignal,
): Promise<T> {
  for (let count = 1; ; count++) {
    const outcome = await attempt(AbortSignal.any([signal, AbortSignal.timeout(milliseconds)]));
    if ('answer' in outcome) return outcome.answer;
    signal.throwIfAborted();
    if (!outcome.passes || count >= attempts) throw outcome.error;
    const limit = Math.min(FIRST_PAUSE_LIMIT_MS * 2 ** (count - 1), LONGEST_PAUSE_LIMIT_MS);
    await pause(Math.random() * limit, undefined, { signal });
  }
}

/** `fetch` hides the system's error code in its error's cause. */
export function obstacleCode(error: unknown): string {
  const { cause, name } = Object(error) as { readonly cause?: { readonly code?: unknown }; readonly name?: unknown };
  return String(cause?.code ?? name ?? 'network error');
}
