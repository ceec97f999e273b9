import { createPrivateKey } from 'node:crypto';
import type { KeyAlgorithm } from '../../pki/contract';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';

// The longer RSA keys take seconds to make.
const sizes: readonly (readonly [KeyAlgorithm, unknown])[] = [
  ['EC_prime256v1', 'prime256v1'],
  ['EC_secp384r1', 'secp384r1'],
  ['RSA_2048', 2048],
];

test.each(sizes)('%s makes a key of that size', async (algorithm, size) => {
  const { asymmetricKeyDetails: details } = await generatePrivateKey(algorithm);
  expect(details?.namedCurve ?? details?.modulusLength).toBe(size);
});

test('a private key is written as unencrypted PKCS#8', async () => {
  const key = await generatePrivateKey('EC_prime256v1');
  const pem = privateKeyPem(key);
  expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
  expect(createPrivateKey(pem).equals(key)).toBe(true);
});
