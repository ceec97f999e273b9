/**
 * Resolves when the process is told to end: by Ctrl-C, by whoever supervises it, or because its terminal goes.
 *
 * Every later signal is ignored, so that what is being cleaned up gets cleaned up: a terminal sends Ctrl-C to npm as
 * well as to what npm runs, and npm passes it on, so that one press arrives twice.
 */
export function endSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  });
}
