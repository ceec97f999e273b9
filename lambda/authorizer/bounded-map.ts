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

/** The number of accepted callers, and of others, of which something is kept. */
export const CALLER_CAPACITY = 2_048;

/**
 * What is kept of callers by their certificate. Accepted callers have a map of their own, so that any number of
 * certificates that are refused, which an authority outside the mesh can issue, evict none of them.
 */
export class CallerMap<V> {
  private readonly accepted: BoundedMap<string, V>;
  private readonly others: BoundedMap<string, V>;

  /** @param capacity of each of the two maps */
  constructor(capacity: number) {
    this.accepted = new BoundedMap(capacity);
    this.others = new BoundedMap(capacity);
  }

  get(certificate: string): V | undefined {
    return this.accepted.get(certificate) ?? this.others.get(certificate);
  }

  set(certificate: string, value: V, isAccepted: boolean): void {
    const [own, other] = isAccepted ? [this.accepted, this.others] : [this.others, this.accepted];
    other.delete(certificate);
    own.set(certificate, value);
  }
}
