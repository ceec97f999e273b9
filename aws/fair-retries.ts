/** A call that is to be tried again. The SDK asks for the first two. */
interface RetryToken {
  getRetryCount(): number;
  /** Milliseconds. */
  getRetryDelay(): number;
  /** Milliseconds of all its pauses. */
  readonly waited: number;
}

interface RetryErrorInfo {
  readonly errorType: 'TRANSIENT' | 'THROTTLING' | 'SERVER_ERROR' | 'CLIENT_ERROR';
}

/** Limits of pauses, which are random between 0 and the limit; it doubles from the first on. */
const FIRST_LIMIT_MS = { TRANSIENT: 100, THROTTLING: 1_000 };
const LONGEST_LIMIT_MS = 20_000;
/** A call that has been throttled for so long is tried again within a second, however often. */
const OLD_MS = 120_000;

/**
 * How the functions' SDK clients try again: until it succeeds, or the function has no more time.
 *
 * The processes of a function share a quota, and none knows of the others. Were pauses only to grow, as the SDK's do,
 * those who came last would ask most often and be served first; who came first would ask ever more rarely, and run out
 * of time. So the limit of a throttled call's pauses falls again the longer it has waited: who is old is served soon.
 *
 * Has the shape of the SDK's `RetryStrategyV2`.
 * https://docs.aws.amazon.com/AWSJavaScriptSDK/v3/latest/Package/-smithy-util-retry/
 */
export class FairRetries {
  async acquireInitialRetryToken(): Promise<RetryToken> {
    return { getRetryCount: () => 0, getRetryDelay: () => 0, waited: 0 };
  }

  /** @throws Error for what another attempt would not mend; the SDK then throws the error of the last one */
  async refreshRetryTokenForRetry(token: RetryToken, { errorType }: RetryErrorInfo): Promise<RetryToken> {
    if (errorType !== 'TRANSIENT' && errorType !== 'THROTTLING') throw new Error('no other attempt');
    const count = token.getRetryCount();
    const growing = FIRST_LIMIT_MS[errorType] * 2 ** count;
    const longest = errorType === 'THROTTLING' ? longestLimit(token.waited) : LONGEST_LIMIT_MS;
    const delay = Math.random() * Math.min(growing, longest);
    return { getRetryCount: () => count + 1, getRetryDelay: () => delay, waited: token.waited + delay };
  }

  recordSuccess(): void {}
}

function longestLimit(waited: number): number {
  return Math.max(LONGEST_LIMIT_MS * (1 - waited / OLD_MS), FIRST_LIMIT_MS.THROTTLING);
}
