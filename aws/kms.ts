import { createPublicKey, type KeyObject } from 'node:crypto';
import { KMS_SIGNING_ALGORITHMS } from '../mesh/kms-algorithms';
import type { SigningAlgorithm } from '../pki/signature';
import { AwsCallError } from './aws-error';
import type { AwsConnection } from './connection';
import { asText, JsonCaller } from './json-caller';

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

  /** The public half of an asymmetric key. KMS answers with the DER of a SubjectPublicKeyInfo. */
  async publicKey(keyArn: string, signal: AbortSignal): Promise<KeyObject> {
    const { PublicKey } = await this.caller.call('GetPublicKey', { KeyId: keyArn }, signal);
    return createPublicKey({ key: binary('GetPublicKey', 'public key', PublicKey), format: 'der', type: 'spki' });
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
      SigningAlgorithm: KMS_SIGNING_ALGORITHMS[signingAlgorithm],
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
