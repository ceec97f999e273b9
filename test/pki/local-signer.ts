import { constants, createECDH, createPublicKey, type KeyObject, privateEncrypt, randomBytes } from 'node:crypto';
import { der, derInteger, derObjectIdentifier, Tag } from '../../pki/der';
import { generatePrivateKey, type KeyAlgorithm } from '../../pki/keys';
import type { SigningAlgorithm } from '../../pki/signature';
import type { Signer } from '../../pki/signer';

/** Signs digests in memory, as a key management service does. Node.js itself signs only what it has hashed. */
export class LocalSigner implements Signer {
  readonly publicKey: KeyObject;

  constructor(
    private readonly privateKey: KeyObject,
    readonly signingAlgorithm: SigningAlgorithm,
  ) {
    this.publicKey = createPublicKey(privateKey);
  }

  async sign(digest: Uint8Array): Promise<Uint8Array> {
    return this.publicKey.asymmetricKeyType === 'rsa'
      ? signRsa(digest, this.privateKey)
      : signEcdsa(digest, this.privateKey);
  }
}

/** A new key with the algorithm that an authority signs with by default. */
export async function createSigner(keyAlgorithm: KeyAlgorithm = 'EC_prime256v1'): Promise<LocalSigner> {
  return new LocalSigner(await generatePrivateKey(keyAlgorithm), signingAlgorithmOf(keyAlgorithm));
}

function signingAlgorithmOf(keyAlgorithm: KeyAlgorithm): SigningAlgorithm {
  if (keyAlgorithm.startsWith('RSA')) return 'SHA256WITHRSA';
  return keyAlgorithm === 'EC_secp384r1' ? 'SHA384WITHECDSA' : 'SHA256WITHECDSA';
}

/** Octets of a digest, and the object identifier of its hash. */
const HASHES: Readonly<Record<number, string>> = {
  32: '2.16.840.1.101.3.4.2.1',
  48: '2.16.840.1.101.3.4.2.2',
  64: '2.16.840.1.101.3.4.2.3',
};

/** RSASSA-PKCS1-v1_5 with the DigestInfo of the digest (RFC 8017, section 9.2). */
function signRsa(digest: Uint8Array, key: KeyObject): Buffer {
  const algorithm = der(Tag.sequence, derObjectIdentifier(HASHES[digest.length] ?? ''), der(Tag.null));
  const digestInfo = der(Tag.sequence, algorithm, der(Tag.octetString, digest));
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, digestInfo);
}

/** The order of the group: FIPS 186-4, appendix D.1.2. */
const ORDERS: Readonly<Record<string, bigint>> = {
  prime256v1: 0xffffffff_00000000_ffffffff_ffffffff_bce6faad_a7179e84_f3b9cac2_fc632551n,
  secp384r1:
    0xffffffff_ffffffff_ffffffff_ffffffff_ffffffff_ffffffff_c7634d81_f4372ddf_581a0db2_48b0a77a_ecec196a_ccc52973n,
};

/** FIPS 186-4, section 6.4. */
function signEcdsa(digest: Uint8Array, key: KeyObject): Buffer {
  const curve = key.asymmetricKeyDetails?.namedCurve ?? '';
  const order = ORDERS[curve];
  if (order === undefined) throw new TypeError(`cannot sign on ${curve}`);
  const octets = order.toString(16).length / 2;
  const { d = '' } = key.export({ format: 'jwk' });
  const secret = (integer(randomBytes(octets)) % (order - 1n)) + 1n;
  // A Diffie-Hellman key of the secret is the point that the signature needs.
  const ecdh = createECDH(curve);
  ecdh.setPrivateKey(Buffer.from(secret.toString(16).padStart(octets * 2, '0'), 'hex'));
  const r = integer(ecdh.getPublicKey().subarray(1, 1 + octets)) % order;
  const z = integer(digest.subarray(0, octets));
  const s = (inverse(secret, order) * (z + r * integer(Buffer.from(d, 'base64url')))) % order;
  return der(Tag.sequence, derInteger(r), derInteger(s));
}

function integer(octets: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(octets).toString('hex')}`);
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b, x, y] = [value, modulus, 1n, 0n];
  while (b > 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a % b, y, x - quotient * y];
  }
  return ((x % modulus) + modulus) % modulus;
}
