import { setTimeout } from 'node:timers/promises';

/** Milliseconds. */
const PAUSE = 20;

export interface Call {
  /** When the call began, by `performance.now()`. */
  readonly at: number;
  /** The HTTP status, or the error. */
  readonly outcome: string;
}

/** Calls again and again until it is stopped. */
export class Traffic {
  /** Oldest first. */
  readonly calls: Call[] = [];
  private stopped = false;
  private readonly calling: Promise<void>;

  constructor(private readonly call: () => Promise<number>) {
    this.calling = this.run();
  }

  /** Resolves when the call in progress has ended. */
  stop(): Promise<void> {
    this.stopped = true;
    return this.calling;
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      const at = performance.now();
      this.calls.push({ at, outcome: await this.call().then(String, (error: unknown) => `failed: ${error}`) });
      await setTimeout(PAUSE);
    }
  }
}
