/** Scheduled work. */
export interface Appointment {
  /** Cancels the work unless it has started. */
  cancel(): void;
}

interface Due {
  readonly at: number;
  readonly work: () => Promise<void>;
}

/** The longest timeout of Node.js, which runs a longer one immediately. Milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * The only source of time in a sandbox: real time plus an offset. Services schedule work and run background work through
 * the clock, so callers that advance the clock can wait for that work.
 */
export class Clock {
  private currentOffset = 0;
  private timer?: NodeJS.Timeout | undefined;
  private moving: Promise<void> = Promise.resolve();
  private readonly appointments = new Set<Due>();
  private readonly underWay = new Set<Promise<void>>();

  now(): Date {
    return new Date(Date.now() + this.currentOffset);
  }

  /** How far the clock is ahead of real time. Milliseconds. */
  get offset(): number {
    return this.currentOffset;
  }

  /** Runs the work when the clock reaches the time. */
  at(time: Date, work: () => Promise<void>): Appointment {
    const due = { at: time.getTime(), work };
    this.appointments.add(due);
    this.arm();
    return { cancel: () => this.appointments.delete(due) };
  }

  /** Runs the work when the clock reaches the time, and returns its result. */
  resultAt<T>(time: Date, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.at(time, () => work().then(resolve, reject));
    });
  }

  /** Starts the work now. Only `advance` waits for it. */
  background(work: () => Promise<void>): void {
    const running: Promise<void> = work().finally(() => this.underWay.delete(running));
    // The work itself reports its failures.
    running.catch(() => undefined);
    this.underWay.add(running);
  }

  /**
   * Advances the clock. Runs all scheduled work on the way in order, and waits for it and for background work.
   *
   * @param milliseconds 0 only waits for background work
   * @throws RangeError for less than 0
   */
  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
      throw new RangeError(`the clock must be advanced by 0 or more milliseconds, got ${milliseconds}`);
    }
    const before = this.moving;
    const moved = before.then(() => this.move(this.currentOffset + milliseconds));
    this.moving = moved.catch(() => undefined);
    await moved;
  }

  /** Advances the clock without waiting for the work that becomes due. */
  skip(milliseconds: number): void {
    this.currentOffset += milliseconds;
    this.arm();
  }

  /** Cancels all scheduled work. */
  close(): void {
    this.appointments.clear();
    clearTimeout(this.timer);
  }

  private async move(offset: number): Promise<void> {
    await this.settle();
    for (let next = this.next(); next && next.at <= Date.now() + offset; next = this.next()) {
      this.currentOffset = Math.max(this.currentOffset, next.at - Date.now());
      this.runDue();
      await this.settle();
    }
    this.currentOffset = Math.max(this.currentOffset, offset);
    this.arm();
  }

  private async settle(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  private next(): Due | undefined {
    let next: Due | undefined;
    for (const due of this.appointments) if (next === undefined || due.at < next.at) next = due;
    return next;
  }

  private runDue(): void {
    const now = this.now().getTime();
    for (const due of [...this.appointments].filter(({ at }) => at <= now)) {
      this.appointments.delete(due);
      this.background(due.work);
    }
    this.arm();
  }

  /** Waits in real time for the next scheduled work, without keeping the process alive. */
  private arm(): void {
    clearTimeout(this.timer);
    const next = this.next();
    if (next === undefined) return;
    const wait = Math.max(0, next.at - this.now().getTime());
    this.timer = setTimeout(() => this.runDue(), Math.min(wait, MAX_TIMEOUT)).unref();
  }
}
