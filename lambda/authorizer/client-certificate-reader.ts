import type { X509Certificate } from 'node:crypto';
import { hasUri, isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../../pki/certificate-fields';
import type { CallerIdentity } from '../../mesh/contract';
import { clientNameOf, isOfTrustDomain } from '../../mesh/names';
import { readCertificate } from '../../pki/pem';
import { BoundedMap } from './bounded-map';
import { DeniedError } from './denial';

/** Who shows a certificate: who it says, when it names our trust domain; else whom the registry takes it for. */
export type Caller =
  | { readonly kind: 'issued'; readonly identity: CallerIdentity }
  | { readonly kind: 'external'; readonly certificate: X509Certificate };

interface KnownCertificate {
  readonly caller: Caller;
  readonly subject: string;
  readonly serialNumber: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads who calls from a client certificate, which the gateway has verified to be issued below a trust anchor. */
export class ClientCertificateReader {
  /** By PEM: parsing takes longer than all the rest of a decision. */
  private readonly issued: BoundedMap<string, KnownCertificate>;
  /** Likewise, by themselves, so that no other authority's certificates, however many, are in the way of our own. */
  private readonly external: BoundedMap<string, KnownCertificate>;

  /** @param capacity how many certificates of each kind are remembered; with more clients some decisions cost a parse */
  constructor(
    private readonly trustDomain: string,
    capacity = 512,
  ) {
    this.issued = new BoundedMap(capacity);
    this.external = new BoundedMap(capacity);
  }

  /** Throws `DeniedError`, or `PemError` for what is not exactly one certificate. */
  callerOf(pem: string, at: Date): Caller {
    const { caller, subject, serialNumber, notBefore, notAfter } = this.recall(pem);
    if (at.getTime() < notBefore) throw new DeniedError('certificate not yet valid', subject, serialNumber);
    if (at.getTime() > notAfter) throw new DeniedError('certificate expired', subject, serialNumber);
    return caller;
  }

  private recall(pem: string): KnownCertificate {
    const remembered = this.issued.get(pem) ?? this.external.get(pem);
    if (remembered !== undefined) return remembered;
    const known = read(pem, this.trustDomain);
    this[known.caller.kind].set(pem, known);
    return known;
  }
}

function read(pem: string, trustDomain: string): KnownCertificate {
  const certificate = readCertificate(pem);
  const { subject, serialNumber } = certificate;
  if (!isClientCertificate(certificate)) throw new DeniedError('not a client certificate', subject, serialNumber);
  return {
    caller: callerIn(certificate, trustDomain),
    subject,
    serialNumber,
    notBefore: notBeforeOf(certificate).getTime(),
    notAfter: notAfterOf(certificate).getTime(),
  };
}

/** A certificate that names our trust domain is one of ours or none, whichever trust anchor issued it. */
function callerIn(certificate: X509Certificate, trustDomain: string): Caller {
  const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId === undefined && hasUri(certificate)) {
    throw new DeniedError('the URIs in the certificate are not one SPIFFE ID', subject, serialNumber);
  }
  if (spiffeId === undefined || !isOfTrustDomain(spiffeId, trustDomain)) return { kind: 'external', certificate };
  const clientName = clientNameOf(spiffeId, trustDomain);
  if (clientName === undefined) {
    throw new DeniedError(`${spiffeId} is no client of trust domain ${trustDomain}`, subject, serialNumber);
  }
  return { kind: 'issued', identity: { clientName, spiffeId, serialNumber, fingerprint } };
}
