import { setMaxListeners } from 'node:events';

/** The work did not finish before the function's deadline. */
class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  /** @param failure what the work repeated until then */
  constructor(milliseconds: number, failure: Error | undefined) {
    const timeRanOut = `not finished after ${Math.round(milliseconds / 1000)} s, when the function's time ran out`;
    if (failure !== undefined) super(timeRanOut, { cause: failure });
    else super(`${timeRanOut}: a service that it calls is slow, throttles calls, or does not respond`);
  }
}

/** By the signal of the work. */
const repeatedFailures = new WeakMap<AbortSignal, Error>();

/**
 * What the error of the deadline says is the reason.
 * @param signal of the work
 * @param failure of the last attempt, after which the work is repeated. Undefined once an attempt has succeeded
 */
export function explainDeadline(signal: AbortSignal, failure: Error | undefined): void {
  if (failure === undefined) repeatedFailures.delete(signal);
  else repeatedFailures.set(signal, failure);
}

/**
 * Runs `work` for at most the given time. At the deadline, the signal aborts, so that the work has no further effect
 * when Lambda resumes the process for another event. The result does not wait for work that ignores the signal.
 * @throws DeadlineError at the deadline
 */
export async function withDeadline<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  // Work on many things at the same time listens to it. Node.js takes more than ten listeners for a leak.
  setMaxListeners(0, controller.signal);
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new DeadlineError(milliseconds, repeatedFailures.get(controller.signal));
      controller.abort(error);
      reject(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), deadline]);
  } finally {
    clearTimeout(timer);
  }
}
