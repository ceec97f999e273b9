import { constants, createHash, sign, verify } from 'node:crypto';
import {
  digestLength,
  generateSigningKey,
  hashOf,
  type KeyPair,
  type SigningAlgorithm,
  type SigningKeySpec,
  signDigest,
  signingAlgorithmsOf,
  verifyDigest,
} from '../../../../sandbox/services/kms/signature';

const SPECS = ['ECC_NIST_P256', 'ECC_NIST_P384', 'ECC_NIST_P521', 'ECC_SECG_P256K1', 'RSA_2048'] as const;
const pairs = new Map<SigningKeySpec, KeyPair>(SPECS.map((spec) => [spec, generateSigningKey(spec)]));
const cases = SPECS.flatMap((spec) => signingAlgorithmsOf(spec).map((algorithm) => [spec, algorithm] as const));

const MESSAGE = Buffer.from('to be signed');

function keyFor(spec: SigningKeySpec, algorithm: SigningAlgorithm) {
  const pair = pairs.get(spec);
  if (pair === undefined) throw new Error(`there is no key of ${spec}`);
  const padding = algorithm.startsWith('RSASSA_PSS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: digestLength(algorithm) }
    : {};
  const digest = createHash(hashOf(algorithm)).update(MESSAGE).digest();
  return { pair, padding, digest, key: { spec, pair, algorithm } };
}

test.each(cases)('OpenSSL takes the signatures of %s with %s', (spec, algorithm) => {
  const { pair, padding, digest, key } = keyFor(spec, algorithm);
  // Numbers that begin with zeros have shorter encodings, in one of 256 cases each.
  for (let i = 0; i < (spec.startsWith('ECC') ? 300 : 3); i += 1) {
    const signature = signDigest(digest, key);
    expect(verify(hashOf(algorithm), MESSAGE, { key: pair.publicKey, ...padding }, signature)).toBe(true);
  }
});

test.each(cases)('the signatures of OpenSSL with %s and %s verify, and altered ones do not', (spec, algorithm) => {
  const { pair, padding, digest, key } = keyFor(spec, algorithm);
  for (let i = 0; i < 20; i += 1) {
    const signature = sign(hashOf(algorithm), MESSAGE, { key: pair.privateKey, ...padding });
    expect(verifyDigest(digest, signature, key)).toBe(true);
    const altered = Buffer.from(signature);
    const at = (i * 31) % altered.length;
    altered.writeUInt8(altered.readUInt8(at) ^ 1, at);
    expect(verifyDigest(digest, altered, key)).toBe(false);
  }
  const signature = signDigest(digest, key);
  const otherDigest = createHash(hashOf(algorithm)).update('another message').digest();
  expect(verifyDigest(otherDigest, signature, key)).toBe(false);
  for (const bad of [
    Buffer.alloc(0),
    Buffer.from([0x30]),
    signature.subarray(1),
    signature.subarray(0, -1),
    Buffer.concat([signature, Buffer.alloc(1)]),
    Buffer.alloc(signature.length, 0xff),
    Buffer.from('3006020100020100', 'hex'),
    Buffer.from('3006020101020101', 'hex'),
  ]) {
    expect(verifyDigest(digest, bad, key)).toBe(false);
  }
});

test('a signature with a number beyond the order of the curve is refused', () => {
  const { digest, key } = keyFor('ECC_NIST_P256', 'ECDSA_SHA_256');
  const order = 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551';
  expect(verifyDigest(digest, Buffer.from(`3026022100${order}020101`, 'hex'), key)).toBe(false);
  expect(verifyDigest(digest, Buffer.from(`3026020101022100${order}`, 'hex'), key)).toBe(false);
});
