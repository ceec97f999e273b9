export const LOG_FORMATS = ['text', 'json'] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export type Level = 'info' | 'warn' | 'error';

/** What happens to an agent. `docs/agent.md` says what each means. */
export const AGENT_EVENTS = [
  'started',
  'ended',
  'files-replaced',
  'revocation-lists',
  'reloaded',
  'look-failed',
  'refused',
] as const;
export type AgentEvent = (typeof AGENT_EVENTS)[number];

/** What an agent reports. Never a key. */
export interface LogEntry {
  readonly level: Level;
  readonly event: AgentEvent;
  /** One sentence. */
  readonly message: string;
  /** The client's name. Absent where it concerns all clients. */
  readonly client?: string;
}

export type AgentLog = (entry: LogEntry) => void;

/** Prints a line for each entry: for a person, or as JSON with the time. */
export function agentLog(format: LogFormat, write: (line: string) => void, now = () => new Date()): AgentLog {
  return (entry) => {
    const { level, event, client, message } = entry;
    const time = now().toISOString();
    if (format === 'json') write(JSON.stringify({ time, level, event, client, message }));
    else write([time, level.toUpperCase(), event, ...(client ? [`${client}:`] : []), oneLine(message)].join(' '));
  };
}

/** Without what a terminal would interpret. Commands and servers choose some of the text. */
function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}+/gu, ' ');
}
