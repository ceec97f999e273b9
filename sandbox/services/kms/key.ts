import {
  constants,
  createCipheriv,
  createDecipheriv,
  createHash,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { AwsError, type PolicyDocument } from '../../endpoint/api';

/** https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
export const KEY_SPECS = [
  'SYMMETRIC_DEFAULT',
  'RSA_2048',
  'RSA_3072',
  'RSA_4096',
  'ECC_NIST_P256',
  'ECC_NIST_P384',
  'ECC_NIST_P521',
  'ECC_SECG_P256K1',
] as const;
type KeySpec = (typeof KEY_SPECS)[number];

export const KEY_USAGES = ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'] as const;
export type KeyUsage = (typeof KEY_USAGES)[number];

/** The settings that an update of the template can change. */
export interface KeySettings {
  description: string;
  isEnabled: boolean;
  policy: PolicyDocument;
}

export interface KeyIdentity {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly createdAt: Date;
}

const CURVES: Readonly<Record<string, string>> = {
  ECC_NIST_P256: 'P-256',
  ECC_NIST_P384: 'P-384',
  ECC_NIST_P521: 'P-521',
  ECC_SECG_P256K1: 'secp256k1',
};

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The bytes of a UUID. */
const ID_BYTES = 16;

/** A KMS key with its key material. A ciphertext starts with the ID of its key, so a decryption finds it. */
export class Key {
  readonly secret = randomBytes(32);
  private pair: { readonly privateKey: KeyObject; readonly publicKey: KeyObject } | undefined;
  /** Absent unless the key is to be deleted. */
  deletionDate?: Date;

  constructor(
    readonly identity: KeyIdentity,
    readonly settings: KeySettings,
  ) {}

  get state(): 'Enabled' | 'Disabled' | 'PendingDeletion' {
    if (this.deletionDate !== undefined) return 'PendingDeletion';
    return this.settings.isEnabled ? 'Enabled' : 'Disabled';
  }

  encrypt(plaintext: Buffer, context: Readonly<Record<string, string>>): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.secret, iv).setAAD(contextBytes(context));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([Buffer.from(this.identity.id.replaceAll('-', ''), 'hex'), iv, cipher.getAuthTag(), body]);
  }

  /** @throws AwsError unless this key encrypted it with the same context */
  decrypt(ciphertext: Buffer, context: Readonly<Record<string, string>>): Buffer {
    const parts = ciphertext.subarray(ID_BYTES);
    const tag = parts.subarray(IV_BYTES, IV_BYTES + TAG_BYTES);
    if (tag.length < TAG_BYTES) throw invalidCiphertext();
    const decipher = createDecipheriv('aes-256-gcm', this.secret, parts.subarray(0, IV_BYTES))
      .setAAD(contextBytes(context))
      .setAuthTag(tag);
    try {
      return Buffer.concat([decipher.update(parts.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    } catch {
      throw invalidCiphertext();
    }
  }

  /** In DER. */
  get publicKey(): Buffer {
    return this.keyPair.publicKey.export({ type: 'spki', format: 'der' });
  }

  /** @param message the digest for the message type `DIGEST` is refused, because Node.js hashes by itself */
  sign(message: Buffer, algorithm: string): Buffer {
    return sign(hashOf(algorithm), message, { key: this.keyPair.privateKey, ...paddingOf(algorithm) });
  }

  verify(message: Buffer, algorithm: string, signature: Buffer): boolean {
    return verify(hashOf(algorithm), message, { key: this.keyPair.publicKey, ...paddingOf(algorithm) }, signature);
  }

  /** What the key signs with. https://docs.aws.amazon.com/kms/latest/developerguide/offline-public-key.html */
  get signingAlgorithms(): readonly string[] {
    const { spec, usage } = this.identity;
    if (usage !== 'SIGN_VERIFY') return [];
    if (spec.startsWith('RSA')) {
      return ['RSASSA_PSS', 'RSASSA_PKCS1_V1_5'].flatMap((kind) =>
        ['256', '384', '512'].map((size) => `${kind}_SHA_${size}`),
      );
    }
    return [`ECDSA_SHA_${{ ECC_NIST_P384: '384', ECC_NIST_P521: '512' }[spec as string] ?? '256'}`];
  }

  private get keyPair() {
    const { spec } = this.identity;
    this.pair ??= spec.startsWith('RSA')
      ? generateKeyPairSync('rsa', { modulusLength: Number(spec.slice(4)) })
      : generateKeyPairSync('ec', { namedCurve: CURVES[spec] ?? '' });
    return this.pair;
  }
}

/** The ID of the key in a ciphertext. Undefined if it is too short. */
export function keyIdIn(ciphertext: Buffer): string | undefined {
  if (ciphertext.length < ID_BYTES) return undefined;
  const hex = ciphertext.subarray(0, ID_BYTES).toString('hex');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

export function invalidCiphertext(): AwsError {
  return new AwsError('InvalidCiphertextException', 'the ciphertext is not one of this key and encryption context');
}

/** The same bytes for the same pairs, in whatever order they are given. */
function contextBytes(context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(pairs)).digest();
}

function hashOf(algorithm: string): string {
  return `sha${algorithm.slice(-3)}`;
}

function paddingOf(algorithm: string): object {
  if (!algorithm.startsWith('RSASSA_PSS')) return {};
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };
}
