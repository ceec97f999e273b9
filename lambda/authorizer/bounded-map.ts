/** A map that forgets what was used least recently when it holds more than it may. */
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
