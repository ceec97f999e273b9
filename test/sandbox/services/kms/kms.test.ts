import { createPublicKey, verify } from 'node:crypto';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsClient } from 'aws4fetch';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { Faults } from '../../../../sandbox/faults';
import { IamService } from '../../../../sandbox/services/iam';
import { KmsService } from '../../../../sandbox/services/kms';
import { S3Service } from '../../../../sandbox/services/s3';
import { SecretsManagerService } from '../../../../sandbox/services/secrets-manager';
import { requestFor, resourceType } from '../resource-request';

const ROOT = 'arn:aws:iam::123456789012:root';
const statement = (Principal: unknown, Action: string, Condition?: object) => ({
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
  ...(Condition && { Condition }),
});
const policy = (...Statement: object[]) => ({ Version: '2012-10-17', Statement });

let endpoint: Endpoint;
let iam: IamService;
let kms: KmsService;
let objects: S3Service;
let secrets: SecretsManagerService;

beforeEach(async () => {
  const surroundings = { account: SANDBOX_ACCOUNT, clock: new Clock() };
  iam = new IamService(surroundings);
  kms = new KmsService(surroundings, iam);
  objects = new S3Service(surroundings, kms);
  const functions = { invoke: async () => null, assertMayInvoke: () => undefined };
  secrets = new SecretsManagerService(surroundings, { functions, events: { put: () => undefined }, keys: kms });
  endpoint = await Endpoint.listen();
  endpoint.serve({
    accounts: [{ apis: [kms.api, objects.api, secrets.api], iam }],
    clock: surroundings.clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse: () => false,
  });
});

afterEach(() => endpoint.close());

type Service = { readonly resourceTypes: IamService['resourceTypes'] };
const create = (service: Service, type: string, properties: Properties = {}) =>
  resourceType(service, type).create(requestFor(properties));
const createKey = (properties: Properties = {}) => create(kms, 'AWS::KMS::Key', properties);

/** A role with one policy. */
async function roleWith(...statements: object[]): Promise<string> {
  const Policies = statements.length === 0 ? [] : [{ PolicyName: 'p', PolicyDocument: policy(...statements) }];
  const trust = policy({ ...statement({ Service: 'lambda.amazonaws.com' }, 'sts:AssumeRole') });
  const role = await create(iam, 'AWS::IAM::Role', { AssumeRolePolicyDocument: trust, Policies });
  return String(role.attributes.Arn);
}

type Answer = Readonly<Record<string, unknown>>;

async function call(operation: string, input: object, principal = iam.operator): Promise<Answer> {
  const client = new AwsClient({ ...iam.issueCredentials(principal), region: 'us-east-1', service: 'kms', retries: 0 });
  const headers = { 'x-amz-target': `TrentService.${operation}`, 'content-type': 'application/x-amz-json-1.1' };
  const response = await client.fetch(endpoint.url, { method: 'POST', headers, body: JSON.stringify(input) });
  return (await response.json()) as Answer;
}

