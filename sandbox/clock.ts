/** Something that is to happen at a time. */
export interface Appointment {
  /** Nothing happens any more, unless it has begun. */
  cancel(): void;
}

interface Due {
  readonly at: number;
  readonly work: () => Promise<void>;
}

/** Node.js runs a longer timeout at once. Milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1;

/**
 * The one source of time in a sandbox: real time, moved ahead as far as somebody asked for. What services do by
 * themselves, at a time or in the background, they do through the clock, so that whoever moves it can wait for it.
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

  /** Milliseconds by which the clock is ahead of real time. */
  get offset(): number {
    return this.currentOffset;
  }

  /** Does the work once the clock has reached the time, whether it got there by itself or was moved. */
  at(time: Date, work: () => Promise<void>): Appointment {
    const due = { at: time.getTime(), work };
    this.appointments.add(due);
    this.arm();
    return { cancel: () => this.appointments.delete(due) };
  }

  /** Does the work once the clock has reached the time, and answers its result. */
  resultAt<T>(time: Date, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.at(time, () => work().then(resolve, reject));
    });
  }

  /** Begins the work at once; nobody but `advance` waits for it. */
  background(work: () => Promise<void>): void {
    const running: Promise<void> = work().finally(() => this.underWay.delete(running));
    // Work reports its failures where users look for them; here there is nobody to tell.
    running.catch(() => undefined);
    this.underWay.add(running);
  }

  /**
   * Moves the clock ahead. On the way it stops at every appointment, in their order, and waits until what is then due,
   * and what goes on in the background, has ended.
   *
   * @param milliseconds 0 waits for what is under way
   * @throws RangeError for less than 0: time never goes back
   */
  async advance(milliseconds: number): Promise<void> {
    if (!(milliseconds >= 0 && Number.isFinite(milliseconds))) {
      throw new RangeError(`the clock can be moved ahead only, by 0 or more milliseconds, got ${milliseconds}`);
    }
    const before = this.moving;
    const moved = before.then(() => this.move(this.currentOffset + milliseconds));
    this.moving = moved.catch(() => undefined);
    await moved;
  }

  /** Moves the clock ahead without waiting: what is then due begins soon, by itself. */
  skip(milliseconds: number): void {
    this.currentOffset += milliseconds;
    this.arm();
  }

  /** Forgets every appointment. */
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

  /** Waits in real time for the next appointment; a process that has nothing else to do need not stay for it. */
  private arm(): void {
    clearTimeout(this.timer);
    const next = this.next();
    if (next === undefined) return;
    const wait = Math.max(0, next.at - this.now().getTime());
    this.timer = setTimeout(() => this.runDue(), Math.min(wait, MAX_TIMEOUT)).unref();
  }
}
