import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Before the second attempt and before the third, in milliseconds of real time: AWS waits for a minute and for two
 * minutes, which the sandbox runs 600 times as fast.
 */
const PAUSES = [100, 200];

/**
 * How Lambda treats an event that nobody waits for: when the function fails or times out it runs again, twice at most,
 * under the same request id. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 *
 * @throws what the last attempt failed with
 */
export async function invokeUntilItSucceeds(attempt: (requestId: string) => Promise<unknown>): Promise<void> {
  const requestId = randomUUID();
  for (const milliseconds of PAUSES) {
    try {
      await attempt(requestId);
      return;
    } catch {
      await pause(milliseconds);
    }
  }
  await attempt(requestId);
}
