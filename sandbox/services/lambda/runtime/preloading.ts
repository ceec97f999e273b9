import { availableParallelism } from 'node:os';

/** Leaves one processor to the sandbox itself. */
const MAX_BUSY = Math.max(1, availableParallelism() - 1);

/**
 * Loads functions ahead of their first invocations, in the order of their deployment, while processors are free.
 * Invocations don't wait for it: a function that is invoked before loads at once.
 */
export class Preloading {
  private readonly waiting: (() => void)[] = [];
  private busy = 0;

  /** @param start starts to load the function, unless it has been invoked or deleted in the meantime */
  add(start: () => void): void {
    this.waiting.push(start);
    setImmediate(() => this.continue());
  }

  /** Counts an invocation, or the loading of a function, as work that takes a processor. */
  track(work: Promise<unknown>): void {
    this.busy += 1;
    const ended = () => {
      this.busy -= 1;
      this.continue();
    };
    work.then(ended, ended);
  }

  private continue(): void {
    while (this.busy < MAX_BUSY) {
      const start = this.waiting.shift();
      if (start === undefined) return;
      start();
    }
  }
}
