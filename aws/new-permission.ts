import { AwsCallError, isAwsError } from './aws-error';
import { type RetryPolicy, retry } from './retry';

/** About fifteen seconds of delays. */
const POLICY: RetryPolicy = { attempts: 6, backoff: { first: 1_000, longest: 5_000 } };

/**
 * Repeats a call that is denied, because a new permission may take seconds to take effect. A deployment creates roles, policies
 * of keys, and what needs them right after each other.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 */
export function whenPermitted<T>(call: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry<T>(
    POLICY,
    async (limited) => {
      try {
        return { value: await call(limited) };
      } catch (error) {
        if (!(error instanceof AwsCallError)) throw error;
        return { error, retryable: isAwsError(error, 'AccessDeniedException') };
      }
    },
    signal,
  );
}
