import { AsyncLocalStorage } from 'node:async_hooks';
import timersPromises from 'node:timers/promises';

/** Work that takes no time except for its pauses. */
interface Worker {
  /** The number of its timers that have not fired. */
  pending: number;
}

interface Timer {
  readonly at: number;
  readonly callback: () => void;
  /** The worker that waits for the timer. */
  readonly worker: Worker | undefined;
  isOver: boolean;
  unref(): Timer;
}

/**
 * Virtual time. It stands still while a worker works, and leaps to the next timer when all workers wait, so that minutes
 * of pauses pass in the seconds that the work takes. While it is installed, `Date`, `setTimeout`, `setTimeout` of
 * `node:timers/promises`, and `AbortSignal.timeout` follow it.
 *
 * A worker must do one thing after the other: a worker that has set a timer counts as waiting for it. Code outside of
 * workers must only await promises that are already resolved.
 */
export class VirtualTime {
  private elapsedTime = 0;
  /** Latest first, so that the next one is the last. */
  private readonly timers: Timer[] = [];
  private readonly workers = new AsyncLocalStorage<Worker>();
  /** The number of workers that do not wait. */
  private working = 0;
  private isLeapDue = false;
  private end: () => void = () => undefined;

  /** The virtual time that has passed. Milliseconds. */
  get elapsed(): number {
    return this.elapsedTime;
  }

  /** Begins work, then lets time pass until no timer is left. */
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

  /** Runs work that takes no virtual time except for its pauses. */
  async worker<T>(work: () => Promise<T>): Promise<T> {
    const worker: Worker = { pending: 0 };
    this.working += 1;
    try {
      return await this.workers.run(worker, work);
    } finally {
      if (worker.pending === 0) this.rest();
      // Nobody waits for the timers that it has left.
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

  /** The index after all later timers, and before the timers of the same time, which were set first. */
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

  /** Leaps after all resolved promises have had their effect. */
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

  /** The worker does not wait for a timeout. */
  private readonly timeout = (milliseconds: number): AbortSignal => {
    const controller = new AbortController();
    const abort = () => controller.abort(new DOMException('the operation timed out', 'TimeoutError'));
    this.workers.exit(() => this.set(abort, milliseconds));
    return controller.signal;
  };
}
