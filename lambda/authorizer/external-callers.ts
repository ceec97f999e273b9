import type { X509Certificate } from 'node:crypto';
import { spiffeId } from '../../mesh/names';
import { identitiesOf } from '../../pki/certificate-identity';
import { isIssuedBy } from '../../pki/chain';
import { PemError, readCertificate } from '../../pki/pem';
import type { ExternalClientFacts, RegistryLookup } from '../../registry/lookup';
import { identityId } from '../../registry/records';
import { refusalOf } from '../../registry/status';
import type { CallerCertificate } from './client-certificate-reader';
import { DenialError, refusalError } from './denial';
import { type AcceptedCaller, type Lookup, RegistryMemory, type RegistryMemoryOptions } from './registry-memory';

type ExternalCertificate = Extract<CallerCertificate, { kind: 'external' }>;

/** The clients that a certificate identifies. A valid certificate identifies exactly one. */
interface Findings {
  readonly clientNames: readonly string[];
  /** The registry's data about the client. Undefined unless there is exactly one. */
  readonly registered: ExternalClientFacts | undefined;
}

/**
 * Identifies callers with certificates of other authorities. The key is the authority that signed the certificate,
 * together with the SPIFFE ID, the subject, or the fingerprint. The caller's name in the mesh comes from the registry,
 * never from the certificate.
 */
export class ExternalCallers {
  private readonly memory: RegistryMemory<Findings>;

  constructor(
    private readonly trustDomain: string,
    private readonly registry: Pick<RegistryLookup, 'findIdentities' | 'findExternalClient'>,
    private readonly options: RegistryMemoryOptions,
  ) {
    this.memory = new RegistryMemory(options);
  }

  /** As `RegistryMemory.identify`. */
  identify(caller: ExternalCertificate, longestAge?: number): Promise<AcceptedCaller> {
    const { fingerprint256: fingerprint } = caller.certificate;
    const lookup: Lookup<Findings> = {
      certificate: fingerprint,
      subject: fingerprint,
      read: () => this.find(caller.certificate),
      decide: (findings) => this.decide(caller, findings),
    };
    return this.memory.identify(lookup, longestAge);
  }

  private decide(
    { certificate, validity }: ExternalCertificate,
    { clientNames, registered }: Findings,
  ): AcceptedCaller {
    const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
    const certificateOfDenial = { subject, serialNumber };
    const [clientName, ...others] = clientNames;
    if (clientName === undefined) {
      const message = 'the certificate of another authority identifies no client';
      throw new DenialError('IDENTITY_UNKNOWN', message, certificateOfDenial);
    }
    if (others.length > 0) {
      const message = `the certificate identifies several clients: ${clientNames.join(', ')}`;
      throw new DenialError('IDENTITY_AMBIGUOUS', message, certificateOfDenial);
    }
    const id = spiffeId(this.trustDomain, clientName);
    // The registry has no records of these certificates, only of their client.
    const certificateFacts = { spiffeId: id, status: 'ISSUED', ...validity };
    const known = registered?.client?.trustAnchor ? registered.client : undefined;
    const refusal = refusalOf({ client: known, certificate: certificateFacts }, id, this.options.now());
    if (refusal === undefined) {
      return { identity: { clientName, spiffeId: id, serialNumber, fingerprint }, grants: registered?.grants ?? [] };
    }
    throw refusalError(refusal, clientName, certificateOfDenial);
  }

  private async find(certificate: X509Certificate): Promise<Findings> {
    const ids = identitiesOf(certificate).map((identity) => identityId(certificate.issuer, identity));
    const names = new Set<string>();
    for (const { clientName, authority } of await this.registry.findIdentities(ids)) {
      if (clientName && authority && isSignedBy(certificate, authority)) names.add(clientName);
    }
    const clientNames = [...names];
    const [only, ...others] = clientNames;
    const registered =
      only === undefined || others.length > 0 ? undefined : await this.registry.findExternalClient(only);
    return { clientNames, registered };
  }
}

/** Anyone can copy the name of an issuer. Only the signature proves who the issuer is. */
function isSignedBy(certificate: X509Certificate, authorityPem: string): boolean {
  const authority = readAuthority(authorityPem);
  return authority?.ca === true && isIssuedBy(certificate, authority);
}

/** Undefined for a text that is not a certificate. The registry was read, so that is no outage. */
function readAuthority(pem: string): X509Certificate | undefined {
  try {
    return readCertificate(pem);
  } catch (error) {
    if (error instanceof PemError) return undefined;
    throw error;
  }
}
