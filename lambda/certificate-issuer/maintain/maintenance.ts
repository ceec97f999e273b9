import type { Log } from '../../../aws/cloudwatch';
import { METRICS } from '../../../mesh/contract';
import type { Audit, AuditOptions } from '../../../registry/audit';
import { certificateKey, clientKey, type RegistryCertificate } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import type { Revocation } from '../../../registry/revocation';
import { isExpired } from '../../../registry/status';
import type { RegistryRecord } from '../../../registry/stored-records';
import type { RegistrySurvey } from '../../../registry/survey';
import { collect, first, grouped, inGroups } from '../groups';
import { RecordReader } from './record-reader';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** The entries of one PutEvents call. Work on so many at the same time shares a call. */
const BATCH = 10;

/** The keys of one BatchGetItem call. */
const LOOKUP = 100;

export interface MaintenanceOptions {
  readonly registry: Pick<Registry, 'markExpiryReported' | 'markSettled'>;
  readonly survey: Pick<RegistrySurvey, 'agenda' | 'find' | 'certificatesOfAuthority'>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  readonly audit: Audit;
  readonly metrics: AuditOptions['metrics'];
  /** ARNs of the authorities that issue, or have issued, the mesh's certificates. */
  readonly authorities: readonly string[];
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * The hourly run. Reports what is about to expire, revokes replaced certificates, and revokes certificates at their
 * authorities. Its cost grows with what is due, and not with the number of clients or certificates.
 */
export class Maintenance {
  constructor(private readonly options: MaintenanceOptions) {}

  async run(signal: AbortSignal): Promise<void> {
    const { survey, metrics, now } = this.options;
    const reader = new RecordReader(this.options.log);
    const at = now().toISOString();
    const expiring = await collect(this.watched(reader, survey.agenda('CLIENT', { to: at }, signal), signal));
    await metrics.put(METRICS.certificatesExpiring, expiring.length, signal);
    await this.measureHoursToExpiry(expiring, reader, signal);
    await this.measureDaysToAuthorityExpiry(reader, signal);
    const replaced = await collect(reader.certificates(survey.agenda('END_OF_OVERLAP', { to: at }, signal)));
    const untold = await collect(reader.certificates(survey.agenda('AUTHORITY_NOTICE', { to: at }, signal)));
    await metrics.put(METRICS.registryItemsMalformed, reader.malformed, signal);

    const revoked = await this.revokeReplaced(replaced, signal);
    // At the same time, because either may take all the time that is left.
    await Promise.all([this.reportExpiring(expiring, signal), this.tellAuthorities([...untold, ...revoked], signal)]);
  }

  /**
   * The current certificates of those clients that may call. A revoked certificate is not renewed, so nobody needs to know
   * of its expiry.
   */
  private async *watched(
    reader: RecordReader,
    clients: AsyncIterable<RegistryRecord>,
    signal: AbortSignal,
  ): AsyncIterable<RegistryCertificate> {
    for await (const group of grouped(reader.clients(clients), LOOKUP)) {
      const keys = group.flatMap(({ clientName, state, currentCertificate }) =>
        state === 'ENABLED' && currentCertificate !== undefined ? [certificateKey(clientName, currentCertificate)] : [],
      );
      for await (const certificate of reader.certificates(this.options.survey.find(keys, signal))) {
        if (certificate.status === 'ISSUED') yield certificate;
      }
    }
  }

  /** Of the expiring certificates, or if there are none, of the first ones that will be. */
  private async measureHoursToExpiry(
    expiring: readonly RegistryCertificate[],
    reader: RecordReader,
    signal: AbortSignal,
  ): Promise<void> {
    const { survey, metrics, now } = this.options;
    const later = survey.agenda('CLIENT', { from: now().toISOString(), pageSize: LOOKUP }, signal);
    const watched = expiring.length > 0 ? expiring : await first(grouped(this.watched(reader, later, signal), LOOKUP));
    if (watched === undefined) return;
    const soonest = watched.reduce((least, { notAfter }) => Math.min(least, this.timeUntil(notAfter)), Infinity);
    await metrics.put(METRICS.hoursToExpiry, soonest / HOUR_MS, signal);
  }

