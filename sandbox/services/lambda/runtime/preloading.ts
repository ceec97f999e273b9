import { availableParallelism } from 'node:os';

/** Leaves one processor to the sandbox itself. */
const MAX_LOADING = Math.max(1, availableParallelism() - 1);

/**
 * Loads functions ahead of their first invocations, in the order of their deployment. An invocation doesn't wait for it.
 * Functions that load because they are invoked come first: so long as they use all processors, nothing is preloaded.
 */
export class Preloading {
  private readonly waiting: (() => void)[] = [];
  private loading = 0;

  /** @param start starts to load the function, unless it has been invoked or deleted in the meantime */
  add(start: () => void): void {
    this.waiting.push(start);
    setImmediate(() => this.continue());
  }

  /** Counts a process that loads its handler. */
  track(loaded: Promise<unknown>): void {
    this.loading += 1;
    const ended = () => {
      this.loading -= 1;
      this.continue();
    };
    loaded.then(ended, ended);
  }

  private continue(): void {
    while (this.loading < MAX_LOADING) {
      const start = this.waiting.shift();
      if (start === undefined) return;
      start();
    }
  }
}
