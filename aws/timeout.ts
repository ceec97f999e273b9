/**
 * Runs `work` with a signal that aborts after the time, and when the caller's signal aborts.
 *
 * `AbortSignal.any([signal, AbortSignal.timeout(…)])` would be shorter, but Node.js can collect such a timeout as garbage
 * before it is due, and the work then never ends: https://github.com/nodejs/node/issues/57736
 */
export async function withTimeout<T>(
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal.reason);
  const timer = setTimeout(() => controller.abort(new DOMException('the time is up', 'TimeoutError')), milliseconds);
  signal.addEventListener('abort', abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await work(controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}
