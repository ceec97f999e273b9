import { AwsError } from '../../../endpoint/api';

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html */
export const REVOCATION_REASONS = [
  'UNSPECIFIED',
  'KEY_COMPROMISE',
  'CERTIFICATE_AUTHORITY_COMPROMISE',
  'AFFILIATION_CHANGED',
  'SUPERSEDED',
  'CESSATION_OF_OPERATION',
  'PRIVILEGE_WITHDRAWN',
  'A_A_COMPROMISE',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

export interface CertificateRecord {
  readonly arn: string;
  readonly pem: string;
  /** PEM of the issuing authority and the authorities above it. Absent for the certificate of a root. */
  readonly chainPem?: string | undefined;
  readonly isRoot: boolean;
  readonly notAfter: Date;
  /** The partition of the revocation lists that it refers to. Absent for the complete list. */
  readonly partition?: string | undefined;
  /** Whether GetCertificate hasn't been called yet. */
  isFresh: boolean;
  revocation?: { readonly at: Date; readonly reason: RevocationReason };
}

/**
 * Makes callers wait for a certificate, because AWS takes time to issue it. The first call finds the issuance in
 * progress, and the second call gets the certificate.
 * @throws AwsError `RequestInProgressException`
 */
export function awaitIssue(certificate: CertificateRecord): void {
  if (!certificate.isFresh) return;
  certificate.isFresh = false;
  const reason = `The certificate is still being issued: ${certificate.arn}`;
  throw new AwsError('RequestInProgressException', reason);
}

/** @throws AwsError `RequestAlreadyProcessedException`, `InvalidRequestException` for the certificate of a root */
export function revoke(certificate: CertificateRecord, reason: RevocationReason, at: Date): void {
  if (certificate.isRoot) {
    throw new AwsError('InvalidRequestException', 'a self-signed root certificate cannot be revoked');
  }
  if (certificate.revocation !== undefined) {
    throw new AwsError('RequestAlreadyProcessedException', `The certificate is revoked already: ${certificate.arn}`);
  }
  certificate.revocation = { at, reason };
}
