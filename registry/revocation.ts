import type { AcmPca } from '../aws/acm-pca';
import type { Log } from '../aws/cloudwatch';
import { failureSentence } from '../aws/failure';
import { withTimeout } from '../aws/timeout';
import type { RevocationReason } from '../mesh/contract';
import type { Audit } from './audit';
import type { RegistryCertificate } from './records';
import type { Registry } from './registry';
import type { RevocableCertificate } from './stored-records';

export interface RevocationRequest {
  /** `deployment`, `rotation`, or the ARN of the principal that revokes the certificate. */
  readonly by: string;
  readonly reason: RevocationReason;
}

export interface RevocationOptions {
  readonly registry: Pick<Registry, 'markRevoked' | 'markAuthorityTold' | 'revokeKey'>;
  readonly authority: Pick<AcmPca, 'revokeCertificate'>;
  readonly audit: Audit;
  readonly now: () => Date;
  readonly log: Log;
}

/** How long an authority is asked. An operator waits for it, and the hourly run asks again. Milliseconds. */
const TELLING_TIME = 8_000;

/** Whether the mesh must never certify the key again. Two reasons say nothing about the key. */
export function concernsKey(reason: RevocationReason): boolean {
  return reason !== 'SUPERSEDED' && reason !== 'CESSATION_OF_OPERATION';
}

/**
 * Revokes certificates. The authorizer decides based on the registry, so it refuses a certificate that is marked there.
 * The authority, the audit trail, and the metric are updated after that.
 */
export class Revocation {
  constructor(private readonly options: RevocationOptions) {}

  /** Marks the certificate and audits the revocation, unless it is already revoked. */
  async revoke(certificate: RevocableCertificate, request: RevocationRequest, signal: AbortSignal): Promise<void> {
    const revoked = await this.mark(certificate, request, signal);
    if (revoked !== undefined) await this.audit(revoked);
  }

  /**
   * Marks the certificate in the registry, and its key if the reason concerns it. A certificate that was revoked before keeps
   * its mark, but a key that turns out to be compromised later is marked then.
   *
   * @returns the revoked certificate. Undefined if it was already revoked.
   */
  async mark<C extends RevocableCertificate>(
    certificate: C,
    { by, reason }: RevocationRequest,
    signal: AbortSignal,
  ): Promise<C | undefined> {
    const { registry, now } = this.options;
    const { clientName, publicKeyHash } = certificate;
    const revokedAt = now().toISOString();
    const mark = { revokedAt, revokedBy: by, revocationReason: reason };
    // First the key: if this fails in between, the certificate isn't revoked yet, and the caller tries again.
    if (publicKeyHash !== undefined && concernsKey(reason)) {
      await registry.revokeKey(publicKeyHash, { clientName, revokedAt }, signal);
    }
    if (certificate.status === 'REVOKED') return undefined;
    const isMarked = await registry.markRevoked(certificate, mark, signal);
    return isMarked ? { ...certificate, status: 'REVOKED', ...mark } : undefined;
  }

  /** @returns as `Audit.record` */
  audit(revoked: RevocableCertificate & Partial<Pick<RegistryCertificate, 'revokedBy'>>): Promise<readonly string[]> {
    const { revocationReason: reason, revokedBy: by } = revoked;
    return this.options.audit.record('certificateRevoked', { certificate: revoked, ...(reason && { reason }) }, { by });
  }

  /**
   * Revokes the certificate at its authority. If this fails, for example because the authority has been deleted, the
   * mesh still refuses the certificate, and the hourly run tries again until the certificate expires.
   *
   * @returns a sentence with the reason of a failure. Undefined on success.
   */
  async tellAuthority(certificate: RevocableCertificate, signal: AbortSignal): Promise<string | undefined> {
    const { authority, registry, now, log } = this.options;
    const { clientName, serialNumber, certificateAuthorityArn, revocationReason = 'UNSPECIFIED' } = certificate;
    if (serialNumber === undefined || certificateAuthorityArn === undefined) {
      return 'could not revoke the certificate at its authority: the registry does not say its serial number and authority';
    }
    try {
      await withTimeout(TELLING_TIME, signal, (limited) =>
        authority.revokeCertificate(certificateAuthorityArn, serialNumber, revocationReason, limited),
      );
      await registry.markAuthorityTold(certificate, now().toISOString(), signal);
      log({ event: 'authority-told', client: clientName, serialNumber });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      const reason = failureSentence(error);
      log({ event: 'authority-not-told', client: clientName, serialNumber, reason });
      return `could not revoke the certificate at its authority: ${reason}`;
    }
  }
}
