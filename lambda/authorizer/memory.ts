import { BoundedMap } from './bounded-map';

/** How long what was read counts: so long may a revoked certificate still be let in. */
export const MEMORY_MS = 10_000;

interface Memory<T> {
  /** Milliseconds since 1970. */
  readonly readAt: number;
  readonly value: Promise<T>;
}

/** Remembers for some seconds what the registry said, so that no request of a busy client waits for it. */
export class ShortMemory<T> {
  private readonly remembered: BoundedMap<string, Memory<T>>;

  constructor(
    private readonly now: () => Date,
    capacity: number,
  ) {
    this.remembered = new BoundedMap(capacity);
  }

  /** Requests at once share one reading. What could not be read is not remembered. */
  recall(key: string, read: () => Promise<T>): Promise<T> {
    const now = this.now().getTime();
    const known = this.remembered.get(key);
    // A clock that was set back does not make the memory longer.
    if (known !== undefined && now >= known.readAt && now < known.readAt + MEMORY_MS) return known.value;

    const memory = { readAt: now, value: read() };
    this.remembered.set(key, memory);
    memory.value.catch(() => {
      if (this.remembered.get(key) === memory) this.remembered.delete(key);
    });
    return memory.value;
  }
}
