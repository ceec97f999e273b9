import { type KeyObject, sign, verify } from 'node:crypto';
import { der, derObjectIdentifier, Tag } from './der';

/**
 * Algorithms that a certificate authority signs with. The family (RSA or ECDSA) must match the authority's key.
 */
export const SIGNING_ALGORITHMS = [
  'SHA256WITHECDSA',
  'SHA384WITHECDSA',
  'SHA512WITHECDSA',
  'SHA256WITHRSA',
  'SHA384WITHRSA',
  'SHA512WITHRSA',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

interface SignatureScheme {
  readonly oid: string;
  readonly hash: 'sha256' | 'sha384' | 'sha512';
  readonly keyType: 'ec' | 'rsa';
}

/** RFC 5758, section 3.2 (ECDSA), and RFC 4055, section 5 (RSA). */
export const SIGNATURE_SCHEMES: Readonly<Record<SigningAlgorithm, SignatureScheme>> = {
  SHA256WITHECDSA: { oid: '1.2.840.10045.4.3.2', hash: 'sha256', keyType: 'ec' },
  SHA384WITHECDSA: { oid: '1.2.840.10045.4.3.3', hash: 'sha384', keyType: 'ec' },
  SHA512WITHECDSA: { oid: '1.2.840.10045.4.3.4', hash: 'sha512', keyType: 'ec' },
  SHA256WITHRSA: { oid: '1.2.840.113549.1.1.11', hash: 'sha256', keyType: 'rsa' },
  SHA384WITHRSA: { oid: '1.2.840.113549.1.1.12', hash: 'sha384', keyType: 'rsa' },
  SHA512WITHRSA: { oid: '1.2.840.113549.1.1.13', hash: 'sha512', keyType: 'rsa' },
};

/** Whether the key is of the algorithm's family, RSA or ECDSA. */
export function signatureSuits(algorithm: SigningAlgorithm, key: KeyObject): boolean {
  return SIGNATURE_SCHEMES[algorithm].keyType === key.asymmetricKeyType;
}

/** The algorithm with the object identifier. Undefined for any other, such as SHA-1 and MD5. */
export function signatureAlgorithmOf(oid: string): SigningAlgorithm | undefined {
  return SIGNING_ALGORITHMS.find((algorithm) => SIGNATURE_SCHEMES[algorithm].oid === oid);
}

/** DER of the algorithm's X.509 form: RSA has NULL parameters (RFC 4055, section 5), ECDSA has none (RFC 5758, section 3.2). */
export function signatureAlgorithmIdentifier(algorithm: SigningAlgorithm): Buffer {
  const { oid, keyType } = SIGNATURE_SCHEMES[algorithm];
  return der(Tag.sequence, derObjectIdentifier(oid), keyType === 'rsa' ? der(Tag.null) : Buffer.of());
}

export function signBytes(algorithm: SigningAlgorithm, data: Uint8Array, key: KeyObject): Buffer {
  return sign(SIGNATURE_SCHEMES[algorithm].hash, data, key);
}

export function verifyBytes(
  algorithm: SigningAlgorithm,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  return signatureSuits(algorithm, key) && verify(SIGNATURE_SCHEMES[algorithm].hash, data, key, signature);
}
