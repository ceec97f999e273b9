import { scheduler } from 'node:timers/promises';
import { AwsCallError } from '../../aws/aws-error';
import { type RetryPolicy, retry } from '../../aws/retry';

/** Half a minute of delays on average, a minute at most. */
const POLICY: RetryPolicy = {
  attempts: 10,
  backoff: { first: 1_000, longest: 10_000 },
  // The sandbox lets this time pass at once.
  pause: (milliseconds, signal) => scheduler.wait(milliseconds, { signal }),
};

/** S3 and services with the Query protocol have the shorter one. */
const DENIALS: readonly string[] = ['AccessDenied', 'AccessDeniedException'];

/**
 * Repeats work that is denied a call, because a new permission may take seconds to take effect, and CloudFormation invokes the
 * function as soon as the policy of its role exists.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 * https://github.com/aws/aws-cdk/issues/37675
 */
export function whenPermitted<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry<T>(
    POLICY,
    async (limited) => {
      try {
        return { value: await work(limited) };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return { error, retryable: isDenial(error) };
      }
    },
    signal,
  );
}

/** Whether the error, or what caused it, is the denial of a call. */
function isDenial(error: Error): boolean {
  return [error, error.cause].some((one) => one instanceof AwsCallError && DENIALS.includes(one.code));
}
