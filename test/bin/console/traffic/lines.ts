import type { LoggedEvent } from '../../../../aws/cloudwatch-logs';

export const NOW = Date.parse('2026-11-22T12:00:00.000Z');

let lines = 0;

function event(message: string, timestamp: number): LoggedEvent {
  lines += 1;
  return { id: `event-${lines}`, timestamp, message };
}

/** A line of the access log, in the order of `lib/private/access-log.ts`. */
export function accessLine(changed: Readonly<Record<string, string>> = {}, timestamp = NOW - 1_000): LoggedEvent {
  const fields = {
    requestId: 'r1',
    sourceIp: '192.0.2.1',
    method: 'GET',
    path: '/schedule/events',
    route: 'ANY /schedule/{proxy+}',
    status: '200',
    responseLatency: '12',
    clientName: 'mail',
    certificateSubject: 'CN=mail',
    ...changed,
  };
  return event(JSON.stringify(fields), timestamp);
}

/** A line of the authorizer's log, as Lambda writes it. */
export function denialLine(entry: object = {}, timestamp = NOW - 1_000): LoggedEvent {
  const denial = {
    event: 'denied',
    code: 'REVOKED',
    reason: 'client mail is refused: the certificate is revoked',
    subject: 'spiffe://mesh.example.com/mail',
    serialNumber: '5E0C',
    ...entry,
  };
  const request = '9f1c2d3e-0000-4000-8000-000000000000';
  return event(`2026-11-22T11:59:59.000Z\t${request}\tINFO\t${JSON.stringify(denial)}`, timestamp);
}

export function otherLine(message: string, timestamp = NOW - 1_000): LoggedEvent {
  return event(message, timestamp);
}

/** Log groups whose lines are in memory. They keep what they were asked. */
export class MemoryLogs {
  readonly groups = new Map<string, LoggedEvent[]>();
  readonly asked: { readonly logGroup: string; readonly from: number; readonly pattern?: string }[] = [];
  /** Thrown by every read. */
  failure: Error | undefined;

  async *filterEvents(filter: (typeof this.asked)[number]): AsyncIterable<readonly LoggedEvent[]> {
    this.asked.push(filter);
    if (this.failure) throw this.failure;
    for (const line of this.groups.get(filter.logGroup) ?? []) if (line.timestamp >= filter.from) yield [line];
  }
}
