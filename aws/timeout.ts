/**
 * Runs `work` with a signal that aborts after the time, and when the caller's signal aborts.
 *
 * `AbortSignal.any` would be shorter, but Node.js can collect a timeout inside it as garbage before it is due, and the work
 * then never ends (https://github.com/nodejs/node/issues/57736). A timeout with a listener is not collected.
 */
export async function withTimeout<T>(
  milliseconds: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const sources = [signal, AbortSignal.timeout(milliseconds)];
  const abort = () => controller.abort(sources.find(({ aborted }) => aborted)?.reason);
  if (signal.aborted) abort();
  for (const source of sources) source.addEventListener('abort', abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const source of sources) source.removeEventListener('abort', abort);
  }
}
