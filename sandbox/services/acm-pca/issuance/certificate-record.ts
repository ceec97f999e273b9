import { AwsError } from '../../../endpoint/api';

export interface CertificateRecord {
  readonly arn: string;
  readonly pem: string;
  /** PEM of the issuing authority and the authorities above it. Absent for the certificate of a root. */
  readonly chainPem?: string | undefined;
  readonly isRoot: boolean;
  /** Whether GetCertificate hasn't been called yet. */
  isFresh: boolean;
  revokedFor?: string;
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
export function revoke(certificate: CertificateRecord, reason: string): void {
  if (certificate.isRoot) {
    throw new AwsError('InvalidRequestException', 'a self-signed root certificate cannot be revoked');
  }
  if (certificate.revokedFor !== undefined) {
    throw new AwsError('RequestAlreadyProcessedException', `The certificate is revoked already: ${certificate.arn}`);
  }
  certificate.revokedFor = reason;
}
