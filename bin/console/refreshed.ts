import { setTimeout } from 'node:timers/promises';
import { failureSentence } from '../../aws/failure';
import type { Part } from './state';

/** The longest that one attempt takes. Milliseconds. */
const TIME_LIMIT = 60_000;

export interface RefreshedOptions<T> {
  readonly read: (signal: AbortSignal) => Promise<T>;
  readonly now: () => Date;
  /** How long a value is current. Milliseconds. */
  readonly maxAge: number;
  /** How long somebody waits for the first attempt. Milliseconds. @default 2000 */
  readonly patience?: number;
}

/** A value that is read again when somebody asks for it, and no more often than necessary. */
export class Refreshed<T> {
  private part: Part<T> = {};
  private attemptedAt = Number.NEGATIVE_INFINITY;
  /** The attempt under way. */
  private attempt: Promise<void> | undefined;

  constructor(private readonly options: RefreshedOptions<T>) {}

  /**
   * The value as it was read last, which an attempt under way may replace soon. Waits only for the first attempt, and not for long,
   * so that a service that doesn't answer delays nothing else. Empty if the first attempt is still under way.
   */
  async current(): Promise<Part<T>> {
    const { now, maxAge, patience = 2_000 } = this.options;
    if (now().getTime() - this.attemptedAt >= maxAge) this.attempt ??= this.read();
    if (this.part.value === undefined && this.part.failure === undefined) {
      await Promise.race([this.attempt, setTimeout(patience, undefined, { ref: false })]);
    }
    return this.part;
  }

  /** Reads the value as it is from now on. */
  async renew(): Promise<void> {
    await this.attempt;
    this.attempt ??= this.read();
    await this.attempt;
  }

  /** Never rejects. */
  private async read(): Promise<void> {
    const startedAt = this.options.now();
    this.attemptedAt = startedAt.getTime();
    try {
      const value = await this.options.read(AbortSignal.timeout(TIME_LIMIT));
      this.part = { value, readAt: startedAt.toISOString() };
    } catch (error) {
      this.part = { ...this.part, failure: failureSentence(error) };
    } finally {
      this.attempt = undefined;
    }
  }
}
