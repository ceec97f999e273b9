/** The identity that the certificates of an external client are recognized by. */
import { type CertificateIdentity, identityProblem } from '../pki/certificate-identity';
import { isInTrustDomain } from './names';

export { type CertificateIdentity, type CertificateIdentityKind, canonicalIdentity } from '../pki/certificate-identity';

/**
 * What is wrong with the identity, as the rest of a sentence that begins with the property's name, or undefined. The
 * mesh's own trust domain is reserved for the clients to which the mesh issues certificates.
 */
export function externalIdentityProblem(identity: CertificateIdentity, trustDomain: string): string | undefined {
  if (identity.kind === 'SPIFFE_ID' && isInTrustDomain(identity.value, trustDomain)) {
    return `must not be in the mesh's own trust domain (${trustDomain})`;
  }
  return identityProblem(identity);
}
