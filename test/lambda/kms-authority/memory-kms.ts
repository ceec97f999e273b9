import type { KeyObject } from 'node:crypto';
import type { Kms } from '../../../aws/kms';
import type { KeyAlgorithm } from '../../../pki/keys';
import type { SigningAlgorithm } from '../../../pki/signature';
import { createSigner, type LocalSigner } from '../../pki/local-signer';

const KEY_ARN = 'arn:aws:kms:eu-central-1:111122223333:key/';

/** Asymmetric keys in memory, by their ARN. */
export class MemoryKms implements Pick<Kms, keyof Kms> {
  /** The ARNs of the keys that have signed, in order. */
  readonly signed: string[] = [];
  private readonly keys = new Map<string, LocalSigner>();

  /** @returns the key's ARN */
  async create(keyAlgorithm: KeyAlgorithm = 'EC_prime256v1'): Promise<string> {
    const id = String(this.keys.size + 1).padStart(12, '0');
    const arn = `${KEY_ARN}11111111-2222-4333-8444-${id}`;
    this.keys.set(arn, await createSigner(keyAlgorithm));
    return arn;
  }

  async publicKey(keyArn: string): Promise<KeyObject> {
    return this.keyOf(keyArn).publicKey;
  }

  async sign(keyArn: string, algorithm: SigningAlgorithm, digest: Uint8Array): Promise<Buffer> {
    const key = this.keyOf(keyArn);
    if (key.signingAlgorithm !== algorithm) throw new Error(`InvalidKeyUsageException: ${algorithm}`);
    this.signed.push(keyArn);
    return Buffer.from(await key.sign(digest));
  }

  /** The key itself, for what a test signs past KMS. */
  signer(keyArn: string): LocalSigner {
    return this.keyOf(keyArn);
  }

  private keyOf(keyArn: string): LocalSigner {
    const key = this.keys.get(keyArn);
    if (key === undefined) throw new Error(`NotFoundException: ${keyArn}`);
    return key;
  }
}
