import { isClientCertificate, notAfterOf, notBeforeOf, spiffeIdOf } from '../../pki/certificate-fields';
import type { CallerIdentity } from '../../pki/contract';
import { clientNameOf } from '../../pki/names';
import { readCertificate } from '../../pki/pem';
import { BoundedMap } from './bounded-map';
import { DeniedError } from './denied-error';

interface KnownCertificate {
  readonly identity: CallerIdentity;
  readonly subject: string;
  /** Milliseconds since 1970. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Reads who calls from a client certificate, which the gateway has verified to be issued below a trust anchor. */
export class ClientCertificateReader {
  /** By PEM: parsing takes longer than all the rest of a decision. */
  private readonly remembered: BoundedMap<string, KnownCertificate>;

  /** @param capacity how many certificates are remembered; with more clients some decisions cost a parse */
  constructor(
    private readonly trustDomain: string,
    capacity = 512,
  ) {
    this.remembered = new BoundedMap(capacity);
  }

  /** Throws `DeniedError`, or `PemError` for what is not exactly one certificate. */
  identityIn(pem: string, at: Date): CallerIdentity {
    const known = this.recall(pem);
    const { identity, subject } = known;
    if (at.getTime() < known.notBefore)
      throw new DeniedError('certificate not yet valid', subject, identity.serialNumber);
    if (at.getTime() > known.notAfter) throw new DeniedError('certificate expired', subject, identity.serialNumber);
    return identity;
  }

  private recall(pem: string): KnownCertificate {
    let known = this.remembered.get(pem);
    if (known === undefined) {
      known = read(pem, this.trustDomain);
      this.remembered.set(pem, known);
    }
    return known;
  }
}

function read(pem: string, trustDomain: string): KnownCertificate {
  const certificate = readCertificate(pem);
  const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
  const denied = (reason: string) => new DeniedError(reason, subject, serialNumber);

  if (!isClientCertificate(certificate)) throw denied('not a client certificate');
  const spiffeId = spiffeIdOf(certificate);
  if (spiffeId === undefined) throw denied('no SPIFFE ID in the certificate');
  const clientName = clientNameOf(spiffeId, trustDomain);
  if (clientName === undefined) throw denied(`${spiffeId} is no client of trust domain ${trustDomain}`);
  return {
    identity: { clientName, spiffeId, serialNumber, fingerprint },
    subject,
    notBefore: notBeforeOf(certificate).getTime(),
    notAfter: notAfterOf(certificate).getTime(),
  };
}
