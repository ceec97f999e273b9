import type { Log } from '../aws/cloudwatch';
import type { EventBridge } from '../aws/eventbridge';
import { failureSentence } from '../aws/failure';
import { type EventDetail, type EventType, METRICS, type Metric } from '../mesh/contract';
import type { RegistryCertificate } from './records';

/** The log line, the event and the metric of each change of state. */
const CHANGES = {
  certificateIssued: { log: 'certificate-issued', event: 'Certificate Issued', metric: METRICS.certificatesIssued },
  certificateRotated: { log: 'certificate-rotated', event: 'Certificate Rotated', metric: METRICS.rotationsSucceeded },
  rotationFailed: { log: 'rotation-failed', event: 'Certificate Rotation Failed', metric: METRICS.rotationsFailed },
  certificateRevoked: { log: 'certificate-revoked', event: 'Certificate Revoked', metric: METRICS.certificatesRevoked },
  certificateExpiring: { log: 'certificate-expiring', event: 'Certificate Expiring' },
  truststoreChanged: { log: 'truststore-published', event: 'Truststore Changed' },
} as const satisfies Readonly<
  Record<string, { readonly log: string; readonly event: EventType; readonly metric?: Metric }>
>;

type Change = keyof typeof CHANGES;

/** The subject of a change. Empty for a change of the truststore. */
export interface AuditSubject extends Pick<EventDetail, 'clientName' | 'reason'> {
  readonly certificate?: Pick<RegistryCertificate, 'clientName' | 'fingerprint'> &
    Partial<Pick<RegistryCertificate, 'spiffeId' | 'serialNumber' | 'notAfter'>>;
}

export interface AuditOptions {
  readonly trustDomain: string;
  readonly log: Log;
  readonly metrics: { put(metric: Metric, value: number, signal: AbortSignal): Promise<void> };
  readonly events: Pick<EventBridge, 'put'>;
}

/** The time limit for sending an event or a metric. Milliseconds. */
const TIME_LIMIT = 4_000;

/** Records changes of state after they have happened. */
export class Audit {
  constructor(private readonly options: AuditOptions) {}

  /**
   * Never rejects.
   * @param details additional fields of the log line
   * @returns a sentence for each event or metric that could not be sent
   */
  async record(
    change: Change,
    subject: AuditSubject,
    details: Readonly<Record<string, unknown>> = {},
  ): Promise<readonly string[]> {
    const { trustDomain, log, metrics, events } = this.options;
    const { certificate, ...others } = subject;
    const about = { ...(certificate && summaryOf(certificate)), ...others };
    const { clientName, ...rest } = about;
    const {
      log: event,
      event: type,
      metric = undefined,
    }: { log: string; event: EventType; metric?: Metric } = CHANGES[change];
    log({ event, client: clientName, ...rest, ...details });
    const signal = AbortSignal.timeout(TIME_LIMIT);
    const recorded = [
      this.attempt(`the event "${type}" could not be sent`, events.put(type, { trustDomain, ...about }, signal)),
      ...(metric === undefined
        ? []
        : [this.attempt(`the metric ${metric} could not be counted`, metrics.put(metric, 1, signal))]),
    ];
    return (await Promise.all(recorded)).filter((failure) => failure !== undefined);
  }

  /** Counts what could not be sent. A metric that could not be counted is only logged, because nothing else is left. */
  private async attempt(failure: string, work: Promise<void>): Promise<string | undefined> {
    try {
      await work;
      return undefined;
    } catch (error) {
      const reason = failureSentence(error);
      this.options.log({ event: 'audit-incomplete', failure, reason });
      await this.options.metrics
        .put(METRICS.auditIncomplete, 1, AbortSignal.timeout(TIME_LIMIT))
        .catch(() => undefined);
      return `${failure}: ${reason}`;
    }
  }
}

function summaryOf({
  clientName,
  spiffeId,
  serialNumber,
  fingerprint,
  notAfter,
}: Required<AuditSubject>['certificate']) {
  return {
    clientName,
    ...(spiffeId && { spiffeId }),
    ...(serialNumber && { serialNumber }),
    fingerprint,
    ...(notAfter && { notAfter }),
  };
}
