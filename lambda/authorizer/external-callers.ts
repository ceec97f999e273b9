import type { X509Certificate } from 'node:crypto';
import { identitiesOf } from '../../pki/certificate-identity';
import { isIssuedBy } from '../../pki/chain';
import type { CallerIdentity } from '../../mesh/contract';
import { identityId, type RegistryExternalClient, type RegistryIdentity } from '../../mesh/external-clients';
import { spiffeId } from '../../mesh/names';
import { readCertificate } from '../../pki/pem';
import { DeniedError } from './denial';
import { ShortMemory } from './memory';

/** What the registry says of a client, as far as it is an external one. */
export type ExternalStanding = Readonly<
  Record<keyof Pick<RegistryExternalClient, 'spiffeId' | 'state' | 'trustAnchor'>, string | undefined>
>;

export interface ExternalReader {
  /** What is known under any of the ids, in no order. Rejects when the registry can't be read. */
  readIdentities(ids: readonly string[]): Promise<readonly Readonly<Partial<RegistryIdentity>>[]>;
  /** Rejects likewise. */
  readExternalClient(clientName: string): Promise<ExternalStanding | undefined>;
}

/** For which client a certificate stands, or why for none. */
type Finding =
  | { readonly clientName: string; readonly standing: ExternalStanding | undefined }
  | { readonly refusal: string };

/**
 * Knows the callers whose certificates the mesh did not issue, each by the authority that signed the certificate together
 * with SPIFFE ID, subject or fingerprint. What they are called in the mesh, the registry says, never the certificate.
 */
export class ExternalCallers {
  private readonly remembered: ShortMemory<Finding>;

  /** @param capacity for how many certificates, those that stand for nobody included */
  constructor(
    private readonly trustDomain: string,
    private readonly registry: ExternalReader,
    now: () => Date,
    capacity = 512,
  ) {
    this.remembered = new ShortMemory(now, capacity);
  }

  /** @throws DeniedError for whom the registry does not let in, and whatever keeps it from being read */
  async identityOf(certificate: X509Certificate): Promise<CallerIdentity> {
    const { subject, serialNumber, fingerprint256: fingerprint } = certificate;
    const denied = (reason: string) => new DeniedError(reason, subject, serialNumber);
    const found = await this.remembered.recall(fingerprint, () => this.find(certificate));
    if ('refusal' in found) throw denied(found.refusal);

    const { clientName, standing } = found;
    const id = spiffeId(this.trustDomain, clientName);
    if (standing?.spiffeId !== id) throw denied(`client ${clientName} not in the registry`);
    if (!standing.trustAnchor) throw denied(`client ${clientName} has certificates of the mesh only`);
    if (standing.state !== ('ENABLED' satisfies RegistryExternalClient['state'])) {
      throw denied(`client ${clientName} disabled`);
    }
    return { clientName, spiffeId: id, serialNumber, fingerprint };
  }

  private async find(certificate: X509Certificate): Promise<Finding> {
    const ids = identitiesOf(certificate).map((identity) => identityId(certificate.issuer, identity));
    const names = new Set<string>();
    for (const { clientName, authority } of await this.registry.readIdentities(ids)) {
      if (clientName && authority && isSignedBy(certificate, authority)) names.add(clientName);
    }
    const [clientName, ...others] = names;
    if (clientName === undefined) return { refusal: 'certificate of another authority that stands for no client' };
    if (others.length > 0) return { refusal: `certificate stands for several clients: ${[...names].join(', ')}` };
    return { clientName, standing: await this.registry.readExternalClient(clientName) };
  }
}

/** The issuer's name led here; the signature proves it. */
function isSignedBy(certificate: X509Certificate, authorityPem: string): boolean {
  const authority = readCertificate(authorityPem);
  return authority.ca && isIssuedBy(certificate, authority);
}
