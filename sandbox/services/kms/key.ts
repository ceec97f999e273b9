import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { AwsError, type PolicyDocument } from '../../endpoint/api';
import type { Tag } from '../shared/tags';
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
} from './signature';

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

/** What can change after the key is created. */
export interface KeySettings {
  description: string;
  isEnabled: boolean;
  policy: PolicyDocument;
  tags: readonly Tag[];
}

export interface KeyIdentity {
  readonly id: string;
  readonly arn: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly isMultiRegion: boolean;
  readonly createdAt: Date;
}

/** What a key signs, or verifies a signature of. */
export interface SignedMessage {
  readonly message: Buffer;
  /** Whether `message` is the message itself or its digest. */
  readonly type: 'RAW' | 'DIGEST';
  readonly algorithm: SigningAlgorithm;
}

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** The bytes of a UUID. */
const ID_BYTES = 16;

/** A KMS key with its key material. A ciphertext starts with the ID of its key, so a decryption finds it. */
export class Key {
  private readonly secret = randomBytes(32);
  private pair: KeyPair | undefined;
  /** Absent unless the key is to be deleted. */
  deletionDate: Date | undefined;

  constructor(
    readonly identity: KeyIdentity,
    readonly settings: KeySettings,
  ) {}

  /** https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html */
  get state(): 'Enabled' | 'Disabled' | 'PendingDeletion' {
    if (this.deletionDate !== undefined) return 'PendingDeletion';
    return this.settings.isEnabled ? 'Enabled' : 'Disabled';
  }

  encrypt(plaintext: Buffer, context: Readonly<Record<string, string>>): Buffer {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.secret, iv).setAAD(contextBytes(context));
    const body = Buffer.concat([cipher.update(plaintext), cipher.final()]);
    return Buffer.concat([this.ciphertextPrefix, iv, cipher.getAuthTag(), body]);
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

  /** Whether the ciphertext names this key. */
  isNamedIn(ciphertext: Buffer): boolean {
    return ciphertext.subarray(0, ID_BYTES).equals(this.ciphertextPrefix);
  }

  /** DER of `SubjectPublicKeyInfo`. */
  get publicKey(): Buffer {
    return this.keyPair.publicKey.export({ type: 'spki', format: 'der' });
  }

  /** @throws AwsError for a digest of the wrong length */
  sign(signed: SignedMessage): Buffer {
    return signDigest(digestOf(signed), { spec: this.signingSpec, pair: this.keyPair, algorithm: signed.algorithm });
  }

  /** @throws AwsError for a digest of the wrong length */
  verify(signed: SignedMessage, signature: Buffer): boolean {
    const { algorithm } = signed;
    return verifyDigest(digestOf(signed), signature, { spec: this.signingSpec, pair: this.keyPair, algorithm });
  }

  /** Empty for a key that doesn't sign. */
  get signingAlgorithms(): readonly SigningAlgorithm[] {
    return this.identity.usage === 'SIGN_VERIFY' ? signingAlgorithmsOf(this.signingSpec) : [];
  }

  private get signingSpec(): SigningKeySpec {
    return this.identity.spec as SigningKeySpec;
  }

  private get keyPair(): KeyPair {
    this.pair ??= generateSigningKey(this.signingSpec);
    return this.pair;
  }

  private get ciphertextPrefix(): Buffer {
    return Buffer.from(this.identity.id.replaceAll(/mrk|-/g, ''), 'hex');
  }
}

export function invalidCiphertext(): AwsError {
  return new AwsError('InvalidCiphertextException', 'the ciphertext is not one of this key and encryption context');
}

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-MessageType */
function digestOf({ message, type, algorithm }: SignedMessage): Buffer {
  if (type === 'RAW') return createHash(hashOf(algorithm)).update(message).digest();
  if (message.length !== digestLength(algorithm)) {
    throw new AwsError('ValidationException', `Digest is invalid length for algorithm ${algorithm}.`);
  }
  return message;
}

/** The same bytes for the same pairs, in whatever order they are given. */
function contextBytes(context: Readonly<Record<string, string>>): Buffer {
  const pairs = Object.entries(context).sort(([one], [other]) => (one < other ? -1 : 1));
  return createHash('sha256').update(JSON.stringify(pairs)).digest();
}
