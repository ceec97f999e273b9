import { generateKeyPair, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { AlgorithmIdentifier } from '@peculiar/asn1-x509';

/** The key algorithms that ACM PCA and ACM share. https://docs.aws.amazon.com/privateca/latest/APIReference/API_CertificateAuthorityConfiguration.html */
export const KEY_ALGORITHMS = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/** The signing algorithms of ACM PCA. https://docs.aws.amazon.com/privateca/latest/APIReference/API_IssueCertificate.html */
export const SIGNING_ALGORITHMS = [
  'SHA256WITHECDSA',
  'SHA384WITHECDSA',
  'SHA512WITHECDSA',
  'SHA256WITHRSA',
  'SHA384WITHRSA',
  'SHA512WITHRSA',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** RFC 5758, section 3.2 (ECDSA), and RFC 4055, section 5 (RSA). */
const OBJECT_IDENTIFIERS: Readonly<Record<SigningAlgorithm, string>> = {
  SHA256WITHECDSA: '1.2.840.10045.4.3.2',
  SHA384WITHECDSA: '1.2.840.10045.4.3.3',
  SHA512WITHECDSA: '1.2.840.10045.4.3.4',
  SHA256WITHRSA: '1.2.840.113549.1.1.11',
  SHA384WITHRSA: '1.2.840.113549.1.1.12',
  SHA512WITHRSA: '1.2.840.113549.1.1.13',
};

const generate = promisify(generateKeyPair);

export async function generatePrivateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  const [family, parameter = ''] = algorithm.split('_');
  const { privateKey } =
    family === 'EC'
      ? await generate('ec', { namedCurve: parameter })
      : await generate('rsa', { modulusLength: Number(parameter) });
  return privateKey;
}

/** Whether the algorithm and the key are of the same family. */
export function signatureSuits(algorithm: SigningAlgorithm, key: KeyObject): boolean {
  return (isRsa(algorithm) ? 'rsa' : 'ec') === key.asymmetricKeyType;
}

export function signBytes(algorithm: SigningAlgorithm, data: Uint8Array, key: KeyObject): Buffer {
  return sign(hashOf(algorithm), data, key);
}

export function verifyBytes(
  algorithm: SigningAlgorithm,
  data: Uint8Array,
  key: KeyObject,
  signature: Uint8Array,
): boolean {
  return signatureSuits(algorithm, key) && verify(hashOf(algorithm), data, key, signature);
}

/** The algorithm of an object identifier, or undefined for all others, such as SHA-1. */
export function signingAlgorithmOf(oid: string): SigningAlgorithm | undefined {
  return SIGNING_ALGORITHMS.find((algorithm) => OBJECT_IDENTIFIERS[algorithm] === oid);
}

/** The X.509 form of the algorithm. RSA has NULL parameters, and ECDSA has none. */
export function algorithmIdentifier(algorithm: SigningAlgorithm): AlgorithmIdentifier {
  return new AlgorithmIdentifier({
    algorithm: OBJECT_IDENTIFIERS[algorithm],
    ...(isRsa(algorithm) && { parameters: null }),
  });
}

function isRsa(algorithm: SigningAlgorithm): boolean {
  return algorithm.endsWith('WITHRSA');
}

function hashOf(algorithm: SigningAlgorithm): string {
  return algorithm.slice(0, 'SHA256'.length);
}
