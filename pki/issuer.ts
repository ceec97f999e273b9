import type { X509Certificate } from 'node:crypto';
import { certificateFields, extensionsOf } from './certificate-extensions';
import { notAfterOf } from './certificate-fields';
import { KeyUsage } from './certificate-profiles';
import { CertificateValueError } from './certificate-values';
import { readElement, readElements, Tag } from './der';
import type { Signer } from './signer';

/** What goes from an authority's certificate into the certificates and revocation lists that it signs. */
export interface Issuer {
  /** DER, exactly as the certificate has it: names are compared octet by octet. */
  readonly subject: Uint8Array;
  readonly keyIdentifier: Uint8Array;
  /** How many authorities may be below this one in a chain. Undefined for any number. */
  readonly pathLength: number | undefined;
  readonly notAfter: Date;
}

/** The content octets of object identifiers, hexadecimal. */
const SUBJECT_KEY_IDENTIFIER = '551d0e';
const KEY_USAGE = '551d0f';
const BASIC_CONSTRAINTS = '551d13';

/**
 * @param usage what the authority signs
 * @throws CertificateValueError if the certificate is not an authority's, its key may not sign this, or it has no subject key
 * identifier
 */
export function readIssuer(certificate: X509Certificate, usage: 'keyCertSign' | 'cRLSign'): Issuer {
  const fields = certificateFields(certificate.raw) ?? [];
  const extensions = extensionsOf(certificate.raw) ?? [];
  const extensionValue = (oid: string) => extensions.find((extension) => extension.oid === oid)?.value;

  // The first field is the version, and the subject follows serial number, signature, issuer, and validity.
  const subject = fields[5]?.encoding;
  if (!certificate.ca || subject === undefined) {
    throw new CertificateValueError('the issuer must have the certificate of an authority');
  }
  if (!allows(extensionValue(KEY_USAGE), KeyUsage[usage])) {
    throw new CertificateValueError(`the issuer's key usage must include ${usage}`);
  }
  const keyIdentifier = readElement(extensionValue(SUBJECT_KEY_IDENTIFIER) ?? Buffer.of(), Tag.octetString)?.content;
  if (keyIdentifier === undefined) {
    throw new CertificateValueError("the issuer's certificate must have a subject key identifier");
  }
  return {
    subject,
    keyIdentifier,
    pathLength: pathLengthIn(extensionValue(BASIC_CONSTRAINTS)),
    notAfter: notAfterOf(certificate),
  };
}

/**
 * As `readIssuer`, for an authority that is going to sign.
 * @throws CertificateValueError also if the signer's key is not the one in the certificate
 */
export function readSigningIssuer(
  certificate: X509Certificate,
  usage: 'keyCertSign' | 'cRLSign',
  signer: Signer,
): Issuer {
  const issuer = readIssuer(certificate, usage);
  if (!certificate.publicKey.equals(signer.publicKey)) {
    throw new CertificateValueError("the signer's key must be the one in the issuer's certificate");
  }
  return issuer;
}

/** A certificate without the extension allows every usage (RFC 5280, section 4.2.1.3). */
function allows(keyUsage: Uint8Array | undefined, bit: number): boolean {
  if (keyUsage === undefined) return true;
  const bits = readElement(keyUsage, Tag.bitString)?.content[1] ?? 0;
  return (bits & bit) !== 0;
}

function pathLengthIn(basicConstraints: Uint8Array | undefined): number | undefined {
  const sequence = readElement(basicConstraints ?? Buffer.of(), Tag.sequence);
  const pathLength = readElements(sequence?.content ?? Buffer.of())?.find(({ tag }) => tag === Tag.integer);
  return pathLength && Number(`0x${Buffer.from(pathLength.content).toString('hex')}`);
}
