import { createHash } from 'node:crypto';
import type { AcmPca, IssuedCertificate, Validity } from '../../../aws/acm-pca';
import type { Log } from '../../../aws/cloudwatch';
import { type Pause, type RetryPolicy, retry } from '../../../aws/retry';
import type { RevocationReason } from '../../../mesh/contract';
import type { CertificateOrder } from '../issue/certificate-order';
import type { AuthorityBackend, SignedCertificate, SigningRequest } from './certificate-authorities';

export interface AcmPcaBackendOptions {
  readonly acmPca: Pick<AcmPca, 'issueCertificate' | 'getCertificate' | 'revokeCertificate'>;
  /** How to wait while a certificate is issued. @default - as `retry` does */
  readonly pause?: Pause;
  readonly now: () => Date;
  readonly log: Log;
}

/** ACM PCA issues a certificate in about a second, and its quota allows 75 GetCertificate calls per second. */
const POLLING: RetryPolicy = { backoff: { first: 150, longest: 5_000 } };

/** Authorities in ACM PCA. Repeating a request within minutes returns the same certificate. */
export class AcmPcaBackend implements AuthorityBackend {
  constructor(private readonly options: AcmPcaBackendOptions) {}

  async signCertificate(request: SigningRequest, signal: AbortSignal): Promise<SignedCertificate> {
    const { acmPca, now, log } = this.options;
    const { order, certificateSigningRequest, purpose } = request;
    const { clientName, certificateAuthorityArn } = order;
    const certificateArn = await acmPca.issueCertificate(
      {
        certificateAuthorityArn,
        certificateSigningRequest,
        commonName: clientName,
        spiffeId: order.spiffeId,
        dnsNames: order.dnsNames,
        signingAlgorithm: order.signingAlgorithm,
        validity: validityOf(order.validityHours, now()),
        idempotencyToken: idempotencyToken(request),
      },
      signal,
    );
    log({ event: 'certificate-requested', client: clientName, certificateArn, purpose });
    return { ...(await this.waitFor(certificateAuthorityArn, certificateArn, signal)), certificateArn };
  }

  revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void> {
    return this.options.acmPca.revokeCertificate(certificateAuthorityArn, serialNumber, reason, signal);
  }

  private waitFor(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate> {
    return retry<IssuedCertificate>(
      { ...POLLING, pause: this.options.pause },
      async () => {
        const value = await this.options.acmPca.getCertificate(certificateAuthorityArn, certificateArn, signal);
        if (value !== undefined) return { value };
        return { error: new Error(`${certificateArn} is not issued yet`), retryable: true };
      },
      signal,
    );
  }
}

/**
 * ACM PCA counts whole days from the moment of issuance. It has no unit for hours, so any other validity is an absolute
 * time. https://docs.aws.amazon.com/privateca/latest/APIReference/API_Validity.html
 */
export function validityOf(hours: number, now: Date): Validity {
  if (hours % 24 === 0) return { type: 'DAYS', value: hours / 24 };
  return { type: 'ABSOLUTE', value: Math.floor(now.getTime() / 1000) + hours * 3600 };
}

/**
 * Identifies one order for one key. The key is part of the token because it is lost with the process that generated it.
 * The next attempt has a new key and must not receive the certificate of the lost one. The order is part of the token
 * because a client may reuse its own key after the order has changed, or for another client.
 */
function idempotencyToken({ order, purpose, certificateSigningRequest }: SigningRequest): string {
  const { certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm }: CertificateOrder = order;
  const ordered = [certificateAuthorityArn, dnsNames, validityHours, signingAlgorithm];
  const text = JSON.stringify([ordered, purpose, certificateSigningRequest]);
  return createHash('sha256').update(text).digest('hex').slice(0, 36);
}
