import type { CloudWatchLogs, LoggedEvent } from '../../../aws/cloudwatch-logs';

export interface LogWindowOptions<T> {
  readonly logs: Pick<CloudWatchLogs, 'filterEvents'>;
  readonly logGroup: string;
  /** A filter pattern of CloudWatch Logs. */
  readonly pattern?: string;
  /** Undefined for a line that doesn't count. */
  readonly parse: (event: LoggedEvent) => T | undefined;
  /** How far back the window reaches. Milliseconds. */
  readonly length: number;
}

/**
 * Lines become readable some seconds after they are written, and not in order, so each update also reads what was read last.
 * Milliseconds.
 */
const OVERLAP = 60_000;

/** How many pages the first update reads, and later ones. A page has up to 1 MB, which is about 1,500 lines of the access log. */
const FIRST_PAGES = 20;
const LATER_PAGES = 5;

/** How many lines the window keeps. */
const MAX_LINES = 50_000;

/** The lines of a log group in the last minutes. */
export class LogWindow<T> {
  /** By ID, in the order in which they were read. */
  private readonly found = new Map<string, { readonly time: number; readonly entry: T | undefined }>();
  private readUntil: number | undefined;
  private cutAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: LogWindowOptions<T>) {}

  /** In no particular order. */
  get entries(): readonly T[] {
    return [...this.found.values()].flatMap(({ entry }) => entry ?? []);
  }

  /** Whether lines of the window are missing, because there were more than an update reads, or than the window keeps. */
  isCut(now: number): boolean {
    return this.cutAt > now - this.options.length;
  }

  /** Reads what was written since the last update. @throws AwsCallError; the window then stays as it was, up to the failure */
  async update(now: number, signal: AbortSignal): Promise<void> {
    const { logs, logGroup, pattern, length } = this.options;
    for (const [id, { time }] of this.found) if (time < now - length) this.found.delete(id);
    let pages = this.readUntil === undefined ? FIRST_PAGES : LATER_PAGES;
    const filter = { logGroup, from: this.beginning(now), ...(pattern && { pattern }) };
    for await (const page of logs.filterEvents(filter, signal)) {
      for (const event of page) this.add(event, now);
      pages -= 1;
      if (pages > 0) continue;
      this.cutAt = now;
      break;
    }
    this.readUntil = now;
  }

  /** A busy log is read without the overlap, because its lines could be all that an update reads. */
  private beginning(now: number): number {
    const { readUntil = 0 } = this;
    return Math.max(now - this.options.length, this.isCut(now) ? readUntil : readUntil - OVERLAP);
  }

  private add(event: LoggedEvent, now: number): void {
    if (this.found.has(event.id)) return;
    this.found.set(event.id, { time: event.timestamp, entry: this.options.parse(event) });
    if (this.found.size <= MAX_LINES) return;
    const [earliest] = this.found.keys();
    this.found.delete(earliest ?? '');
    this.cutAt = now;
  }
}
