import { createHash } from 'node:crypto';
import { AwsError } from '../../endpoint/api';

/** Gets every line as it is written. */
export type LogListener = (logGroup: string, line: string) => void;

/** Limits the memory of a sandbox that runs for long, whatever the retention of the group. */
const MAX_EVENTS = 10_000;

/** The stream of those who name none. */
const DEFAULT_STREAM = 'sandbox';

export interface LogEvent {
  /** Ascending within a group. */
  readonly sequence: number;
  readonly time: Date;
  readonly stream: string;
  readonly line: string;
}

export interface LogGroup {
  readonly name: string;
  readonly createdDate: Date;
  /** Of the template. Absent for a group that nobody declared, or that never expires. */
  retentionDays?: number | undefined;
  readonly events: LogEvent[];
}

/** The log groups of the account and their events. */
export class LogGroups {
  private readonly byName = new Map<string, LogGroup>();
  private appended = 0;

  constructor(
    private readonly now: () => Date,
    private readonly onLine: LogListener = () => undefined,
  ) {}

  has(name: string): boolean {
    return this.byName.has(name);
  }

  create(name: string): LogGroup {
    const group: LogGroup = { name, createdDate: this.now(), events: [] };
    this.byName.set(name, group);
    return group;
  }

  delete(name: string): void {
    this.byName.delete(name);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  get(name: string): LogGroup {
    const group = this.byName.get(name);
    if (group === undefined) {
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    }
    return group;
  }

  all(): readonly LogGroup[] {
    return [...this.byName.values()];
  }

  append(name: string, line: string, stream = DEFAULT_STREAM): void {
    const { events } = this.byName.get(name) ?? this.create(name);
    this.appended += 1;
    events.push({ sequence: this.appended, time: this.now(), stream, line });
    if (events.length > MAX_EVENTS) events.shift();
    this.onLine(name, line);
  }

  lines(name: string): readonly string[] {
    return this.byName.get(name)?.events.map(({ line }) => line) ?? [];
  }
}

/** An ID as long as those of CloudWatch Logs. */
export function eventId({ sequence, stream }: LogEvent): string {
  const hash = createHash('sha256').update(stream).digest().readUInt32BE();
  return `${String(sequence).padStart(46, '0')}${String(hash).padStart(10, '0')}`;
}
