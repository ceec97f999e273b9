import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * The time before the second and the third attempt, in milliseconds of real time. AWS waits one and two minutes. The
 * sandbox is 600 times as fast.
 */
const PAUSES = [100, 200];

/**
 * Invokes a function like Lambda does asynchronously. If the function fails or times out, it runs again up to twice,
 * with the same request ID. https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 *
 * @throws the error of the last attempt
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
