import { METRICS } from '../../../mesh/contract';
import type { RegistryCertificate, RegistryClient } from '../../../registry/records';
import type { Announcer } from '../../../registry/audit';
import { failureSentence } from '../../../aws/failure';
import type { Log } from '../../log';
import type { Metrics } from '../../../aws/cloudwatch';
import type { CertificateAuthority } from '../certificate-authority';
import type { CertificateRevoker } from '../../../registry/revocation';
import type { Registry } from '../registry';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A certificate with less than this part of its validity left should have been rotated. */
const EXPIRING_PART = 1 / 3;

interface Survey {
  readonly clients: Map<string, RegistryClient>;
  /** When the first authority of each external client that may call expires. */
  readonly trustAnchorEnds: string[];
  /** By client: of the certificates that became current the one issued last. */
  readonly current: Map<string, RegistryCertificate>;
  /** Replaced, and their overlap over. */
  readonly refused: RegistryCertificate[];
  /** Revoked without the authority's knowledge, and not expired. */
  readonly untold: RegistryCertificate[];
}

/** Looks once an hour over the whole registry: what nears its end is told, what is due is done. */
export class Maintenance {
  constructor(
    private readonly registry: Pick<Registry, 'entries' | 'noteToldAuthority'>,
    private readonly authority: Pick<CertificateAuthority, 'revokeCertificate'>,
    private readonly revoker: CertificateRevoker,
    private readonly announcer: Announcer,
    private readonly metrics: Metrics,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    const survey = await this.survey(signal);
    await this.watchExpiry(survey);
    for (const certificate of survey.refused) {
      await this.revoker.revoke(certificate, { by: 'rotation', reason: 'SUPERSEDED' }, signal);
    }
    for (const certificate of survey.untold) await this.tellAuthority(certificate, signal);
    for (const certificate of survey.refused) {
      await this.tellAuthority({ ...certificate, revocationReason: 'SUPERSEDED' }, signal);
    }
  }

  private async survey(signal: AbortSignal): Promise<Survey> {
    const survey: Survey = {
      clients: new Map(),
      trustAnchorEnds: [],
      current: new Map(),
      refused: [],
      untold: [],
    };
    const now = this.now().toISOString();
    for await (const entry of this.registry.entries(signal)) {
      if (entry.kind === 'client') {
        survey.clients.set(entry.client.clientName, entry.client);
        continue;
      }
      if (entry.kind === 'external client') {
        const { state, authoritiesNotAfter } = entry.client;
        if (state === 'ENABLED') survey.trustAnchorEnds.push(authoritiesNotAfter);
        continue;
      }
      const { certificate } = entry;
      const { clientName, currentSince, issuedAt, status, refuseAfter, revokedAtAuthority, notAfter } = certificate;
      const isLatest = issuedAt > (survey.current.get(clientName)?.issuedAt ?? '');
      if (isLatest && currentSince !== undefined) survey.current.set(clientName, certificate);
      if (notAfter <= now) continue;
      if (status === 'ISSUED' && refuseAfter !== undefined && refuseAfter <= now) survey.refused.push(certificate);
      if (status === 'REVOKED' && revokedAtAuthority === undefined) survey.untold.push(certificate);
    }
    return survey;
  }

  /** Of clients that may call, with the certificate they read in their secret; one that is revoked is not to be renewed. */
  private async watchExpiry({ clients, current, trustAnchorEnds }: Survey): Promise<void> {
    const watched = [...current.values()].filter(
      ({ clientName, status }) => status === 'ISSUED' && clients.get(clientName)?.state === 'ENABLED',
    );
    const now = this.now().getTime();
    const left = (until: string) => Math.max(Date.parse(until) - now, 0);
    const soonest = (ends: readonly string[]) => Math.min(...ends.map(left));
    const isExpiring = ({ notBefore, notAfter }: RegistryCertificate) =>
      left(notAfter) < (Date.parse(notAfter) - Date.parse(notBefore)) * EXPIRING_PART;
    const expiring = watched.filter(isExpiring);
    this.metrics.put(METRICS.certificatesExpiring, expiring.length);
    const authorityEnds = [...watched.map(({ authoritiesNotAfter }) => authoritiesNotAfter), ...trustAnchorEnds];
    if (authorityEnds.length > 0) this.metrics.put(METRICS.daysToAuthorityExpiry, soonest(authorityEnds) / DAY_MS);
    if (watched.length === 0) return;

    this.metrics.put(METRICS.hoursToExpiry, soonest(watched.map(({ notAfter }) => notAfter)) / HOUR_MS);
    for (const { clientName, spiffeId, serialNumber, fingerprint, notAfter } of expiring) {
      this.log({ event: 'certificate-expiring', client: clientName, serialNumber, notAfter });
      await this.announcer.announce('Certificate Expiring', {
        clientName,
        spiffeId,
        serialNumber,
        fingerprint,
        notAfter,
      });
    }
  }

  /**
   * The authorizer asks the registry alone, so that an authority which can't be told, as it is deleted or keeps no
   * revocations, changes nothing about who gets in. It is told again in an hour, until the certificate expires.
   */
  private async tellAuthority(certificate: RegistryCertificate, signal: AbortSignal): Promise<void> {
    const { clientName, serialNumber, certificateAuthorityArn, revocationReason = 'UNSPECIFIED' } = certificate;
    try {
      await this.authority.revokeCertificate(certificateAuthorityArn, serialNumber, revocationReason, signal);
      await this.registry.noteToldAuthority(certificate, this.now().toISOString(), signal);
      this.log({ event: 'authority-told', client: clientName, serialNumber });
    } catch (error) {
      signal.throwIfAborted();
      this.log({ event: 'authority-not-told', client: clientName, serialNumber, reason: failureSentence(error) });
    }
  }
}
