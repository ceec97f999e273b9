/** The function's time ran out before the work was done. */
class DeadlineError extends Error {
  override readonly name = 'DeadlineError';

  constructor(milliseconds: number) {
    super(
      `not done after ${Math.round(milliseconds / 1000)} s, when the function's time ran out: a service that it calls is slow, throttles or does not answer`,
    );
  }
}

/**
 * Runs `work` for at most so long. When time is up the signal aborts, so that nothing takes effect later, when Lambda
 * thaws the process for another event; the result doesn't wait for work that ignores the signal.
 */
export async function withinTime<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const timeUp = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      const error = new DeadlineError(milliseconds);
      controller.abort(error);
      reject(error);
    }, milliseconds);
  });
  try {
    return await Promise.race([work(controller.signal), timeUp]);
  } finally {
    clearTimeout(timer);
  }
}
