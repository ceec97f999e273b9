import { execFileSync } from 'node:child_process';
import { constants, createHash, createPublicKey, verify } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  GetPublicKeyCommand,
  type KMSClient,
  type MessageType,
  SignCommand,
  type SigningAlgorithmSpec,
  VerifyCommand,
} from '@aws-sdk/client-kms';
import { testWith } from '../../../programs';
import { requestFor } from '../resource-request';
import { type KeyCloud, startKeyCloud } from './key-cloud';

let cloud: KeyCloud;
let client: KMSClient;

beforeEach(async () => {
  cloud = await startKeyCloud();
  client = cloud.client();
});

afterEach(() => cloud.close());

const RSA_ALGORITHMS = ['PSS', 'PKCS1_V1_5'].flatMap((scheme) =>
  [256, 384, 512].map((bits) => `RSASSA_${scheme}_SHA_${bits}`),
) as SigningAlgorithmSpec[];
const KEYS: readonly (readonly [string, readonly SigningAlgorithmSpec[]])[] = [
  ['ECC_NIST_P256', ['ECDSA_SHA_256']],
  ['ECC_NIST_P384', ['ECDSA_SHA_384']],
  ['ECC_NIST_P521', ['ECDSA_SHA_512']],
  ['RSA_2048', RSA_ALGORITHMS],
  ['RSA_3072', RSA_ALGORITHMS],
  ['RSA_4096', RSA_ALGORITHMS],
];
const MESSAGE = Buffer.from('to be signed');
const hashOf = (algorithm: string) => `sha${algorithm.slice(-3)}`;
const messageOf = (type: MessageType, algorithm: string) =>
  type === 'RAW' ? MESSAGE : createHash(hashOf(algorithm)).update(MESSAGE).digest();

const createSigningKey = async (KeySpec: string, more: object = {}) =>
  (await cloud.createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY', ...more })).physicalId;

const errorOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'none',
    ({ name }: Error) => name,
  );

test.each(KEYS)('a key of %s signs messages and digests with its algorithms', async (spec, algorithms) => {
  const KeyId = await createSigningKey(spec);
  const answer = await client.send(new GetPublicKeyCommand({ KeyId }));
  expect(answer).toMatchObject({ KeySpec: spec, KeyUsage: 'SIGN_VERIFY', SigningAlgorithms: algorithms });
  const key = createPublicKey({ key: Buffer.from(answer.PublicKey ?? []), format: 'der', type: 'spki' });
  for (const SigningAlgorithm of algorithms) {
    for (const MessageType of ['RAW', 'DIGEST'] as const) {
      const signing = { KeyId, SigningAlgorithm, MessageType, Message: messageOf(MessageType, SigningAlgorithm) };
      const { Signature } = await client.send(new SignCommand(signing));
      const padding = SigningAlgorithm.startsWith('RSASSA_PSS')
        ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
        : {};
      expect(verify(hashOf(SigningAlgorithm), MESSAGE, { key, ...padding }, Signature ?? Buffer.alloc(0))).toBe(true);
      expect(await client.send(new VerifyCommand({ ...signing, Signature }))).toMatchObject({ SignatureValid: true });
      const other = { ...signing, MessageType: 'RAW' as const, Message: Buffer.from('another'), Signature };
      expect(await errorOf(client.send(new VerifyCommand(other)))).toBe('KMSInvalidSignatureException');
    }
  }
});

testWith('openssl').each([
  ['ECC_NIST_P256', 'ECDSA_SHA_256'],
  ['ECC_NIST_P521', 'ECDSA_SHA_512'],
  ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_256'],
])('openssl verifies what a key of %s signs with %s', async (spec, algorithm) => {
  const KeyId = await createSigningKey(spec);
  const SigningAlgorithm = algorithm as SigningAlgorithmSpec;
  const { PublicKey = Buffer.alloc(0) } = await client.send(new GetPublicKeyCommand({ KeyId }));
  const digest = { KeyId, SigningAlgorithm, MessageType: 'DIGEST', Message: messageOf('DIGEST', algorithm) } as const;
  const { Signature = Buffer.alloc(0) } = await client.send(new SignCommand(digest));
  const directory = mkdtempSync(join(tmpdir(), 'kms-'));
  const file = (name: string, content: Uint8Array) => {
    writeFileSync(join(directory, name), content);
    return join(directory, name);
  };
  try {
    const out = execFileSync('openssl', [
      ...['dgst', `-${hashOf(algorithm)}`, '-keyform', 'DER', '-verify', file('key', PublicKey)],
      ...['-signature', file('signature', Signature), file('message', MESSAGE)],
    ]);
    expect(out.toString()).toBe('Verified OK\n');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

describe('a signature is refused', () => {
  const sign = (KeyId: string, more: object = {}) =>
    errorOf(client.send(new SignCommand({ KeyId, Message: MESSAGE, SigningAlgorithm: 'ECDSA_SHA_256', ...more })));

  test.each([
    ['ECC_NIST_P256', 'ECDSA_SHA_384'],
    ['ECC_NIST_P384', 'ECDSA_SHA_256'],
    ['ECC_NIST_P521', 'ECDSA_SHA_384'],
    ['ECC_NIST_P256', 'RSASSA_PSS_SHA_256'],
    ['RSA_2048', 'ECDSA_SHA_256'],
  ])('of a key of %s with %s', async (spec, SigningAlgorithm) => {
    expect(await sign(await createSigningKey(spec), { SigningAlgorithm })).toBe('InvalidKeyUsageException');
  });

  test.each([
    ['a digest that is too short', { MessageType: 'DIGEST', Message: Buffer.alloc(31) }, 'ValidationException'],
    ['a digest that is too long', { MessageType: 'DIGEST', Message: Buffer.alloc(33) }, 'ValidationException'],
    ['an empty message', { Message: Buffer.alloc(0) }, 'ValidationException'],
    ['a message of more than 4096 bytes', { Message: Buffer.alloc(4097) }, 'ValidationException'],
    ['an unknown message type', { MessageType: 'HEX' }, 'ValidationException'],
    ['an unknown algorithm', { SigningAlgorithm: 'ECDSA_SHA_1' }, 'ValidationException'],
    ['a dry run', { DryRun: true }, 'DryRunOperationException'],
  ])('for %s', async (_, more, error) => {
    const KeyId = await createSigningKey('ECC_NIST_P256');
    expect(await sign(KeyId, { Message: Buffer.alloc(4096) })).toBe('none');
    expect(await sign(KeyId, more)).toBe(error);
  });

  test('of a key that encrypts, that is disabled, or that is gone', async () => {
    const { physicalId: symmetric } = await cloud.createKey();
    expect(await sign(symmetric)).toBe('InvalidKeyUsageException');
    expect(await errorOf(client.send(new GetPublicKeyCommand({ KeyId: symmetric })))).toBe(
      'UnsupportedOperationException',
    );
    const disabled = await createSigningKey('ECC_NIST_P256', { Enabled: false });
    expect(await sign(disabled)).toBe('DisabledException');
    expect(await errorOf(client.send(new GetPublicKeyCommand({ KeyId: disabled })))).toBe('DisabledException');
    const deleted = await cloud.createKey({ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' });
    await cloud.keyType.delete(requestFor({}), deleted);
    expect(await sign(deleted.physicalId)).toBe('KMSInvalidStateException');
    expect(await sign('11111111-2222-3333-4444-555555555555')).toBe('NotFoundException');
    expect(await sign('alias/none')).toBe('NotFoundException');
  });
});
