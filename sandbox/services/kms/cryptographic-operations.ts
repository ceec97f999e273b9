import { randomBytes } from 'node:crypto';
import { type AwsCall, AwsError, type ConditionKeys } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { anything, blob, boolean, integer, oneOf, optional, type Shape, string, structure } from '../shared/shape';
import { type authorizationOn, contextKeys, type EncryptionContext } from './authorization';
import { invalidCiphertext, type Key, type KeyUsage } from './key';
import type { CryptographicQuotas } from './quotas';
import { SIGNING_ALGORITHMS, type SigningAlgorithm } from './signature';
import type { Keys } from './state';

const keyId = string({ min: 1, max: 2048 });
const encryptionContext: Shape<EncryptionContext> = (value, path) => {
  const entries = Object.entries(Object(value ?? {}));
  return Object.fromEntries(entries.map(([name, text]) => [name, string()(text, `${path}.${name}`)]));
};
/** There are no grants in the sandbox, so grant tokens have no effect. */
const inAll = { DryRun: optional(boolean), GrantTokens: optional(anything) };
const inEncryption = {
  EncryptionContext: encryptionContext,
  EncryptionAlgorithm: optional(oneOf('SYMMETRIC_DEFAULT')),
  ...inAll,
};

interface Surroundings {
  readonly keys: Keys;
  readonly authorize: ReturnType<typeof authorizationOn>;
  readonly quotas: CryptographicQuotas;
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/kms-cryptography.html#cryptographic-operations */
export function cryptographicOperations({
  keys,
  authorize,
  quotas,
}: Surroundings): Readonly<Record<string, JsonOperation>> {
  function admit(call: AwsCall, action: string, id: string, conditionKeys: ConditionKeys): void {
    quotas.take(keys.find(id));
    authorize(call, action, id, conditionKeys);
  }

  function usable(id: string, usage: KeyUsage): Key {
    const key = keys.getUsable(id);
    if (key.identity.usage === usage) return key;
    const reason = `${key.identity.arn} key usage is ${key.identity.usage}, which is not valid for ${usage}.`;
    throw new AwsError('InvalidKeyUsageException', reason);
  }

  const encryptShape = structure({ KeyId: keyId, Plaintext: blob({ min: 1, max: 4096 }), ...inEncryption });

  function encrypt(input: unknown, call: AwsCall): object {
    const { KeyId, Plaintext, EncryptionContext, DryRun } = encryptShape(input, '');
    admit(call, 'Encrypt', KeyId, encryptionKeys(EncryptionContext));
    const key = usable(KeyId, 'ENCRYPT_DECRYPT');
    assertNoDryRun(DryRun);
    return { ...encrypted(key, Plaintext, EncryptionContext), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }

  const decryptShape = structure({
    KeyId: optional(keyId),
    CiphertextBlob: blob({ min: 1, max: 6144 }),
    ...inEncryption,
  });

  function decrypt(input: unknown, call: AwsCall): object {
    const { KeyId, CiphertextBlob, EncryptionContext, DryRun } = decryptShape(input, '');
    const named = keys.all.find((key) => key.isNamedIn(CiphertextBlob));
    const id = KeyId ?? named?.identity.id;
    if (id === undefined) throw invalidCiphertext();
    admit(call, 'Decrypt', id, encryptionKeys(EncryptionContext));
    if (named === undefined) throw invalidCiphertext();
    const key = usable(id, 'ENCRYPT_DECRYPT');
    if (key !== named) {
      throw new AwsError(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    }
    assertNoDryRun(DryRun);
    const Plaintext = key.decrypt(CiphertextBlob, EncryptionContext).toString('base64');
    return { KeyId: key.identity.arn, Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }

  const dataKeyShape = structure({
    KeyId: keyId,
    KeySpec: optional(oneOf('AES_256', 'AES_128')),
    NumberOfBytes: optional(integer({ min: 1, max: 1024 })),
    EncryptionContext: encryptionContext,
    ...inAll,
  });

  function generateDataKey(input: unknown, call: AwsCall, action: string): { Plaintext: string } {
    const { KeyId, KeySpec, NumberOfBytes, EncryptionContext, DryRun } = dataKeyShape(input, '');
    admit(call, action, KeyId, encryptionKeys(EncryptionContext));
    if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
      throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
    }
    const key = usable(KeyId, 'ENCRYPT_DECRYPT');
    assertNoDryRun(DryRun);
    const plaintext = randomBytes(NumberOfBytes ?? (KeySpec === 'AES_128' ? 16 : 32));
    return { ...encrypted(key, plaintext, EncryptionContext), Plaintext: plaintext.toString('base64') };
  }

  function generateDataKeyWithoutPlaintext(input: unknown, call: AwsCall): object {
    const { Plaintext: _, ...answer } = generateDataKey(input, call, 'GenerateDataKeyWithoutPlaintext');
    return answer;
  }

  const signed = {
    KeyId: keyId,
    Message: blob({ min: 1, max: 4096 }),
    MessageType: optional(oneOf('RAW', 'DIGEST')),
    SigningAlgorithm: oneOf(...SIGNING_ALGORITHMS),
    ...inAll,
  };

  function signingKey(id: string, algorithm: SigningAlgorithm): Key {
    const key = usable(id, 'SIGN_VERIFY');
    if (key.signingAlgorithms.includes(algorithm)) return key;
    const reason = `Algorithm ${algorithm} is incompatible with key spec ${key.identity.spec}.`;
    throw new AwsError('InvalidKeyUsageException', reason);
  }

  const signShape = structure(signed);

  function sign(input: unknown, call: AwsCall): object {
    const { KeyId, Message, MessageType = 'RAW', SigningAlgorithm, DryRun } = signShape(input, '');
    admit(call, 'Sign', KeyId, { 'kms:SigningAlgorithm': SigningAlgorithm, 'kms:MessageType': MessageType });
    const key = signingKey(KeyId, SigningAlgorithm);
    assertNoDryRun(DryRun);
    const signature = key.sign({ message: Message, type: MessageType, algorithm: SigningAlgorithm });
    return { KeyId: key.identity.arn, Signature: signature.toString('base64'), SigningAlgorithm };
  }

  const verifyShape = structure({ ...signed, Signature: blob({ min: 1, max: 6144 }) });

  function verify(input: unknown, call: AwsCall): object {
    const { KeyId, Message, MessageType = 'RAW', SigningAlgorithm, Signature, DryRun } = verifyShape(input, '');
    admit(call, 'Verify', KeyId, { 'kms:SigningAlgorithm': SigningAlgorithm, 'kms:MessageType': MessageType });
    const key = signingKey(KeyId, SigningAlgorithm);
    assertNoDryRun(DryRun);
    if (!key.verify({ message: Message, type: MessageType, algorithm: SigningAlgorithm }, Signature)) {
      throw new AwsError('KMSInvalidSignatureException', 'the signature is not one of the message by this key');
    }
    return { KeyId: key.identity.arn, SignatureValid: true, SigningAlgorithm };
  }

  return {
    Decrypt: decrypt,
    Encrypt: encrypt,
    GenerateDataKey: (input, call) => generateDataKey(input, call, 'GenerateDataKey'),
    GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
    Sign: sign,
    Verify: verify,
  };
}

function encryptionKeys(context: EncryptionContext): ConditionKeys {
  return { ...contextKeys(context), 'kms:EncryptionAlgorithm': 'SYMMETRIC_DEFAULT' };
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html */
function assertNoDryRun(isDryRun: boolean | undefined): void {
  if (!isDryRun) return;
  throw new AwsError('DryRunOperationException', 'The request would have succeeded, but the DryRun option is set.');
}

function encrypted(key: Key, plaintext: Buffer, context: EncryptionContext): object {
  return { KeyId: key.identity.arn, CiphertextBlob: key.encrypt(plaintext, context).toString('base64') };
}
