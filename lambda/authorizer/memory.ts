/** The data that an instance of the authorizer keeps between requests. */

/** A map that drops the least recently used entry when it is full. */
export class BoundedMap<K, V> {
  /** Least recently used first. */
  private readonly entries = new Map<K, V>();

  constructor(private readonly capacity: number) {}

  get(key: K): V | undefined {
    const value = this.entries.get(key);
    if (value !== undefined) this.moveToEnd(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.moveToEnd(key, value);
    if (this.entries.size <= this.capacity) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      break;
    }
  }

  delete(key: K): void {
    this.entries.delete(key);
  }

  private moveToEnd(key: K, value: V): void {
    this.entries.delete(key);
    this.entries.set(key, value);
  }
}

/** How long the authorizer reuses what it has read. A revoked certificate may be accepted this long. Milliseconds. */
export const MEMORY_TIME = 10_000;

interface Remembered<T> {
  /** Milliseconds since 1970. */
  readonly readAt: number;
  readonly value: Promise<T>;
}

/** Remembers data from the registry for some seconds, so that requests of a busy client do not wait for it. */
export class RegistryMemory<T> {
  private readonly remembered: BoundedMap<string, Remembered<T>>;

  constructor(
    private readonly now: () => Date,
    capacity: number,
  ) {
    this.remembered = new BoundedMap(capacity);
  }

  /** Concurrent requests share one read. A failed read is not remembered. */
  recall(key: string, read: () => Promise<T>): Promise<T> {
    const now = this.now().getTime();
    const known = this.remembered.get(key);
    // If the clock is set back, the entry must not last longer.
    if (known !== undefined && now >= known.readAt && now < known.readAt + MEMORY_TIME) return known.value;

    const entry = { readAt: now, value: read() };
    this.remembered.set(key, entry);
    entry.value.catch(() => {
      if (this.remembered.get(key) === entry) this.remembered.delete(key);
    });
    return entry.value;
  }
}
