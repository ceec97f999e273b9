import { scheduler } from 'node:timers/promises';
import { AwsCallError } from '../../aws/aws-error';
import { causesOf } from '../../aws/failure';
import { type RetryPolicy, retry } from '../../aws/retry';
import { explainDeadline } from '../deadline';

/** Half a minute of delays on average, a minute at most. */
const POLICY = {
  attempts: 10,
  backoff: { first: 1_000, longest: 10_000 },
  // The sandbox lets this time pass at once.
  pause: (milliseconds, signal) => scheduler.wait(milliseconds, { signal }),
} satisfies RetryPolicy;

/** S3 and services with the Query protocol have the shorter one. */
const DENIALS: readonly string[] = ['AccessDenied', 'AccessDeniedException'];

/** Work was denied a call in every attempt. */
class NotPermittedError extends Error {
  override readonly name = 'NotPermittedError';

  constructor(cause: Error) {
    super(`denied in all of ${POLICY.attempts} attempts`, { cause });
  }
}

/**
 * Repeats work that is denied a call, because a new permission may take seconds to take effect, and CloudFormation invokes the
 * function as soon as the policy of its role exists.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
 * https://github.com/aws/aws-cdk/issues/37675
 *
 * A part of the work that must not begin again repeats its own calls with it. When that gives up, the work is not repeated.
 *
 * If the deadline of the signal comes first, its error names the denial.
 *
 * @throws NotPermittedError if the last attempt is denied too
 */
export function whenPermitted<T>(work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  return retry<T>(
    POLICY,
    async (limited) => {
      try {
        const value = await work(limited);
        explainDeadline(limited, undefined);
        return { value };
      } catch (error) {
        if (!(error instanceof Error) || !mayPass(error)) throw error;
        explainDeadline(limited, error);
        return { error: new NotPermittedError(error), retryable: true };
      }
    },
    signal,
  );
}

/**
 * Whether the error, or a cause of it, is the denial of a call that a new permission may allow, and that was not repeated yet. An
 * explicit denial stays one, whatever else is allowed.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
function mayPass(error: Error): boolean {
  const causes = [...causesOf(error)];
  if (causes.some((one) => one instanceof NotPermittedError)) return false;
  return causes.some(
    (one) => one instanceof AwsCallError && DENIALS.includes(one.code) && !one.reason.includes('with an explicit deny'),
  );
}
