/** The extensions of the certificates that a mesh's own authorities sign: the profiles of RFC 5280, section 4.2. */
import { createHash } from 'node:crypto';
import { der, derInteger, derObjectIdentifier, readElement, readElements, Tag } from './der';
import { type AlternativeNames, encodeAddress, encodeAlternativeNames } from './names';

/** What the extensions of every profile are made of. */
export interface ProfileParts {
  /** DER of SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  /** The issuer's subject key identifier. */
  readonly authorityKeyIdentifier: Uint8Array;
  /** Where the issuer publishes its revocation list. */
  readonly crlAddress?: string;
}

/**
 * A root or a subordinate, which signs certificates and revocation lists and nothing else.
 * @param pathLength how many authorities may be below this one in a chain; undefined for any number
 */
export function authorityExtensions(pathLength: number | undefined, parts: ProfileParts): Buffer {
  return der(
    Tag.sequence,
    critical(
      EXTENSION.basicConstraints,
      der(Tag.sequence, DER_TRUE, pathLength === undefined ? Buffer.of() : derInteger(pathLength)),
    ),
    critical(EXTENSION.keyUsage, encodeKeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign)),
    ...identifiersAndAddress(parts),
  );
}

/**
 * A client: the extensions of ACM PCA's template `EndEntityClientAuthCertificate_APIPassthrough/V1`, in the same order.
 * https://docs.aws.amazon.com/privateca/latest/userguide/template-definitions.html
 */
export function clientExtensions(names: AlternativeNames, parts: ProfileParts): Buffer {
  return der(
    Tag.sequence,
    extension(EXTENSION.subjectAltName, encodeAlternativeNames(names)),
    extension(EXTENSION.basicConstraints, der(Tag.sequence)),
    critical(EXTENSION.keyUsage, encodeKeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment)),
    extension(EXTENSION.extKeyUsage, der(Tag.sequence, CLIENT_AUTH)),
    ...identifiersAndAddress(parts),
  );
}

function identifiersAndAddress({ publicKey, authorityKeyIdentifier, crlAddress }: ProfileParts): readonly Buffer[] {
  return [
    extension(EXTENSION.subjectKeyIdentifier, der(Tag.octetString, keyIdentifierOf(publicKey))),
    authorityKeyIdentifierExtension(authorityKeyIdentifier),
    ...(crlAddress === undefined
      ? []
      : [extension(EXTENSION.cRLDistributionPoints, encodeDistributionPoint(crlAddress))]),
  ];
}

/** Also an extension of revocation lists (RFC 5280, section 5.2.1). */
export function authorityKeyIdentifierExtension(keyIdentifier: Uint8Array): Buffer {
  return extension(EXTENSION.authorityKeyIdentifier, der(Tag.sequence, der(KEY_IDENTIFIER, keyIdentifier)));
}

/** Bits of the key usage (RFC 5280, section 4.2.1.3), the first one highest. */
export const KeyUsage = { digitalSignature: 0x80, keyEncipherment: 0x20, keyCertSign: 0x04, cRLSign: 0x02 } as const;

/** DER of object identifiers: RFC 5280, appendix A.2. */
const EXTENSION = {
  subjectKeyIdentifier: derObjectIdentifier('2.5.29.14'),
  keyUsage: derObjectIdentifier('2.5.29.15'),
  subjectAltName: derObjectIdentifier('2.5.29.17'),
  basicConstraints: derObjectIdentifier('2.5.29.19'),
  cRLDistributionPoints: derObjectIdentifier('2.5.29.31'),
  authorityKeyIdentifier: derObjectIdentifier('2.5.29.35'),
  extKeyUsage: derObjectIdentifier('2.5.29.37'),
} as const;
const CLIENT_AUTH = derObjectIdentifier('1.3.6.1.5.5.7.3.2');

const DER_TRUE = der(Tag.boolean, Buffer.of(0xff));
/** The implicit tag of `keyIdentifier` in AuthorityKeyIdentifier. */
const KEY_IDENTIFIER = 0x80;

/** @param value DER of the extension's own type */
export function extension(identifier: Uint8Array, value: Uint8Array): Buffer {
  return der(Tag.sequence, identifier, der(Tag.octetString, value));
}

function critical(identifier: Uint8Array, value: Uint8Array): Buffer {
  return der(Tag.sequence, identifier, DER_TRUE, der(Tag.octetString, value));
}

/** DER leaves out the zero bits at the end of a named bit list (X.690, section 11.2.2). */
function encodeKeyUsage(bits: number): Buffer {
  const unused = Math.log2(bits & -bits);
  return der(Tag.bitString, Buffer.of(unused, bits));
}

/** One distribution point with one full name (RFC 5280, section 4.2.1.13). */
function encodeDistributionPoint(crlAddress: string): Buffer {
  const fullName = der(Tag.context0, encodeAddress('crlAddress', crlAddress));
  return der(Tag.sequence, der(Tag.sequence, der(Tag.context0, fullName)));
}

/** SHA-1 of the public key's octets (RFC 5280, section 4.2.1.2, method 1). It identifies a key and protects nothing. */
export function keyIdentifierOf(publicKey: Uint8Array): Buffer {
  const info = readElement(publicKey, Tag.sequence);
  const [, key] = readElements(info?.content ?? Buffer.of()) ?? [];
  // The first octet counts the unused bits.
  return createHash('sha1')
    .update(key?.content.subarray(1) ?? Buffer.of())
    .digest();
}
