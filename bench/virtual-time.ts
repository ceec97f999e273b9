import { AsyncLocalStorage } from 'node:async_hooks';
import timersPromises from 'node:timers/promises';

/** Somebody whose work takes no time but that of the pauses in it. */
interface Worker {
  /** Timers it has set and not heard of. */
  pending: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  /** Who waits for it. */
  readonly worker: Worker | undefined;
  isOver: boolean;
  unref(): Timer;
}

/**
 * Time that stands still while anybody works, and leaps to the next timer once all of them wait: minutes of pauses pass
 * in the seconds that the work between them takes. While it is installed, `Date`, `setTimeout`, that of
 * `node:timers/promises`, and `AbortSignal.timeout` go by it.
 *
 * Holds for workers that do one thing after the other: who has set a timer is taken to wait for it. What runs outside of
 * workers must wait for nothing but promises that are resolved already.
 */
export class VirtualTime {
  private elapsedTime = 0;
  /** The next one last. */
  private readonly timers: Timer[] = [];
  private readonly workers = new AsyncLocalStorage<Worker>();
  /** Workers that do not wait. */
  private working = 0;
  private isLeapDue = false;
  private end: () => void = () => undefined;

  /** Milliseconds that have passed. */
  get elapsed(): number {
    return this.elapsedTime;
  }

  /** Begins work, then lets time pass until nothing more is to happen. */
  async run(begin: () => void): Promise<void> {
    const uninstall = this.install();
    try {
      const ended = new Promise<void>((resolve) => {
        this.end = resolve;
      });
      begin();
      this.leapSoon();
      await ended;
    } finally {
      uninstall();
    }
  }

  /** Time stands still for the work, but for its pauses. */
  async worker<T>(work: () => Promise<T>): Promise<T> {
    const worker: Worker = { pending: 0 };
    this.working += 1;
    try {
      return await this.workers.run(worker, work);
    } finally {
      if (worker.pending === 0) this.rest();
      // Nobody waits for what it has left behind.
      worker.pending = Number.POSITIVE_INFINITY;
    }
  }

  private set(callback: () => void, milliseconds: number): Timer {
    const worker = this.workers.getStore();
    const at = this.elapsedTime + Math.max(Math.trunc(milliseconds), 1);
    const timer: Timer = { at, callback, worker, isOver: false, unref: () => timer };
    this.timers.splice(this.placeOf(at), 0, timer);
    if (worker !== undefined && ++worker.pending === 1) this.rest();
    return timer;
  }

  private settle(timer: Timer): void {
    if (timer.isOver) return;
    timer.isOver = true;
    if (timer.worker !== undefined && --timer.worker.pending === 0) this.working += 1;
  }

  /** After all that come later, before those of the same time, which were there first. */
  private placeOf(at: number): number {
    let [low, high] = [0, this.timers.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.timers[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private rest(): void {
    this.working -= 1;
    this.leapSoon();
  }

  /** Once everybody has heard of what is resolved. */
  private leapSoon(): void {
    if (this.working > 0 || this.isLeapDue) return;
    this.isLeapDue = true;
    setImmediate(() => {
      this.isLeapDue = false;
      if (this.working === 0) this.leap();
    });
  }

  private leap(): void {
    let timer = this.timers.pop();
    while (timer?.isOver) timer = this.timers.pop();
    if (timer === undefined) {
      this.end();
      return;
    }
    this.elapsedTime = timer.at;
    this.settle(timer);
    timer.callback();
    this.leapSoon();
  }

  private install(): () => void {
    const real = { Date: globalThis.Date, setTimeout, clearTimeout };
    const { setTimeout: realPause } = timersPromises;
    const { timeout: realTimeout } = AbortSignal;
    const start = Date.now();
    const now = () => start + this.elapsedTime;
    Object.assign(globalThis, {
      Date: new Proxy(real.Date, {
        construct: (target, values, newTarget) =>
          Reflect.construct(target, values.length === 0 ? [now()] : values, newTarget),
        get: (target, name) => (name === 'now' ? now : Reflect.get(target, name)),
      }),
      setTimeout: (callback: () => void, milliseconds = 0) => this.set(callback, milliseconds),
      clearTimeout: (timer?: Timer) => timer && this.settle(timer),
    });
    Object.assign(timersPromises, { setTimeout: this.pause });
    Object.assign(AbortSignal, { timeout: this.timeout });
    return () => {
      Object.assign(globalThis, real);
      Object.assign(timersPromises, { setTimeout: realPause });
      Object.assign(AbortSignal, { timeout: realTimeout });
    };
  }

  private readonly pause = <T>(milliseconds = 0, value?: T, { signal }: { readonly signal?: AbortSignal } = {}) =>
    new Promise<T | undefined>((resolve, reject) => {
      signal?.throwIfAborted();
      const timer = this.set(() => resolve(value), milliseconds);
      const abort = () => {
        this.settle(timer);
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
    });

  /** Does not make its worker wait. */
  private readonly timeout = (milliseconds: number): AbortSignal => {
    const controller = new AbortController();
    const abort = () => controller.abort(new DOMException('the operation timed out', 'TimeoutError'));
    this.workers.exit(() => this.set(abort, milliseconds));
    return controller.signal;
  };
}
