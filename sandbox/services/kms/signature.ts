import {
  constants,
  createECDH,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  publicDecrypt,
  randomBytes,
} from 'node:crypto';

/**
 * Signatures of digests, which Node.js doesn't make: it takes messages only and hashes them. The arithmetic of ECDSA
 * isn't in constant time, which is good enough for keys that never leave a sandbox.
 */

export const SIGNING_ALGORITHMS = [
  'RSASSA_PSS_SHA_256',
  'RSASSA_PSS_SHA_384',
  'RSASSA_PSS_SHA_512',
  'RSASSA_PKCS1_V1_5_SHA_256',
  'RSASSA_PKCS1_V1_5_SHA_384',
  'RSASSA_PKCS1_V1_5_SHA_512',
  'ECDSA_SHA_256',
  'ECDSA_SHA_384',
  'ECDSA_SHA_512',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

export type SigningKeySpec = `RSA_${'2048' | '3072' | '4096'}` | keyof typeof CURVES;

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** The orders of the groups: FIPS 186-5, appendix D, and SEC 2, section 2.4.1. */
const CURVES = {
  ECC_NIST_P256: {
    name: 'prime256v1',
    order: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
    algorithm: 'ECDSA_SHA_256',
  },
  ECC_NIST_P384: {
    name: 'secp384r1',
    order: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
    algorithm: 'ECDSA_SHA_384',
  },
  ECC_NIST_P521: {
    name: 'secp521r1',
    order:
      0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    algorithm: 'ECDSA_SHA_512',
  },
  ECC_SECG_P256K1: {
    name: 'secp256k1',
    order: 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n,
    algorithm: 'ECDSA_SHA_256',
  },
} as const;
type Curve = (typeof CURVES)[keyof typeof CURVES];

/** https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
export function signingAlgorithmsOf(spec: SigningKeySpec): readonly SigningAlgorithm[] {
  const curve = curveOf(spec);
  return curve === undefined ? SIGNING_ALGORITHMS.filter((one) => one.startsWith('RSASSA')) : [curve.algorithm];
}

export function generateSigningKey(spec: SigningKeySpec): KeyPair {
  const curve = curveOf(spec);
  return curve === undefined
    ? generateKeyPairSync('rsa', { modulusLength: Number(spec.slice('RSA_'.length)) })
    : generateKeyPairSync('ec', { namedCurve: curve.name });
}

/** The hash that the algorithm ends with, such as `sha256`. */
export function hashOf(algorithm: SigningAlgorithm): string {
  return `sha${algorithm.slice(-3)}`;
}

/** In bytes. */
export function digestLength(algorithm: SigningAlgorithm): number {
  return Number(algorithm.slice(-3)) / 8;
}

/** @returns for ECDSA, the DER of `Ecdsa-Sig-Value` (RFC 3279, section 2.2.3) */
export function signDigest(
  digest: Buffer,
  { spec, pair, algorithm }: { spec: SigningKeySpec; pair: KeyPair; algorithm: SigningAlgorithm },
): Buffer {
  const curve = curveOf(spec);
  if (curve !== undefined) return signEcdsa(digest, pair.privateKey, curve);
  if (algorithm.startsWith('RSASSA_PKCS1')) return signPkcs1(digest, pair.privateKey);
  const encoded = encodePss(digest, randomBytes(digest.length), { hash: hashOf(algorithm), length: lengthOf(pair) });
  return privateEncrypt({ key: pair.privateKey, padding: constants.RSA_NO_PADDING }, encoded);
}

export function verifyDigest(
  digest: Buffer,
  signature: Buffer,
  { spec, pair, algorithm }: { spec: SigningKeySpec; pair: KeyPair; algorithm: SigningAlgorithm },
): boolean {
  const curve = curveOf(spec);
  if (curve !== undefined) return verifyEcdsa(digest, signature, pair.privateKey, curve);
  // The same digest always has the same signature.
  if (algorithm.startsWith('RSASSA_PKCS1')) return signPkcs1(digest, pair.privateKey).equals(signature);
  return verifyPss(digest, signature, pair, hashOf(algorithm));
}

function curveOf(spec: SigningKeySpec): Curve | undefined {
  return spec in CURVES ? CURVES[spec as keyof typeof CURVES] : undefined;
}

/** FIPS 186-5, section 6.4.1. */
function signEcdsa(digest: Buffer, privateKey: KeyObject, { name, order }: Curve): Buffer {
  const nonce = createECDH(name);
  const r = abscissaOf(nonce.generateKeys()) % order;
  const sum = integerOf(digest) + r * secretOf(privateKey);
  const s = (inverse(integerOf(nonce.getPrivateKey()), order) * sum) % order;
  return sequence([r, s]);
}

/**
 * FIPS 186-5, section 6.4.2. Knowing the private key `d`, the point `uG + vQ` is `(u + vd)G`, which needs no addition
 * of points.
 */
function verifyEcdsa(digest: Buffer, signature: Buffer, privateKey: KeyObject, { name, order }: Curve): boolean {
  const [r, s] = readSequence(signature) ?? [0n, 0n];
  if (r <= 0n || s <= 0n || r >= order || s >= order) return false;
  const factor = (inverse(s, order) * (integerOf(digest) + r * secretOf(privateKey))) % order;
  if (factor === 0n) return false;
  const point = createECDH(name);
  point.setPrivateKey(bytesOf(factor));
  return abscissaOf(point.getPublicKey()) % order === r;
}

/** What is before the digest in `DigestInfo`, by the length of the digest (RFC 8017, section 9.2, note 1). */
const DIGEST_INFO: Readonly<Record<number, string>> = {
  32: '3031300d060960864801650304020105000420',
  48: '3041300d060960864801650304020205000430',
  64: '3051300d060960864801650304020305000440',
};

function signPkcs1(digest: Buffer, privateKey: KeyObject): Buffer {
  const prefix = Buffer.from(DIGEST_INFO[digest.length] ?? '', 'hex');
  return privateEncrypt({ key: privateKey, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([prefix, digest]));
}

/**
 * EMSA-PSS (RFC 8017, section 9.1.1), with a salt as long as the digest, for a modulus of whole bytes.
 * @param length of the modulus, in bytes
 */
function encodePss(digest: Buffer, salt: Buffer, { hash, length }: { hash: string; length: number }): Buffer {
  const h = createHash(hash).update(Buffer.alloc(8)).update(digest).update(salt).digest();
  const data = Buffer.alloc(length - h.length - 1);
  data.writeUInt8(1, data.length - salt.length - 1);
  salt.copy(data, data.length - salt.length);
  return Buffer.concat([masked(data, h, hash), h, Buffer.from([0xbc])]);
}

function verifyPss(digest: Buffer, signature: Buffer, pair: KeyPair, hash: string): boolean {
  const length = lengthOf(pair);
  if (signature.length !== length) return false;
  let encoded: Buffer;
  try {
    encoded = publicDecrypt({ key: pair.publicKey, padding: constants.RSA_NO_PADDING }, signature);
  } catch {
    return false;
  }
  const end = length - digest.length - 1;
  const data = masked(encoded.subarray(0, end), encoded.subarray(end, -1), hash);
  return encodePss(digest, data.subarray(-digest.length), { hash, length }).equals(encoded);
}

/** Combines the data with MGF1 of the seed (RFC 8017, appendix B.2.1), and clears the bit that is above the modulus. */
function masked(data: Buffer, seed: Buffer, hash: string): Buffer {
  const blocks = Array.from({ length: Math.ceil(data.length / seed.length) }, (_, i) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(i);
    return createHash(hash).update(seed).update(counter).digest();
  });
  const mask = Buffer.concat(blocks);
  const result = Buffer.from(data.map((byte, i) => byte ^ mask.readUInt8(i)));
  result.writeUInt8(result.readUInt8(0) & 0x7f, 0);
  return result;
}

/** Of the modulus, in bytes. */
function lengthOf({ publicKey }: KeyPair): number {
  return (publicKey.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
}

function secretOf(privateKey: KeyObject): bigint {
  return integerOf(Buffer.from(privateKey.export({ format: 'jwk' }).d ?? '', 'base64url'));
}

/** The first coordinate of an uncompressed point. */
function abscissaOf(point: Buffer): bigint {
  return integerOf(point.subarray(1, (point.length + 1) / 2));
}

/** The inverse modulo a prime, by the extended Euclidean algorithm. */
function inverse(value: bigint, prime: bigint): bigint {
  let [r, next, t, nextT] = [prime, value % prime, 0n, 1n];
  while (next !== 0n) {
    const quotient = r / next;
    [r, next] = [next, r - quotient * next];
    [t, nextT] = [nextT, t - quotient * nextT];
  }
  return t < 0n ? t + prime : t;
}

function integerOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

function bytesOf(integer: bigint): Buffer {
  const hex = integer.toString(16);
  return Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
}

/** DER of a SEQUENCE of positive INTEGERs. */
function sequence(integers: readonly bigint[]): Buffer {
  const content = integers.map((integer) => {
    const bytes = bytesOf(integer);
    const sign = bytes.readUInt8(0) >= 0x80 ? [0] : [];
    return Buffer.concat([Buffer.from([2, bytes.length + sign.length, ...sign]), bytes]);
  });
  const length = Buffer.concat(content).length;
  return Buffer.concat([Buffer.from(length < 0x80 ? [0x30, length] : [0x30, 0x81, length]), ...content]);
}

/** Undefined unless it is the DER of two positive INTEGERs. */
function readSequence(der: Buffer): readonly [bigint, bigint] | undefined {
  const hex = der.toString('hex');
  const start = der[1] === 0x81 ? 3 : 2;
  const end = start + 2 + (der[start + 1] ?? 0);
  const integers: [bigint, bigint] = [0n, 0n];
  for (const [i, from] of [start, end].entries()) {
    const length = der[from + 1] ?? 0;
    const bytes = der.subarray(from + 2, from + 2 + length);
    if (bytes.length === 0) return undefined;
    integers[i] = integerOf(bytes);
  }
  // Only one encoding is the right one.
  return sequence(integers).toString('hex') === hex ? integers : undefined;
}
