/** Decides whether a certificate of a client is accepted, and if not, why. Pure functions: no clock, no table. */
import type { RegistryCertificate, RegistryClient } from './records';

/** Why a certificate is refused, regardless of the client that presents it. */
export type CertificateRefusal = 'REVOKED' | 'NOT_YET_VALID' | 'EXPIRED' | 'REPLACED';

/** Why a certificate of a client is refused. */
export type Refusal = CertificateRefusal | 'CLIENT_UNKNOWN' | 'CLIENT_DISABLED' | 'CERTIFICATE_UNKNOWN';

/**
 * What the decision depends on. The fields are strings of the registry, which may be missing or malformed. Such a value
 * never leads to acceptance, except that a certificate without `refuseAfter` is accepted until it expires.
 */
export type CertificateFacts = Partial<
  Readonly<
    Record<keyof Pick<RegistryCertificate, 'spiffeId' | 'status' | 'notBefore' | 'notAfter' | 'refuseAfter'>, string>
  >
>;
export type ClientFacts = Partial<Readonly<Record<keyof Pick<RegistryClient, 'spiffeId' | 'state'>, string>>>;

/**
 * The status of a certificate: `ISSUED` while it is accepted. A certificate is valid at `notBefore` and at `notAfter`
 * (RFC 5280, section 4.1.2.5), and refused at `refuseAfter`, which ends the overlap with its replacement.
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
 * The first reason to refuse the certificate; undefined when it is accepted.
 * @param spiffeId the caller's; client and certificate must both belong to it
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

/** When the certificate ceases to be accepted, unless it is revoked. Milliseconds since 1970. */
export function endOfAcceptance({
  notAfter,
  refuseAfter = notAfter,
}: Pick<RegistryCertificate, 'notAfter' | 'refuseAfter'>) {
  return Math.min(timeOf(notAfter), timeOf(refuseAfter));
}

/** NaN for a time that is absent or can't be parsed. */
function timeOf(text: string | undefined): number {
  return Date.parse(text ?? '');
}
