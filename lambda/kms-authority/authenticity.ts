import type { KeyObject, X509Certificate } from 'node:crypto';
import type { AuthoritySubject } from '../../mesh/kms-authority';
import { readIssuer } from '../../pki/issuer';
import { encodeDistinguishedName } from '../../pki/names';
import { readCertificates } from '../../pki/pem';
import type { StoredAuthority } from './authority-store';

/** What an authority is, whatever its parameter says. The keys are from KMS, and the name is from the template. */
export interface AuthorityIdentity {
  /** Undefined for an authority in ACM PCA, which names itself. */
  readonly subject?: AuthoritySubject | undefined;
  readonly publicKey: KeyObject;
  /** The key that signs the authority. Its own one for a root. */
  readonly issuerKey: KeyObject;
}

/** Whether the certificate is that of the authority, and signed by its issuer. Anyone may have written the parameter. */
export function isAuthentic({ certificateChain }: StoredAuthority, identity: AuthorityIdentity): boolean {
  const { subject, publicKey, issuerKey } = identity;
  try {
    const [certificate, ...above] = readCertificates(certificateChain);
    if (certificate === undefined || !certificate.publicKey.equals(publicKey) || !certificate.verify(issuerKey))
      return false;
    if (above.length !== (publicKey.equals(issuerKey) ? 0 : 1)) return false;
    const isRootOf = (issuer: X509Certificate) =>
      issuer.publicKey.equals(issuerKey) && issuer.verify(issuerKey) && certificate.checkIssued(issuer);
    if (!above.every(isRootOf)) return false;
    return (
      subject === undefined || encodeDistinguishedName(subject).equals(readIssuer(certificate, 'keyCertSign').subject)
    );
  } catch {
    return false;
  }
}
