import type { X509Certificate } from 'node:crypto';
import type { CallerIdentity } from '../../mesh/contract';
import { clientNameFromSpiffeId, isInTrustDomain } from '../../mesh/names';
import { hasUri, isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../../pki/certificate-fields';
import { readCertificate } from '../../pki/pem';
import { DenialError } from './denial';
import { BoundedMap } from './memory';

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
  private readonly issued: BoundedMap<string, CallerCertificate>;
  /** A separate map, so that certificates of other authorities never evict certificates of the mesh. */
  private readonly external: BoundedMap<string, CallerCertificate>;

  /** @param capacity the number of certificates of each kind to remember */
  constructor(
    private readonly trustDomain: string,
    capacity = 512,
  ) {
    this.issued = new BoundedMap(capacity);
    this.external = new BoundedMap(capacity);
  }

  /** @throws DenialError, or PemError if the text is not exactly one certificate */
  readCaller(pem: string): CallerCertificate {
    const known = this.issued.get(pem) ?? this.external.get(pem);
    if (known !== undefined) return known;
    const caller = readCaller(readCertificate(pem), this.trustDomain);
    this[caller.kind].set(pem, caller);
    return caller;
  }
}

/** A certificate that names the mesh's trust domain is never external. */
function readCaller(certificate: X509Certificate, trustDomain: string): CallerCertificate {
  const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
  const denied = (code: 'NOT_A_CLIENT_CERTIFICATE' | 'IDENTITY_UNKNOWN', message: string) =>
    new DenialError(code, message, { subject, serialNumber });
  if (!isClientCertificate(certificate)) {
    throw denied('NOT_A_CLIENT_CERTIFICATE', 'the certificate is not a client certificate');
  }
  const validity = {
    notBefore: notBeforeOf(certificate).toISOString(),
    notAfter: notAfterOf(certificate).toISOString(),
  };
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId === undefined && hasUri(certificate)) {
    throw denied('IDENTITY_UNKNOWN', 'the URIs in the certificate are not a single SPIFFE ID');
  }
  if (spiffeId === undefined || !isInTrustDomain(spiffeId, trustDomain)) {
    return { kind: 'external', certificate, validity };
  }
  const clientName = clientNameFromSpiffeId(spiffeId, trustDomain);
  if (clientName === undefined) {
    throw denied('IDENTITY_UNKNOWN', `${spiffeId} is not a client of trust domain ${trustDomain}`);
  }
  return { kind: 'issued', identity: { clientName, spiffeId, serialNumber, fingerprint }, validity };
}