  /** Of authorities with certificates that have not expired, and of the trust anchors of external clients that may call. */
  private async measureDaysToAuthorityExpiry(reader: RecordReader, signal: AbortSignal): Promise<void> {
    const { survey, metrics, authorities, now } = this.options;
    const expiries: (string | undefined)[] = [await first(this.trustAnchorExpiries(reader, signal))];
    for (const authority of authorities) {
      const soonest = await first(survey.certificatesOfAuthority(authority, now(), signal, 1));
      expiries.push(soonest?.authoritiesNotAfter);
    }
    const times = expiries.filter((expiry) => expiry !== undefined).map(this.timeUntil);
    if (times.length > 0) await metrics.put(METRICS.daysToAuthorityExpiry, Math.min(...times) / DAY_MS, signal);
  }

  /** When the authorities of external clients that may call expire, the first one first. */
  private async *trustAnchorExpiries(reader: RecordReader, signal: AbortSignal): AsyncIterable<string> {
    const { survey } = this.options;
    const identities = reader.identities(survey.agenda('TRUST_ANCHOR', { pageSize: LOOKUP }, signal));
    for await (const group of grouped(identities, LOOKUP)) {
      const keys = [...new Set(group.map(({ clientName }) => clientName))].map(clientKey);
      const clients = await collect(reader.externalClients(survey.find(keys, signal)));
      const enabled = new Set(clients.filter(({ state }) => state === 'ENABLED').map(({ clientName }) => clientName));
      for (const { clientName, authorityNotAfter } of group) if (enabled.has(clientName)) yield authorityNotAfter;
    }
  }

  /** @returns the certificates that this run has revoked */
  private async revokeReplaced(
    replaced: readonly RegistryCertificate[],
    signal: AbortSignal,
  ): Promise<readonly RegistryCertificate[]> {
    const { revocation, registry } = this.options;
    const revoked: RegistryCertificate[] = [];
    await inGroups(replaced, BATCH, async (certificate) => {
      if (isExpired(certificate, this.options.now())) return registry.markSettled(certificate, signal);
      const marked = await revocation.mark(certificate, { by: 'rotation', reason: 'SUPERSEDED' }, signal);
      if (marked === undefined) return;
      await revocation.audit(marked);
      revoked.push(marked);
    });
    return revoked;
  }

  private async reportExpiring(expiring: readonly RegistryCertificate[], signal: AbortSignal): Promise<void> {
    const { registry, audit, now } = this.options;
    const unreported = expiring.filter((certificate) => isReportDue(certificate, now().getTime()));
    await inGroups(unreported, BATCH, async (certificate) => {
      signal.throwIfAborted();
      const failures = await audit.record('certificateExpiring', { certificate });
      // What was not sent is sent in the next run.
      if (failures.length === 0) await registry.markExpiryReported(certificate, now().toISOString(), signal);
    });
  }

  private async tellAuthorities(untold: readonly RegistryCertificate[], signal: AbortSignal): Promise<void> {
    const { registry, revocation, now } = this.options;
    await inGroups(untold, BATCH, async (certificate) => {
      if (isExpired(certificate, now())) await registry.markSettled(certificate, signal);
      else await revocation.tellAuthority(certificate, signal);
    });
  }

  /** Milliseconds, 0 for a time that has passed. */
  private readonly timeUntil = (time: string): number => Math.max(Date.parse(time) - this.options.now().getTime(), 0);
}

/** Once a day, and a little earlier, because the runs are not exactly an hour apart. */
const REPORT_INTERVAL = 23.5 * HOUR_MS;

function isReportDue({ expiryReportedAt = '' }: RegistryCertificate, at: number): boolean {
  const reportedAt = Date.parse(expiryReportedAt);
  return !(at - reportedAt < REPORT_INTERVAL);
}
