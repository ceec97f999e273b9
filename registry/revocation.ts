import { METRICS } from '../mesh/contract';
import type { RegistryCertificate } from './records';
import type { Announcer } from './audit';
import type { Log } from '../lambda/log';
import type { Metrics } from '../aws/cloudwatch';
import type { Registry, Revocation } from '../lambda/certificate-issuer/registry';

/** Revokes in the registry, by which the authorizer decides; maintenance tells the authority. */
export class CertificateRevoker {
  constructor(
    private readonly registry: Pick<Registry, 'revokeCertificate'>,
    private readonly announcer: Announcer,
    private readonly metrics: Metrics,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /** Does nothing for a certificate that is revoked already. */
  async revoke(
    certificate: RegistryCertificate,
    { by, reason }: Omit<Revocation, 'at'>,
    signal: AbortSignal,
  ): Promise<void> {
    if (certificate.status === 'REVOKED') return;
    const at = this.now().toISOString();
    if (!(await this.registry.revokeCertificate(certificate, { at, by, reason }, signal))) return;

    const { clientName, spiffeId, serialNumber, fingerprint, notAfter } = certificate;
    this.log({ event: 'certificate-revoked', client: clientName, serialNumber, reason, by });
    this.metrics.count(METRICS.certificatesRevoked);
    await this.announcer.announce('Certificate Revoked', {
      clientName,
      spiffeId,
      serialNumber,
      fingerprint,
      notAfter,
      reason,
    });
  }
}
