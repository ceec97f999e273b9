import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ConcurrencyExceeded } from './concurrency-exceeded';

/**
 * The time before the second and the third attempt, in milliseconds of real time. AWS waits one and two minutes. The
 * sandbox is 600 times as fast.
 */
const PAUSES = [100, 200];

/** Between attempts that are throttled, as fast: AWS waits one second at first, then up to five minutes, for six hours. */
const THROTTLED = { first: 2, longest: 500, total: 36_000 };

/**
 * Invokes a function like Lambda does asynchronously. If the function fails or times out, it runs again up to twice,
 * with the same request ID. An event waits while the function is throttled, unless its reserved concurrency is 0.
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
 *
 * @throws the error of the last attempt
 */
export async function invokeUntilItSucceeds(attempt: (requestId: string) => Promise<unknown>): Promise<void> {
  const requestId = randomUUID();
  for (const milliseconds of PAUSES) {
    try {
      await untilNotThrottled(() => attempt(requestId));
      return;
    } catch (error) {
      if (error instanceof ConcurrencyExceeded) throw error;
      await pause(milliseconds);
    }
  }
  await untilNotThrottled(() => attempt(requestId));
}

async function untilNotThrottled(attempt: () => Promise<unknown>): Promise<void> {
  const start = performance.now();
  for (let delay = THROTTLED.first; ; delay = Math.min(delay * 2, THROTTLED.longest)) {
    try {
      await attempt();
      return;
    } catch (error) {
      const isThrottled = error instanceof ConcurrencyExceeded && error.reserved > 0;
      if (!isThrottled || performance.now() - start > THROTTLED.total) throw error;
    }
    await pause(delay);
  }
}
