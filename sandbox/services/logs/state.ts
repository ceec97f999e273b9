/** Gets every line as it is written. */
export type LogListener = (logGroup: string, line: string) => void;

/** Limits the memory of a sandbox that runs for long, whatever the retention of the group. */
const MAX_LINES = 10_000;

/** The log groups of the account and their lines. */
export class LogGroups {
  private readonly linesByGroup = new Map<string, string[]>();

  constructor(private readonly onLine: LogListener = () => undefined) {}

  has(logGroup: string): boolean {
    return this.linesByGroup.has(logGroup);
  }

  create(logGroup: string): void {
    this.linesByGroup.set(logGroup, []);
  }

  delete(logGroup: string): void {
    this.linesByGroup.delete(logGroup);
  }

  names(): readonly string[] {
    return [...this.linesByGroup.keys()];
  }

  append(logGroup: string, line: string): void {
    const lines = this.linesByGroup.get(logGroup) ?? [];
    this.linesByGroup.set(logGroup, lines);
    lines.push(line);
    if (lines.length > MAX_LINES) lines.shift();
    this.onLine(logGroup, line);
  }

  lines(logGroup: string): readonly string[] {
    return this.linesByGroup.get(logGroup) ?? [];
  }
}
