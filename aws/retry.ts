import { setTimeout } from 'node:timers/promises';
import { withTimeout } from './timeout';

/** How often a call is attempted, and the delays between attempts. All times in milliseconds. */
export interface RetryPolicy {
  /** @default - no limit: until the deadline, or until the caller's signal aborts */
  readonly attempts?: number;
  /**
   * The time limit of each attempt.
   * @default - none
   */
  readonly timeout?: number;
  /**
   * The time after which no further attempt begins.
   * @default - none
   */
  readonly deadline?: number;
  readonly backoff: Backoff;
  /** @default - a timer */
  readonly pause?: Pause | undefined;
}

/** Waits some milliseconds, at most until the signal aborts. */
export type Pause = (milliseconds: number, signal: AbortSignal) => Promise<unknown>;

/**
 * Delays are random between 0 and a limit ("full jitter"), and the limit doubles with every attempt.
 * https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/
 */
export interface Backoff {
  /** The first limit. */
  readonly first: number;
  /**
   * The first limit after a throttled attempt.
   * @default - `first`
   */
  readonly throttled?: number;
  /** The limit does not grow beyond this. */
  readonly longest: number;
}

/** The result of one attempt. */
export type Attempt<T> = { readonly value: T } | FailedAttempt;

interface FailedAttempt {
  readonly error: Error;
  /** Whether another attempt may succeed. */
  readonly retryable: boolean;
  readonly throttled?: boolean;
}

/**
 * Runs `attempt` until it succeeds.
 * @throws the error of the last attempt, or the reason of the signal when that aborts
 */
export async function retry<T>(
  policy: RetryPolicy,
  attempt: (signal: AbortSignal) => Promise<Attempt<T>>,
  signal: AbortSignal,
): Promise<T> {
  const { attempts = Number.POSITIVE_INFINITY, deadline = Number.POSITIVE_INFINITY, timeout, backoff } = policy;
  const { pause = (delay: number) => setTimeout(delay, undefined, { signal }) } = policy;
  const start = performance.now();
  let waited = 0;
  for (let count = 1; ; count++) {
    signal.throwIfAborted();
    const result = timeout === undefined ? await attempt(signal) : await withTimeout(timeout, signal, attempt);
    if ('value' in result) return result.value;
    signal.throwIfAborted();
    const isLast = count >= attempts || performance.now() - start >= deadline;
    if (isLast || !result.retryable) throw result.error;
    const delay = delayAfter({ count, waited, throttled: result.throttled ?? false }, backoff);
    waited += delay;
    await pause(delay, signal);
  }
}

/** The longest time that a policy with a number of attempts and a timeout takes. Milliseconds. */
export function longestDuration({
  attempts,
  timeout,
  backoff,
}: RetryPolicy & Required<Pick<RetryPolicy, 'attempts' | 'timeout'>>): number {
  const limits = Array.from({ length: attempts - 1 }, (_, index) =>
    Math.min(backoff.first * 2 ** index, backoff.longest),
  );
  return attempts * timeout + limits.reduce((sum, limit) => sum + limit, 0);
}

/** The attempts of a call so far. */
interface Progress {
  readonly count: number;
  /** The sum of all delays. Milliseconds. */
  readonly waited: number;
  /** Whether the last attempt was throttled. */
  readonly throttled: boolean;
}

/** A call that has waited for this long is old. Milliseconds. */
const OLD = 120_000;
/** The limit of the delays of an old call. Milliseconds. */
const OLD_LIMIT = 1_000;

/**
 * The processes of a function share a quota. If delays only grew, the newest calls would be attempted most often and
 * succeed first, and the oldest calls would time out. So the limit falls again while a call waits.
 */
function delayAfter(
  { count, waited, throttled }: Progress,
  { first, throttled: firstThrottled = first, longest }: Backoff,
) {
  const growing = (throttled ? firstThrottled : first) * 2 ** (count - 1);
  const limit = Math.max(longest * (1 - waited / OLD), Math.min(OLD_LIMIT, longest));
  return Math.random() * Math.min(growing, limit);
}

/** The token by which an SDK client follows the attempts of a call. */
interface RetryToken {
  getRetryCount(): number;
  /** Milliseconds. */
  getRetryDelay(): number;
  readonly waited: number;
}

interface RetryErrorInfo {
  readonly errorType: 'TRANSIENT' | 'THROTTLING' | 'SERVER_ERROR' | 'CLIENT_ERROR';
}

/**
 * A policy without a limit of attempts as the `retryStrategy` of an SDK client (the SDK's `RetryStrategyV2`).
 * https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-util-retry/
 */
export function sdkRetryStrategy({ backoff }: Pick<RetryPolicy, 'backoff'>) {
  return {
    async acquireInitialRetryToken(): Promise<RetryToken> {
      return { getRetryCount: () => 0, getRetryDelay: () => 0, waited: 0 };
    },

    /** @throws Error for a call that is not retryable; the SDK then throws the error of the last attempt */
    async refreshRetryTokenForRetry(token: RetryToken, { errorType }: RetryErrorInfo): Promise<RetryToken> {
      if (errorType !== 'TRANSIENT' && errorType !== 'THROTTLING') throw new Error('not retryable');
      const count = token.getRetryCount() + 1;
      const delay = delayAfter({ count, waited: token.waited, throttled: errorType === 'THROTTLING' }, backoff);
      return { getRetryCount: () => count, getRetryDelay: () => delay, waited: token.waited + delay };
    },

    recordSuccess(): void {},
  };
}
