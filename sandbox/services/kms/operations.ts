import { randomBytes } from 'node:crypto';
import type { Account } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { anything, blob, integer, oneOf, optional, type Shape, string, structure } from '../shared/shape';
import { authorizationOn, type EncryptionContext } from './authorization';
import { invalidCiphertext, type Key, type KeyUsage, keyIdIn } from './key';
import type { Keys } from './state';

const PAGE_SIZE = 100;

const keyId = string({ min: 1, max: 2048 });
const encryptionContext: Shape<EncryptionContext> = (value, path) => {
  const entries = Object.entries(Object(value ?? {}));
  return Object.fromEntries(entries.map(([name, text]) => [name, string()(text, `${path}.${name}`)]));
};
const paging = { Limit: optional(integer({ min: 1, max: 1000 })), Marker: optional(string()) };
/** What AWS takes and what has no effect here. */
const ignored = { GrantTokens: optional(anything), DryRun: optional(anything) };

/** https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html */
export function kmsOperations(keys: Keys, account: Account): Readonly<Record<string, JsonOperation>> {
  const authorize = authorizationOn(keys, account);

  function usable(id: string, usage: KeyUsage): Key {
    const key = keys.getUsable(id);
    if (key.identity.usage !== usage || (usage === 'ENCRYPT_DECRYPT' && key.identity.spec !== 'SYMMETRIC_DEFAULT')) {
      const reason = `${key.identity.arn} is a ${key.identity.spec} key for ${key.identity.usage}`;
      throw new AwsError('InvalidKeyUsageException', reason);
    }
    return key;
  }

  const describeShape = structure({ KeyId: keyId, ...ignored });

  function describeKey(input: unknown, call: AwsCall): object {
    const { KeyId } = describeShape(input, '');
    authorize(call, 'DescribeKey', KeyId);
    return { KeyMetadata: metadata(keys.get(KeyId), account) };
  }

  const encryptShape = structure({
    KeyId: keyId,
    Plaintext: blob({ min: 1, max: 4096 }),
    EncryptionContext: encryptionContext,
    EncryptionAlgorithm: optional(oneOf('SYMMETRIC_DEFAULT')),
    ...ignored,
  });

  function encrypt(input: unknown, call: AwsCall): object {
    const { KeyId, Plaintext, EncryptionContext } = encryptShape(input, '');
    authorize(call, 'Encrypt', KeyId, EncryptionContext);
    const key = usable(KeyId, 'ENCRYPT_DECRYPT');
    return { ...encrypted(key, Plaintext, EncryptionContext), EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }

  const decryptShape = structure({
    KeyId: optional(keyId),
    CiphertextBlob: blob({ min: 1, max: 6144 }),
    EncryptionContext: encryptionContext,
    EncryptionAlgorithm: optional(oneOf('SYMMETRIC_DEFAULT')),
    ...ignored,
  });

  function decrypt(input: unknown, call: AwsCall): object {
    const { KeyId, CiphertextBlob, EncryptionContext } = decryptShape(input, '');
    const found = keyIdIn(CiphertextBlob);
    const id = KeyId ?? found;
    if (id === undefined) throw invalidCiphertext();
    authorize(call, 'Decrypt', id, EncryptionContext);
    if (found === undefined || keys.find(found) === undefined) throw invalidCiphertext();
    const key = usable(id, 'ENCRYPT_DECRYPT');
    if (key.identity.id !== found) {
      throw new AwsError(
        'IncorrectKeyException',
        'The key ID in the request does not identify a CMK that can perform this operation.',
      );
    }
    const Plaintext = key.decrypt(CiphertextBlob, EncryptionContext).toString('base64');
    return { KeyId: key.identity.arn, Plaintext, EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' };
  }

  const dataKeyShape = structure({
    KeyId: keyId,
    KeySpec: optional(oneOf('AES_256', 'AES_128')),
    NumberOfBytes: optional(integer({ min: 1, max: 1024 })),
    EncryptionContext: encryptionContext,
    ...ignored,
  });

  function generateDataKey(input: unknown, call: AwsCall, action: string): { Plaintext: string } {
    const { KeyId, KeySpec, NumberOfBytes, EncryptionContext } = dataKeyShape(input, '');
    authorize(call, action, KeyId, EncryptionContext);
    if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
      throw new AwsError('ValidationException', 'Please specify either number of bytes or key spec.');
    }
    const key = usable(KeyId, 'ENCRYPT_DECRYPT');
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
    // Node.js hashes the message by itself.
    MessageType: optional(oneOf('RAW')),
    SigningAlgorithm: string(),
    ...ignored,
  };
  const signShape = structure(signed);
  const verifyShape = structure({ ...signed, Signature: blob({ min: 1, max: 6144 }) });

  function signingKey(id: string, algorithm: string): Key {
    const key = usable(id, 'SIGN_VERIFY');
    if (key.signingAlgorithms.includes(algorithm)) return key;
    const reason = `Algorithm ${algorithm} is incompatible with key spec ${key.identity.spec}.`;
    throw new AwsError('InvalidKeyUsageException', reason);
  }

  function sign(input: unknown, call: AwsCall): object {
    const { KeyId, Message, SigningAlgorithm } = signShape(input, '');
    authorize(call, 'Sign', KeyId, undefined, { 'kms:SigningAlgorithm': SigningAlgorithm });
    const key = signingKey(KeyId, SigningAlgorithm);
    const Signature = key.sign(Message, SigningAlgorithm).toString('base64');
    return { KeyId: key.identity.arn, Signature, SigningAlgorithm };
  }

  function verify(input: unknown, call: AwsCall): object {
    const { KeyId, Message, SigningAlgorithm, Signature } = verifyShape(input, '');
    authorize(call, 'Verify', KeyId, undefined, { 'kms:SigningAlgorithm': SigningAlgorithm });
    const key = signingKey(KeyId, SigningAlgorithm);
    if (!key.verify(Message, SigningAlgorithm, Signature)) {
      throw new AwsError('KMSInvalidSignatureException', 'the signature is not one of the message by this key');
    }
    return { KeyId: key.identity.arn, SignatureValid: true, SigningAlgorithm };
  }

  function getPublicKey(input: unknown, call: AwsCall): object {
    const { KeyId } = describeShape(input, '');
    authorize(call, 'GetPublicKey', KeyId);
    const key = keys.getUsable(KeyId);
    if (key.identity.spec === 'SYMMETRIC_DEFAULT') {
      throw new AwsError('UnsupportedOperationException', `${key.identity.arn} is a symmetric key`);
    }
    return {
      KeyId: key.identity.arn,
      PublicKey: key.publicKey.toString('base64'),
      KeySpec: key.identity.spec,
      KeyUsage: key.identity.usage,
      SigningAlgorithms: key.signingAlgorithms,
    };
  }

  const listAliasesShape = structure({ KeyId: optional(keyId), ...paging });

  function listAliases(input: unknown, call: AwsCall): object {
    const { KeyId, Limit, Marker } = listAliasesShape(input, '');
    call.authorize('kms:ListAliases', '*');
    const id = KeyId === undefined ? undefined : keys.get(KeyId).identity.id;
    const all = [...keys.aliases].filter(([, { identity }]) => id === undefined || identity.id === id);
    const { items, nextToken } = page(all, Limit ?? PAGE_SIZE, Marker);
    return {
      Aliases: items.map(([AliasName, { identity }]) => ({
        AliasName,
        AliasArn: keys.arnOf(AliasName),
        TargetKeyId: identity.id,
      })),
      Truncated: nextToken !== undefined,
      NextMarker: nextToken,
    };
  }

  const listKeysShape = structure(paging);

  function listKeys(input: unknown, call: AwsCall): object {
    const { Limit, Marker } = listKeysShape(input, '');
    call.authorize('kms:ListKeys', '*');
    const { items, nextToken } = page(keys.all, Limit ?? PAGE_SIZE, Marker);
    return {
      Keys: items.map(({ identity }) => ({ KeyId: identity.id, KeyArn: identity.arn })),
      Truncated: nextToken !== undefined,
      NextMarker: nextToken,
    };
  }

  return {
    Decrypt: decrypt,
    DescribeKey: describeKey,
    Encrypt: encrypt,
    GenerateDataKey: (input, call) => generateDataKey(input, call, 'GenerateDataKey'),
    GenerateDataKeyWithoutPlaintext: generateDataKeyWithoutPlaintext,
    GetPublicKey: getPublicKey,
    ListAliases: listAliases,
    ListKeys: listKeys,
    Sign: sign,
    Verify: verify,
  };
}

function encrypted(key: Key, plaintext: Buffer, context: EncryptionContext): object {
  return { KeyId: key.identity.arn, CiphertextBlob: key.encrypt(plaintext, context).toString('base64') };
}

function metadata({ identity, settings, state, deletionDate, signingAlgorithms }: Key, { id }: Account): object {
  return {
    AWSAccountId: id,
    Arn: identity.arn,
    CreationDate: identity.createdAt.getTime() / 1000,
    CustomerMasterKeySpec: identity.spec,
    DeletionDate: deletionDate && deletionDate.getTime() / 1000,
    Description: settings.description,
    Enabled: state === 'Enabled',
    EncryptionAlgorithms: identity.usage === 'ENCRYPT_DECRYPT' ? ['SYMMETRIC_DEFAULT'] : undefined,
    KeyId: identity.id,
    KeyManager: 'CUSTOMER',
    KeySpec: identity.spec,
    KeyState: state,
    KeyUsage: identity.usage,
    MultiRegion: false,
    Origin: 'AWS_KMS',
    SigningAlgorithms: identity.usage === 'SIGN_VERIFY' ? signingAlgorithms : undefined,
  };
}
