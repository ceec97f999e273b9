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

/** How many pages an update reads. A page has up to 1 MB, which is about 1,500 lines of the access log. */
const MAX_PAGES = 10;

/** The lines of a log group in the last minutes. */
export class LogWindow<T> {
  /** By ID. */
  private readonly found = new Map<string, { readonly time: number; readonly entry: T | undefined }>();
  private readUntil = 0;
  private cutAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: LogWindowOptions<T>) {}

  /** In no particular order. */
  get entries(): readonly T[] {
    return [...this.found.values()].flatMap(({ entry }) => entry ?? []);
  }

  /** Whether lines of the window are missing, because there were more than an update reads. */
  isCut(now: number): boolean {
    return this.cutAt > now - this.options.length;
  }

  /** Reads what was written since the last update. @throws AwsCallError; the window then stays as it was, up to the failure */
  async update(now: number, signal: AbortSignal): Promise<void> {
    const { logs, logGroup, pattern, parse, length } = this.options;
    for (const [id, { time }] of this.found) if (time < now - length) this.found.delete(id);
    const from = Math.max(now - length, this.readUntil - OVERLAP);
    let pages = 0;
    for await (const page of logs.filterEvents({ logGroup, from, ...(pattern && { pattern }) }, signal)) {
      for (const event of page) {
        if (!this.found.has(event.id)) this.found.set(event.id, { time: event.timestamp, entry: parse(event) });
      }
      pages += 1;
      if (pages < MAX_PAGES) continue;
      this.cutAt = now;
      break;
    }
    this.readUntil = now;
  }
}
