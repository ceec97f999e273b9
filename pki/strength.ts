/** Whether a certificate's key and signature are strong enough, without an ASN.1 library. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readElement, Tag } from './der';

/** Bits. */
const SHORTEST_RSA_KEY = 2048;
/** With an exponent of 1, everyone can sign. */
const SMALLEST_RSA_EXPONENT = 3n;
/** The curves P-256, P-384, and P-521, by their OpenSSL names. */
const CURVES = ['prime256v1', 'secp384r1', 'secp521r1'];
/** For messages. */
export const STRONG_KEYS = 'RSA of 2048 bits or more, and ECDSA on P-256, P-384, or P-521';

/**
 * The first reason why the certificate is weak, as the rest of a sentence. Undefined for RSA of 2048 bits or more or ECDSA on
 * a NIST curve of 256 bits or more, signed with SHA-256 or a stronger hash.
 */
export function weaknessOf(certificate: X509Certificate): string | undefined {
  return keyWeakness(publicKeyOf(certificate)) ?? signatureWeakness(certificate.raw);
}

/** Undefined for a key that OpenSSL can't read. */
function publicKeyOf(certificate: X509Certificate): KeyObject | undefined {
  try {
    return certificate.publicKey;
  } catch {
    return undefined;
  }
}

/** As `weaknessOf`, for a key. A key that is undefined can't be read. */
export function keyWeakness(key: KeyObject | undefined): string | undefined {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key ?? {};
  if (type === 'rsa') {
    const { modulusLength = 0, publicExponent = 0n } = details ?? {};
    if (modulusLength < SHORTEST_RSA_KEY) return `has an RSA key of ${modulusLength} bits`;
    return publicExponent < SMALLEST_RSA_EXPONENT ? `has an RSA key with the exponent ${publicExponent}` : undefined;
  }
  if (type === 'ec') {
    const curve = details?.namedCurve ?? '';
    return CURVES.includes(curve) ? undefined : `has an ECDSA key on ${curve || 'a curve without a name'}`;
  }
  return `has a key of type ${type ?? 'unknown'}`;
}

/** The content octets of accepted object identifiers, hexadecimal. */
const SHA_2_WITH_ECDSA = ['2a8648ce3d040302', '2a8648ce3d040303', '2a8648ce3d040304'];
const SHA_2_WITH_RSA = ['2a864886f70d01010b', '2a864886f70d01010c', '2a864886f70d01010d'];
const RSASSA_PSS = '2a864886f70d01010a';
const SHA_2 = ['608648016503040201', '608648016503040202', '608648016503040203'];

/**
 * As `weaknessOf`, for the signature of a certificate. Reads its `signatureAlgorithm` (RFC 5280, section 4.1), for which
 * Node.js 20 has no property.
 */
export function signatureWeakness(der: Uint8Array): string | undefined {
  const certificate = readElement(der, Tag.sequence);
  const tbsCertificate = certificate && readElement(certificate.content, Tag.sequence);
  const algorithm = tbsCertificate && readElement(tbsCertificate.rest, Tag.sequence);
  const identifier = algorithm && readElement(algorithm.content, Tag.objectIdentifier);
  if (!identifier) return 'has a signature algorithm that cannot be read';

  const oid = hexadecimal(identifier.content);
  if (SHA_2_WITH_ECDSA.includes(oid) || SHA_2_WITH_RSA.includes(oid)) return undefined;
  if (oid === RSASSA_PSS && SHA_2.includes(pssHash(identifier.rest) ?? '')) return undefined;
  return 'is not signed with RSA or ECDSA and SHA-256, SHA-384, or SHA-512';
}

/** The OID of the hash in RSASSA-PSS-params (RFC 4055, section 3.1). Undefined for the default, which is SHA-1. */
function pssHash(parameters: Uint8Array): string | undefined {
  const sequence = readElement(parameters, Tag.sequence);
  const hashAlgorithm = sequence && readElement(sequence.content, Tag.context0);
  const algorithm = hashAlgorithm && readElement(hashAlgorithm.content, Tag.sequence);
  const identifier = algorithm && readElement(algorithm.content, Tag.objectIdentifier);
  return identifier && hexadecimal(identifier.content);
}

function hexadecimal(octets: Uint8Array): string {
  return Buffer.from(octets).toString('hex');
}
