import type { SigningAlgorithm } from '../pki/signature';
import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { asText, JsonCaller } from './json-caller';

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Sign.html#KMS-Sign-request-SigningAlgorithm */
const KMS_ALGORITHMS: Readonly<Record<SigningAlgorithm, string>> = {
  SHA256WITHECDSA: 'ECDSA_SHA_256',
  SHA384WITHECDSA: 'ECDSA_SHA_384',
  SHA512WITHECDSA: 'ECDSA_SHA_512',
  SHA256WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_256',
  SHA384WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_384',
  SHA512WITHRSA: 'RSASSA_PKCS1_V1_5_SHA_512',
};

/** Asymmetric keys that sign. https://docs.aws.amazon.com/kms/latest/APIReference/Welcome.html */
export class Kms {
  private readonly caller: JsonCaller;

  constructor(connection: AwsConnection) {
    this.caller = new JsonCaller({
      service: { name: 'kms', targetPrefix: 'TrentService', jsonVersion: '1.1', endpointVariable: 'KMS' },
      connection,
      // Rotations may coincide, and all asymmetric keys of the account share a quota, so that a call is attempted until the
      // function's deadline. https://docs.aws.amazon.com/kms/latest/developerguide/requests-per-second.html
      retryPolicy: { timeout: 5_000, backoff: { first: 50, throttled: 500, longest: 5_000 } },
    });
  }

  /** The public half of an asymmetric key, as DER of a SubjectPublicKeyInfo. */
  async publicKey(keyArn: string, signal: AbortSignal): Promise<Buffer> {
    const { PublicKey } = await this.caller.call('GetPublicKey', { KeyId: keyArn }, signal);
    return binary('GetPublicKey', 'public key', PublicKey);
  }

  /**
   * Signs a digest that was made with the algorithm's hash. Returns DER for ECDSA, and PKCS #1 version 1.5 for RSA, as
   * certificates contain them.
   */
  async sign(
    keyArn: string,
    signingAlgorithm: SigningAlgorithm,
    digest: Uint8Array,
    signal: AbortSignal,
  ): Promise<Buffer> {
    const input = {
      KeyId: keyArn,
      Message: Buffer.from(digest).toString('base64'),
      MessageType: 'DIGEST',
      SigningAlgorithm: KMS_ALGORITHMS[signingAlgorithm],
    };
    const { Signature } = await this.caller.call('Sign', input, signal);
    return binary('Sign', 'signature', Signature);
  }
}

function binary(operation: string, what: string, value: unknown): Buffer {
  const text = asText(value);
  if (!text) throw new AwsCallError(`kms:${operation}`, 'InvalidAnswer', `no ${what}`);
  return Buffer.from(text, 'base64');
}
