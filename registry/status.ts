/** Pure functions that decide whether a certificate of a client is accepted, and if not, why. */
import type { RegistryCertificate, RegistryClient } from './records';

/** Why a certificate is refused, regardless of the client that presents it. */
export type CertificateRefusal = 'REVOKED' | 'NOT_YET_VALID' | 'EXPIRED' | 'REPLACED';

/** Why a certificate of a client is refused. */
export type Refusal = CertificateRefusal | 'CLIENT_UNKNOWN' | 'CLIENT_DISABLED' | 'CERTIFICATE_UNKNOWN';

/**
 * The data that the decision depends on. The fields are strings from the registry, which may be missing or malformed.
 * An absent `refuseAfter` sets no limit. Any other missing or malformed value leads to refusal.
 */
export type CertificateFacts = Partial<
  Readonly<
    Record<keyof Pick<RegistryCertificate, 'spiffeId' | 'status' | 'notBefore' | 'notAfter' | 'refuseAfter'>, string>
  >
>;
export type ClientFacts = Partial<Readonly<Record<keyof Pick<RegistryClient, 'spiffeId' | 'state'>, string>>>;

/**
 * The status of a certificate, which is `ISSUED` while the certificate is accepted. A certificate is valid at
 * `notBefore` and at `notAfter` (RFC 5280, section 4.1.2.5), and refused at `refuseAfter`, which ends the overlap with
 * its replacement.
 */
export function certificateStatus(certificate: CertificateFacts, at: Date): 'ISSUED' | CertificateRefusal {
  const { status, notBefore, notAfter, refuseAfter } = certificate;
  if (status !== 'ISSUED') return 'REVOKED';
  // A comparison with a time that can't be parsed is false.
  if (!(timeOf(notBefore) <= at.getTime())) return 'NOT_YET_VALID';
  if (isExpired({ notAfter }, at)) return 'EXPIRED';
  if (refuseAfter !== undefined && !(at.getTime() < timeOf(refuseAfter))) return 'REPLACED';
  return 'ISSUED';
}

/**
 * The first reason to refuse the certificate. Undefined if it is accepted.
 * @param spiffeId the caller's SPIFFE ID, which both the client and the certificate must have
 */
export function refusalOf(
  {
    client,
    certificate,
  }: { readonly client?: ClientFacts | undefined; readonly certificate?: CertificateFacts | undefined },
  spiffeId: string,
  at: Date,
): Refusal | undefined {
  if (client === undefined || client.spiffeId !== spiffeId) return 'CLIENT_UNKNOWN';
  if (certificate === undefined || certificate.spiffeId !== spiffeId) return 'CERTIFICATE_UNKNOWN';
  const status = certificateStatus(certificate, at);
  if (status !== 'ISSUED') return status;
  return client.state === 'ENABLED' ? undefined : 'CLIENT_DISABLED';
}

export function isExpired({ notAfter }: Pick<CertificateFacts, 'notAfter'>, at: Date): boolean {
  return !(at.getTime() <= timeOf(notAfter));
}

/** When the certificate is no longer accepted, unless it is revoked earlier. Milliseconds since 1970. */
export function endOfAcceptance({
  notAfter,
  refuseAfter = notAfter,
}: Pick<CertificateFacts, 'notAfter' | 'refuseAfter'>) {
  return Math.min(timeOf(notAfter), timeOf(refuseAfter));
}

/** NaN if the time is absent or can't be parsed. */
function timeOf(text: string | undefined): number {
  return Date.parse(text ?? '');
}
