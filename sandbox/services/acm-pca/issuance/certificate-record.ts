import { AwsError } from '../../../endpoint/api';

export interface CertificateRecord {
  readonly arn: string;
  readonly pem: string;
  /** The issuing authority's certificate and what stands above it, PEM; absent for a root's own certificate. */
  readonly chainPem?: string | undefined;
  readonly isRoot: boolean;
  /** Nobody has asked for the certificate yet. */
  isFresh: boolean;
  revokedFor?: string;
}

/**
 * Issuing takes time on AWS, and callers must wait for it. The sandbox makes them: the first time that anybody asks
 * for a certificate it is still being issued, and the second time it is there.
 * @throws AwsError `RequestInProgressException`
 */
export function awaitIssue(certificate: CertificateRecord): void {
  if (!certificate.isFresh) return;
  certificate.isFresh = false;
  const reason = `The certificate is still being issued: ${certificate.arn}`;
  throw new AwsError('RequestInProgressException', reason);
}

/** @throws AwsError `RequestAlreadyProcessedException`, `InvalidRequestException` for a root's own certificate */
export function revoke(certificate: CertificateRecord, reason: string): void {
  if (certificate.isRoot) {
    throw new AwsError('InvalidRequestException', 'a self-signed root certificate cannot be revoked');
  }
  if (certificate.revokedFor !== undefined) {
    throw new AwsError('RequestAlreadyProcessedException', `The certificate is revoked already: ${certificate.arn}`);
  }
  certificate.revokedFor = reason;
}
