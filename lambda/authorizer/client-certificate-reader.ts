import type { X509Certificate } from 'node:crypto';
import type { CallerIdentity } from '../../mesh/contract';
import { clientNameFromSpiffeId, isInTrustDomain } from '../../mesh/names';
import { extensionProblem } from '../../pki/certificate-extensions';
import { hasUri, isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../../pki/certificate-fields';
import { readCertificate } from '../../pki/pem';
import { weaknessOf } from '../../pki/strength';
import { CALLER_CAPACITY, CallerMap } from './bounded-map';
import { DenialError } from './denial';

/**
 * The holder of a certificate. The identity comes from the certificate if that names the mesh's trust domain, and from
 * the registry otherwise.
 */
export type CallerCertificate =
  | { readonly kind: 'issued'; readonly identity: CallerIdentity; readonly validity: Validity }
  | { readonly kind: 'external'; readonly certificate: X509Certificate; readonly validity: Validity };

/** As the certificate states it. ISO 8601, UTC. */
interface Validity {
  readonly notBefore: string;
  readonly notAfter: string;
}

/** Reads the caller from a client certificate. The gateway has verified that a trusted authority issued it. */
export class ClientCertificateReader {
  /** The keys are PEM texts, because parsing one takes longer than the rest of a decision. */
  private readonly issued: CallerMap<CallerCertificate>;
  /** A separate map, because an authority outside the mesh can issue any number of certificates for its clients. */
  private readonly external: CallerMap<CallerCertificate>;

  /** @param capacity the number of accepted certificates, and of others, of each kind to remember */
  constructor(
    private readonly trustDomain: string,
    capacity = CALLER_CAPACITY,
  ) {
    this.issued = new CallerMap(capacity);
    this.external = new CallerMap(capacity);
  }

  /** @throws DenialError, or PemError if the text is not exactly one certificate */
  readCaller(pem: string): CallerCertificate {
    const known = this.issued.get(pem) ?? this.external.get(pem);
    if (known !== undefined) return known;
    const caller = readCaller(readCertificate(pem), this.trustDomain);
    this[caller.kind].set(pem, caller, false);
    return caller;
  }

  /** Keeps the certificate of an accepted caller, however many others are refused. */
  keep(pem: string, caller: CallerCertificate): void {
    this[caller.kind].set(pem, caller, true);
  }
}

/** A certificate that names the mesh's trust domain is never external. */
function readCaller(certificate: X509Certificate, trustDomain: string): CallerCertificate {
  const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
  const denied = (code: 'NOT_A_CLIENT_CERTIFICATE' | 'IDENTITY_UNKNOWN' | 'WEAK_CERTIFICATE', message: string) =>
    new DenialError(code, message, { subject, serialNumber });
  if (!isClientCertificate(certificate)) {
    throw denied('NOT_A_CLIENT_CERTIFICATE', 'the certificate is not a client certificate');
  }
  const [notBefore, notAfter] = [notBeforeOf(certificate), notAfterOf(certificate)];
  if (Number.isNaN(notBefore.getTime()) || Number.isNaN(notAfter.getTime())) {
    throw denied('NOT_A_CLIENT_CERTIFICATE', 'the validity of the certificate can not be read');
  }
  const validity = { notBefore: notBefore.toISOString(), notAfter: notAfter.toISOString() };
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId === undefined && hasUri(certificate)) {
    throw denied('IDENTITY_UNKNOWN', 'the URIs in the certificate are not a single SPIFFE ID');
  }
  if (spiffeId === undefined || !isInTrustDomain(spiffeId, trustDomain)) {
    // As API Gateway demands: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-mutual-tls.html
    // The issuer decides the strength of the mesh's own, and the registry has no others.
    const weakness = weaknessOf(certificate);
    if (weakness !== undefined) throw denied('WEAK_CERTIFICATE', `the certificate of another authority ${weakness}`);
    const problem = extensionProblem(certificate);
    if (problem !== undefined) {
      throw denied('NOT_A_CLIENT_CERTIFICATE', `the certificate of another authority ${problem}`);
    }
    return { kind: 'external', certificate, validity };
  }
  const clientName = clientNameFromSpiffeId(spiffeId, trustDomain);
  if (clientName === undefined) {
    throw denied('IDENTITY_UNKNOWN', `${spiffeId} is not a client of trust domain ${trustDomain}`);
  }
  return { kind: 'issued', identity: { clientName, spiffeId, serialNumber, fingerprint }, validity };
}
