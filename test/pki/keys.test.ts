import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import type { KeyAlgorithm } from '../../pki/keys';
import { generatePrivateKey, keyAlgorithmOf, privateKeyPem } from '../../pki/keys';

// The longer RSA keys take seconds to make, so one test makes them.
const sizes: readonly (readonly [KeyAlgorithm, unknown])[] = [
  ['EC_prime256v1', 'prime256v1'],
  ['EC_secp384r1', 'secp384r1'],
  ['RSA_2048', 2048],
];

test.each([...sizes, ['RSA_3072', 3072] as const, ['RSA_4096', 4096] as const])(
  '%s makes a key of that size',
  async (algorithm, size) => {
    const { asymmetricKeyDetails: details } = await generatePrivateKey(algorithm);
    expect(details?.namedCurve ?? details?.modulusLength).toBe(size);
  },
);

test('a private key is written as unencrypted PKCS#8', async () => {
  const key = await generatePrivateKey('EC_prime256v1');
  const pem = privateKeyPem(key);
  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(createPrivateKey(pem).equals(key)).toBe(true);
});

test.each(sizes)('a key of %s is known for one, whichever half it is', async (algorithm) => {
  const privateKey = await generatePrivateKey(algorithm);
  expect(keyAlgorithmOf(privateKey)).toBe(algorithm);
  expect(keyAlgorithmOf(createPublicKey(privateKey))).toBe(algorithm);
});

test.each([
  ['a curve of another size', () => generateKeyPairSync('ec', { namedCurve: 'secp521r1' })],
  ['another curve of that size', () => generateKeyPairSync('ec', { namedCurve: 'secp256k1' })],
  ['a short RSA key', () => generateKeyPairSync('rsa', { modulusLength: 1024 })],
  ['a small RSA exponent', () => generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 })],
  ['RSA-PSS', () => generateKeyPairSync('rsa-pss', { modulusLength: 2048 })],
  ['Ed25519', () => generateKeyPairSync('ed25519')],
])('%s is none of the algorithms', (_name, generate) => {
  expect(keyAlgorithmOf(generate().publicKey)).toBeUndefined();
});
