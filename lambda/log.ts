/** One step that a function took, as one line of JSON. Never holds a private key or a presigned URL. */
export interface LogEntry {
  /** What happened, in kebab case; what to search the logs for. */
  readonly event: string;
  readonly [field: string]: unknown;
}

export type Log = (entry: LogEntry) => void;

/** JSON escapes line breaks and control characters, so no value can forge a second entry. */
export const logLine: Log = (entry) => console.log(JSON.stringify(entry));
