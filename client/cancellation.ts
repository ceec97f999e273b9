/** Ends a request when the caller's signal aborts or its time is up, whichever happens first. */
export class Cancellation {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly onAbort = () => this.controller.abort(this.caller?.reason);

  /**
   * @param caller the signal of the caller
   * @param timeout milliseconds; undefined for no limit
   */
  constructor(
    private readonly caller?: AbortSignal | null,
    timeout?: number,
  ) {
    if (caller?.aborted) this.onAbort();
    else caller?.addEventListener('abort', this.onAbort, { once: true });
    if (timeout !== undefined) this.timer = setTimeout(() => this.expire(timeout), timeout);
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Settles as the promise, or rejects with the reason of the signal if that comes first. */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { signal } = this.controller;
    let stop = () => {};
    const aborted = new Promise<never>((_resolve, reject) => {
      stop = () => reject(signal.reason);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
    });
    try {
      return await Promise.race([aborted, promise]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  /** The request has ended: nothing can cancel it any more. */
  release(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.onAbort);
  }

  private expire(timeout: number): void {
    this.controller.abort(new DOMException(`no complete response after ${timeout} ms`, 'TimeoutError'));
  }
}
