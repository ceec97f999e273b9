/** How the mesh identifies the certificates of an external client. */
import { type CertificateIdentity, identityProblem } from '../pki/certificate-identity';
import { isInTrustDomain } from './names';

export { type CertificateIdentity, type CertificateIdentityKind, canonicalIdentity } from '../pki/certificate-identity';

/**
 * What is wrong with the identity, as the rest of a sentence that begins with the property's name. Undefined
 * for a valid identity. The mesh's own trust domain is reserved for clients with certificates that the mesh issues.
 */
export function externalIdentityProblem(identity: CertificateIdentity, trustDomain: string): string | undefined {
  if (identity.kind === 'SPIFFE_ID' && isInTrustDomain(identity.value, trustDomain)) {
    return `must not be in the mesh's own trust domain (${trustDomain})`;
  }
  return identityProblem(identity);
}
