import type { SigningAlgorithm } from '../../mesh/contract';
import type { RevocationReason } from '../../registry/records';

/** The authority that issues. A request is accepted at once and its certificate fetched until it is there. */
export interface CertificateAuthority {
  /** Gives the ARN of the certificate under way. The same idempotency token within 5 minutes gives the same certificate. */
  issueCertificate(request: CertificateRequest, signal: AbortSignal): Promise<string>;
  /** Undefined while the certificate is being issued. */
  getCertificate(
    certificateAuthorityArn: string,
    certificateArn: string,
    signal: AbortSignal,
  ): Promise<IssuedCertificate | undefined>;
  /** Does nothing for a certificate that is revoked already. */
  revokeCertificate(
    certificateAuthorityArn: string,
    serialNumber: string,
    reason: RevocationReason,
    signal: AbortSignal,
  ): Promise<void>;
}

/** The subject and its alternative names are those given here, whatever the signing request says. */
export interface CertificateRequest {
  readonly certificateAuthorityArn: string;
  /** PEM. */
  readonly certificateSigningRequest: string;
  readonly commonName: string;
  readonly spiffeId: string;
  readonly dnsNames: readonly string[];
  readonly signingAlgorithm: SigningAlgorithm;
  readonly validity: Validity;
  /** At most 36 characters. */
  readonly idempotencyToken: string;
}

/** When a certificate ends: days from now, or an absolute time in seconds since 1970. */
export interface Validity {
  readonly type: 'DAYS' | 'ABSOLUTE';
  readonly value: number;
}

export interface IssuedCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM, issuing authority first, without the certificate itself. */
  readonly certificateChain: string;
}
