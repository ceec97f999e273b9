import { createHash, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

/** Key algorithms of certificates: `EC_<curve>` with the curve's OpenSSL name, or `RSA_<bits>`. */
export const KEY_ALGORITHMS = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

const generate = promisify(generateKeyPair);

export async function generatePrivateKey(algorithm: KeyAlgorithm): Promise<KeyObject> {
  const pair = await generatePair(algorithm);
  return pair.privateKey;
}

function generatePair(algorithm: KeyAlgorithm): Promise<{ privateKey: KeyObject }> {
  switch (algorithm) {
    case 'EC_prime256v1':
      return generate('ec', { namedCurve: 'prime256v1' });
    case 'EC_secp384r1':
      return generate('ec', { namedCurve: 'secp384r1' });
    case 'RSA_2048':
      return generate('rsa', { modulusLength: 2048 });
    case 'RSA_3072':
      return generate('rsa', { modulusLength: 3072 });
    case 'RSA_4096':
      return generate('rsa', { modulusLength: 4096 });
  }
}

/** The algorithm of a key. Undefined for any type, size, or exponent that `generatePrivateKey` does not produce. */
export function keyAlgorithmOf({ asymmetricKeyType, asymmetricKeyDetails = {} }: KeyObject): KeyAlgorithm | undefined {
  const { namedCurve, modulusLength, publicExponent } = asymmetricKeyDetails;
  const name =
    asymmetricKeyType === 'ec'
      ? `EC_${namedCurve}`
      : asymmetricKeyType === 'rsa' && publicExponent === 65_537n && `RSA_${modulusLength}`;
  return KEY_ALGORITHMS.find((algorithm) => algorithm === name);
}

/**
 * SHA-256 of an EC or RSA public key, base64url: the JWK thumbprint of RFC 7638. Unlike a hash of the DER encoding, it is the
 * same for every encoding of the key, such as a compressed point.
 */
export function publicKeyHash(publicKey: KeyObject): string {
  const { crv, e, kty, n, x, y } = publicKey.export({ format: 'jwk' });
  // The members that RFC 7638 requires, in lexicographic order.
  const members = kty === 'RSA' ? { e, kty, n } : { crv, kty, x, y };
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url');
}

/** PKCS#8, PEM, unencrypted. */
export function privateKeyPem(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}
