/** A clock that can be woken from its sleep. */
export interface Wakeable {
  /** Milliseconds since 1970. */
  now(): number;
  /** Resolves after the time, with `wake`, also if that came before, and when the signal is aborted. Milliseconds. */
  sleep(duration: number, signal: AbortSignal): Promise<void>;
  wake(): void;
}

/** The longest delay of `setTimeout`. Milliseconds. */
const LONGEST = 2 ** 31 - 1;

export class WakeableClock implements Wakeable {
  private isWoken = false;
  private resolve: () => void = () => undefined;

  now(): number {
    return Date.now();
  }

  async sleep(duration: number, signal: AbortSignal): Promise<void> {
    if (this.isWoken || signal.aborted) {
      this.isWoken = false;
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const onAbort = () => this.resolve();
    await new Promise<void>((resolve) => {
      this.resolve = resolve;
      timer = setTimeout(resolve, Math.min(duration, LONGEST));
      signal.addEventListener('abort', onAbort, { once: true });
    });
    this.isWoken = false;
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }

  wake(): void {
    this.isWoken = true;
    this.resolve();
  }
}
