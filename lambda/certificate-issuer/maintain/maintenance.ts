import type { Log } from '../../../aws/cloudwatch';
import { METRICS } from '../../../mesh/contract';
import type { Audit, AuditOptions } from '../../../registry/audit';
import type { RegistryCertificate, RegistryClient } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import type { Revocation } from '../../../registry/revocation';
import { certificateStatus, isExpired } from '../../../registry/status';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A certificate with less than this fraction of its validity left should have been rotated. */
const EXPIRING_PART = 1 / 3;

interface Survey {
  readonly clients: Map<string, RegistryClient>;
  /** When the first authority of each enabled external client expires. */
  readonly trustAnchorExpiries: string[];
  /** For each client name, the most recently issued of the certificates that became current. */
  readonly current: Map<string, RegistryCertificate>;
  /** Replaced certificates whose overlap has ended. */
  readonly replaced: RegistryCertificate[];
  /** Unexpired certificates that are revoked, but not yet at their authority. */
  readonly untold: RegistryCertificate[];
  /** The number of items that could not be read. */
  malformed: number;
}

export interface MaintenanceOptions {
  readonly registry: Pick<Registry, 'records' | 'markExpiryReported'>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  readonly audit: Audit;
  readonly metrics: AuditOptions['metrics'];
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * The hourly run over the registry. Reports what is about to expire, revokes replaced certificates, and revokes
 * certificates at their authorities.
 */
export class Maintenance {
  constructor(private readonly options: MaintenanceOptions) {}

  async run(signal: AbortSignal): Promise<void> {
    const { revocation, metrics } = this.options;
    const { untold, replaced, ...survey } = await this.survey(signal);
    await metrics.put(METRICS.registryItemsMalformed, survey.malformed, signal);
    await this.reportExpiry(survey, signal);
    const revoked: RegistryCertificate[] = [];
    await inBatches(replaced, async (certificate) => {
      const marked = await revocation.mark(certificate, { by: 'rotation', reason: 'SUPERSEDED' }, signal);
      if (marked === undefined) return;
      await revocation.audit(marked);
      revoked.push(marked);
    });
    for (const certificate of [...untold, ...revoked]) await revocation.tellAuthority(certificate, signal);
  }

  private async survey(signal: AbortSignal): Promise<Survey> {
    const survey: Survey = {
      clients: new Map(),
      trustAnchorExpiries: [],
      current: new Map(),
      replaced: [],
      untold: [],
      malformed: 0,
    };
    const now = this.options.now();
    for await (const record of this.options.registry.records(signal)) {
      switch (record.kind) {
        case 'client':
          survey.clients.set(record.client.clientName, record.client);
          break;
        case 'external client':
          if (record.client.state === 'ENABLED') survey.trustAnchorExpiries.push(record.client.authoritiesNotAfter);
          break;
        case 'certificate':
          addCertificate(survey, record.certificate, now);
          break;
        case 'malformed':
          survey.malformed += 1;
          this.options.log({
            event: 'registry-item-malformed',
            ...record.malformed.key,
            reason: record.malformed.problem,
          });
      }
    }
    return survey;
  }

  /**
   * Reports the current certificates of enabled clients, and the authorities above them. A revoked certificate is not
   * renewed, so its expiry is not reported.
   */
  private async reportExpiry(
    { clients, current, trustAnchorExpiries }: Pick<Survey, 'clients' | 'current' | 'trustAnchorExpiries'>,
    signal: AbortSignal,
  ): Promise<void> {
    const { registry, audit, metrics, now } = this.options;
    const watched = [...current.values()].filter(
      ({ clientName, status }) => status === 'ISSUED' && clients.get(clientName)?.state === 'ENABLED',
    );
    const at = now().getTime();
    const left = (until: string) => Math.max(Date.parse(until) - at, 0);
    const soonest = (expiries: readonly string[]) => Math.min(...expiries.map(left));
    const expiring = watched.filter(
      ({ notBefore, notAfter }) => left(notAfter) < (Date.parse(notAfter) - Date.parse(notBefore)) * EXPIRING_PART,
    );
    await metrics.put(METRICS.certificatesExpiring, expiring.length, signal);
    const authorities = [...watched.map(({ authoritiesNotAfter }) => authoritiesNotAfter), ...trustAnchorExpiries];
    if (authorities.length > 0) await metrics.put(METRICS.daysToAuthorityExpiry, soonest(authorities) / DAY_MS, signal);
    if (watched.length === 0) return;

    await metrics.put(METRICS.hoursToExpiry, soonest(watched.map(({ notAfter }) => notAfter)) / HOUR_MS, signal);
    await inBatches(
      expiring.filter((certificate) => isReportDue(certificate, at)),
      async (certificate) => {
        const failures = await audit.record('certificateExpiring', { certificate });
        // What was not sent is sent in the next run.
        if (failures.length === 0) await registry.markExpiryReported(certificate, now().toISOString(), signal);
      },
    );
  }
}

/** Once a day, and a little earlier, because the runs are not exactly an hour apart. */
const REPORT_INTERVAL = 23.5 * HOUR_MS;

function isReportDue({ expiryReportedAt = '' }: RegistryCertificate, at: number): boolean {
  const reportedAt = Date.parse(expiryReportedAt);
  return !(at - reportedAt < REPORT_INTERVAL);
}

/** The entries of one PutEvents call. */
const BATCH = 10;

/** Works on some at the same time, so that their events share a call. */
async function inBatches<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let start = 0; start < all.length; start += BATCH) {
    await Promise.all(all.slice(start, start + BATCH).map(work));
  }
}

function addCertificate(survey: Survey, certificate: RegistryCertificate, at: Date): void {
  const { clientName, currentSince, issuedAt, revokedAtAuthority } = certificate;
  const isLatest = issuedAt > (survey.current.get(clientName)?.issuedAt ?? '');
  if (isLatest && currentSince !== undefined) survey.current.set(clientName, certificate);
  const status = certificateStatus(certificate, at);
  if (status === 'REPLACED') survey.replaced.push(certificate);
  if (status === 'REVOKED' && revokedAtAuthority === undefined && !isExpired(certificate, at)) {
    survey.untold.push(certificate);
  }
}
