import { setTimeout } from 'node:timers/promises';

const PAUSE_MILLISECONDS = 20;

export interface Call {
  /** When it began, in milliseconds, by `performance.now()`. */
  readonly at: number;
  /** The status, or what kept it from getting one. */
  readonly outcome: string;
}

/** One caller who calls again and again, until it is stopped. */
export class Traffic {
  /** Oldest first. */
  readonly calls: Call[] = [];
  private stopped = false;
  private readonly calling: Promise<void>;

  constructor(private readonly call: () => Promise<number>) {
    this.calling = this.run();
  }

  /** Resolves once the call under way has ended. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.calling;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const at = performance.now();
      this.calls.push({ at, outcome: await this.call().then(String, (error: unknown) => `failed: ${error}`) });
      await setTimeout(PAUSE_MILLISECONDS);
    }
  }
}
