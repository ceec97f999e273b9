import { createPublicKey } from 'node:crypto';
import { generatePrivateKey } from '../../pki/keys';
import { SIGNING_ALGORITHMS, signatureAlgorithmOf, signBytes, verifyBytes } from '../../pki/signature';

const data = Buffer.from('signed');

test('a signature verifies by the algorithm and the key that made it, and by no other', async () => {
  const [key, other] = await Promise.all([generatePrivateKey('EC_prime256v1'), generatePrivateKey('EC_prime256v1')]);
  const signature = signBytes('SHA256WITHECDSA', data, key);
  const verified = SIGNING_ALGORITHMS.filter((algorithm) =>
    verifyBytes(algorithm, data, createPublicKey(key), signature),
  );
  expect(verified).toEqual(['SHA256WITHECDSA']);
  expect(verifyBytes('SHA256WITHECDSA', data, createPublicKey(other), signature)).toBe(false);
  expect(verifyBytes('SHA256WITHECDSA', Buffer.from('forged'), createPublicKey(key), signature)).toBe(false);
});

test.each([
  ['1.2.840.10045.4.3.2', 'SHA256WITHECDSA'],
  ['1.2.840.113549.1.1.13', 'SHA512WITHRSA'],
  ['1.2.840.113549.1.1.5', undefined],
  ['1.2.840.113549.1.1.4', undefined],
])('%s is %s', (oid, algorithm) => {
  expect(signatureAlgorithmOf(oid)).toBe(algorithm);
});