function sdk(principal: string) {
  return { endpoint: endpoint.url, region: 'us-east-1', credentials: iam.issueCredentials(principal), maxAttempts: 1 };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

describe('a key', () => {
  test('decrypts what it encrypted, with the same context and no other', async () => {
    const { physicalId: KeyId, attributes } = await createKey();
    const EncryptionContext = { a: '1', b: '2' };
    const { CiphertextBlob, KeyId: arn } = await call('Encrypt', {
      KeyId,
      Plaintext: base64('secret'),
      EncryptionContext,
    });
    expect(arn).toBe(attributes.Arn);
    expect(Buffer.from(String(CiphertextBlob), 'base64').includes('secret')).toBe(false);
    const again = await call('Decrypt', { CiphertextBlob, EncryptionContext: { b: '2', a: '1' } });
    expect(again).toMatchObject({ Plaintext: base64('secret'), KeyId: attributes.Arn });
    for (const context of [undefined, { a: '1' }, { a: '1', b: '2', c: '3' }]) {
      const refused = await call('Decrypt', { CiphertextBlob, EncryptionContext: context });
      expect(refused).toMatchObject({ __type: 'InvalidCiphertextException' });
    }
  });

  test('refuses what it did not encrypt', async () => {
    const { physicalId: KeyId } = await createKey();
    const { physicalId: other } = await createKey();
    const { CiphertextBlob } = await call('Encrypt', { KeyId, Plaintext: base64('x') });
    const bytes = Buffer.from(String(CiphertextBlob), 'base64');
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
    const types = await Promise.all(
      [
        { CiphertextBlob: bytes.toString('base64') },
        { CiphertextBlob: base64('short') },
        { CiphertextBlob: base64('long enough, but no ciphertext of any key') },
        { CiphertextBlob: bytes.subarray(0, 20).toString('base64') },
        { CiphertextBlob, KeyId: other },
      ].map((input) => call('Decrypt', input)),
    );
    expect(types.map(({ __type }) => __type)).toEqual([
      ...Array.from({ length: 4 }, () => 'InvalidCiphertextException'),
      'IncorrectKeyException',
    ]);
  });

  test('makes data keys, and keeps them to itself on request', async () => {
    const { physicalId: KeyId } = await createKey();
    const { Plaintext, CiphertextBlob } = await call('GenerateDataKey', { KeyId, KeySpec: 'AES_256' });
    expect(Buffer.from(String(Plaintext), 'base64')).toHaveLength(32);
    expect(await call('Decrypt', { CiphertextBlob })).toMatchObject({ Plaintext });
    expect(await call('GenerateDataKeyWithoutPlaintext', { KeyId, KeySpec: 'AES_128' })).not.toHaveProperty(
      'Plaintext',
    );
    expect(await call('GenerateDataKey', { KeyId })).toMatchObject({ __type: 'ValidationException' });
  });

  test.each([
    ['ECC_NIST_P256', 'ECDSA_SHA_256', 'sha256'],
    ['ECC_NIST_P384', 'ECDSA_SHA_384', 'sha384'],
    ['RSA_2048', 'RSASSA_PKCS1_V1_5_SHA_512', 'sha512'],
  ])('of %s signs what others verify with its public key', async (KeySpec, SigningAlgorithm, hash) => {
    const { physicalId: KeyId } = await createKey({ KeySpec, KeyUsage: 'SIGN_VERIFY' });
    const Message = base64('message');
    const { Signature } = await call('Sign', { KeyId, Message, SigningAlgorithm });
    const { PublicKey } = await call('GetPublicKey', { KeyId });
    const key = createPublicKey({ key: Buffer.from(String(PublicKey), 'base64'), format: 'der', type: 'spki' });
    expect(verify(hash, Buffer.from('message'), key, Buffer.from(String(Signature), 'base64'))).toBe(true);
    const verified = await call('Verify', { KeyId, Message, SigningAlgorithm, Signature });
    expect(verified).toMatchObject({ SignatureValid: true });
    const forged = await call('Verify', { KeyId, Message: base64('other'), SigningAlgorithm, Signature });
    expect(forged).toMatchObject({ __type: 'KMSInvalidSignatureException' });
    const encrypted = await call('Encrypt', { KeyId, Plaintext: base64('x') });
    expect(encrypted).toMatchObject({ __type: 'InvalidKeyUsageException' });
  });

  test('has aliases, which can move', async () => {
    const { physicalId: first } = await createKey({ Description: 'first' });
    const { physicalId: second } = await createKey({ Description: 'second' });
    const aliasType = resourceType(kms, 'AWS::KMS::Alias');
    const alias = await aliasType.create(requestFor({ AliasName: 'alias/mesh', TargetKeyId: first }));
    const described = async () => (await call('DescribeKey', { KeyId: 'alias/mesh' })).KeyMetadata;
    expect(await described()).toMatchObject({ KeyId: first, Description: 'first', KeyState: 'Enabled' });
    await aliasType.update(requestFor({ AliasName: 'alias/mesh', TargetKeyId: second }), alias, {});
    expect(await described()).toMatchObject({ KeyId: second });
    expect(await call('ListAliases', {})).toMatchObject({
      Aliases: [{ AliasName: 'alias/mesh', TargetKeyId: second }],
    });
    await expect(aliasType.create(requestFor({ AliasName: 'alias/mesh', TargetKeyId: first }))).rejects.toThrow(
      'exists',
    );
    await expect(aliasType.create(requestFor({ AliasName: 'alias/aws/s3', TargetKeyId: first }))).rejects.toThrow();
    await aliasType.delete(requestFor({}), alias);
    expect(await call('DescribeKey', { KeyId: 'alias/mesh' })).toMatchObject({ __type: 'NotFoundException' });
  });

  test('that is disabled or deleted encrypts nothing', async () => {
    const { physicalId: KeyId } = await createKey({ Enabled: false });
    expect(await call('Encrypt', { KeyId, Plaintext: base64('x') })).toMatchObject({ __type: 'DisabledException' });
    const deleted = await createKey({ PendingWindowInDays: 7 });
    await resourceType(kms, 'AWS::KMS::Key').delete(requestFor({ PendingWindowInDays: 7 }), deleted);
    const refused = await call('Encrypt', { KeyId: deleted.physicalId, Plaintext: base64('x') });
    expect(refused).toMatchObject({ __type: 'KMSInvalidStateException' });
  });
});

describe('the policy of a key', () => {
  const ENCRYPT = { Effect: 'Allow', Action: 'kms:Encrypt', Resource: '*' };
  const encrypt = async (KeyId: string, principal: string, more: object = {}) => {
    const { __type } = await call('Encrypt', { KeyId, Plaintext: base64('x'), ...more }, principal);
    return __type ?? 'allowed';
  };

  test('must allow what the policies of a role allow', async () => {
    const role = await roleWith(ENCRYPT);
    const { physicalId: delegating } = await createKey();
    const { physicalId: closed } = await createKey({
      KeyPolicy: policy(statement({ AWS: ROOT }, 'kms:Describe*')),
      BypassPolicyLockoutSafetyCheck: true,
    });
    expect(await encrypt(delegating, role)).toBe('allowed');
    expect(await encrypt(closed, role)).toBe('AccessDeniedException');
    expect(await encrypt(closed, iam.operator)).toBe('AccessDeniedException');
  });

  test('can allow a role that no other policy allows, for one context', async () => {
    const role = await roleWith();
    const condition = { StringEquals: { 'kms:EncryptionContext:tenant': 'mail' } };
    const { physicalId } = await createKey({
      KeyPolicy: policy(statement({ AWS: role }, 'kms:Encrypt', condition)),
      BypassPolicyLockoutSafetyCheck: true,
    });
    expect(await encrypt(physicalId, role, { EncryptionContext: { tenant: 'mail' } })).toBe('allowed');
    expect(await encrypt(physicalId, role, { EncryptionContext: { tenant: 'social' } })).toBe('AccessDeniedException');
    expect(await encrypt(physicalId, await roleWith())).toBe('AccessDeniedException');
  });
});

describe('a secret with a key', () => {
  const ALL_OF_SECRETS = { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*' };
  const viaSecretsManager = (Action: string | string[], service = 'secretsmanager') => ({
    Effect: 'Allow',
    Action,
    Resource: '*',
    Condition: { StringEquals: { 'kms:ViaService': `${service}.us-east-1.amazonaws.com` } },
  });

  async function outcomes(...statements: object[]) {
    const { attributes } = await createKey();
    const { physicalId: SecretId } = await create(secrets, 'AWS::SecretsManager::Secret', {
      KmsKeyId: attributes.Arn,
      SecretString: 'first',
    });
    const client = new SecretsManagerClient(sdk(await roleWith(ALL_OF_SECRETS, ...statements)));
    const outcome = (sent: Promise<unknown>) =>
      sent.then(
        () => 'allowed',
        ({ name }: Error) => name,
      );
    const read = await outcome(client.send(new GetSecretValueCommand({ SecretId })));
    const written = await outcome(client.send(new PutSecretValueCommand({ SecretId, SecretString: 'x' })));
    return [read, written];
  }

  const DENIED = 'AccessDeniedException';
  test.each([
    ['no permission for the key', [], [DENIED, DENIED]],
    ['Decrypt', [viaSecretsManager('kms:Decrypt')], ['allowed', DENIED]],
    ['GenerateDataKey alone', [viaSecretsManager('kms:GenerateDataKey')], [DENIED, DENIED]],
    ['both', [viaSecretsManager(['kms:Decrypt', 'kms:GenerateDataKey'])], ['allowed', 'allowed']],
    ['both by way of another service', [viaSecretsManager('kms:*', 's3')], [DENIED, DENIED]],
  ])('is read and written with %s: %#', async (_, statements, expected) => {
    expect(await outcomes(...statements)).toEqual(expected);
  });

  test('of another account or a service needs only what the caller can be asked for', async () => {
    const client = new SecretsManagerClient(sdk(await roleWith(ALL_OF_SECRETS)));
    const read = async (KmsKeyId: string) => {
      const properties = { KmsKeyId, SecretString: 'first' };
      const { physicalId: SecretId } = await create(secrets, 'AWS::SecretsManager::Secret', properties);
      return client.send(new GetSecretValueCommand({ SecretId }));
    };
    await expect(read('alias/aws/secretsmanager')).resolves.toMatchObject({ SecretString: 'first' });
    await expect(read('arn:aws:kms:us-east-1:999999999999:key/1')).rejects.toThrow('kms:Decrypt');
  });
});

describe('an object with a key', () => {
  async function bucketWith(key: string, BucketKeyEnabled: boolean) {
    const ServerSideEncryptionByDefault = { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: key };
    const BucketEncryption = {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault, BucketKeyEnabled }],
    };
    return (await create(objects, 'AWS::S3::Bucket', { BucketEncryption })).physicalId;
  }

  const ALL_OF_S3 = { Effect: 'Allow', Action: 's3:*', Resource: '*' };

  test.each([
    [false, '/key'],
    [true, ''],
  ])('is read by whoever may decrypt it; with a bucket key: %s', async (hasBucketKey, suffix) => {
    const { attributes } = await createKey();
    const Bucket = await bucketWith(String(attributes.Arn), hasBucketKey);
    const Key = 'key';
    const owner = new S3Client(sdk(iam.operator));
    await owner.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const head = await owner.send(new HeadObjectCommand({ Bucket, Key }));
    expect(head).toMatchObject({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: attributes.Arn });

    const get = async (...statements: object[]) =>
      new S3Client(sdk(await roleWith(ALL_OF_S3, ...statements))).send(new GetObjectCommand({ Bucket, Key }));
    await expect(get()).rejects.toThrow('kms:Decrypt');
    const Condition = { StringEquals: { 'kms:EncryptionContext:aws:s3:arn': `arn:aws:s3:::${Bucket}${suffix}` } };
    const decrypt = { Effect: 'Allow', Action: 'kms:Decrypt', Resource: attributes.Arn, Condition };
    expect(await (await get(decrypt)).Body?.transformToString()).toBe('x');
  });

  test('can be left to a key of Amazon S3', async () => {
    const { attributes } = await createKey({
      KeyPolicy: policy(statement({ AWS: ROOT }, 'kms:Describe*')),
      BypassPolicyLockoutSafetyCheck: true,
    });
    const Bucket = await bucketWith(String(attributes.Arn), false);
    const client = new S3Client(sdk(iam.operator));
    await expect(client.send(new PutObjectCommand({ Bucket, Key: 'a' }))).rejects.toThrow('kms:GenerateDataKey');
    await client.send(new PutObjectCommand({ Bucket, Key: 'a', ServerSideEncryption: 'AES256' }));
    await client.send(new GetObjectCommand({ Bucket, Key: 'a' }));
  });
});
