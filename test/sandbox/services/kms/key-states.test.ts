import {
  CancelKeyDeletionCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  type KMSClient,
  ListAliasesCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { requestFor, resourceType } from '../resource-request';
import { type KeyCloud, startKeyCloud } from './key-cloud';

const DAY = 24 * 60 * 60 * 1000;

let cloud: KeyCloud;
let client: KMSClient;

beforeEach(async () => {
  cloud = await startKeyCloud();
  client = cloud.client();
});

afterEach(() => cloud.close());

const stateOf = async (KeyId: string) =>
  (await client.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState as string;
const encrypt = (KeyId: string) => client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from('x') }));
const errorOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'none',
    ({ name }: Error) => name,
  );

test('a key can be disabled, and enabled again', async () => {
  const { physicalId: KeyId } = await cloud.createKey();
  const { CiphertextBlob } = await encrypt(KeyId);
  await client.send(new DisableKeyCommand({ KeyId }));
  expect(await stateOf(KeyId)).toBe('Disabled');
  expect(await errorOf(encrypt(KeyId))).toBe('DisabledException');
  await client.send(new EnableKeyCommand({ KeyId }));
  const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob }));
  expect(Buffer.from(Plaintext ?? []).toString()).toBe('x');
});

test('a key pending deletion can be kept, but is disabled then', async () => {
  const { physicalId: KeyId, attributes } = await cloud.createKey();
  const scheduled = await client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
  expect(scheduled).toMatchObject({ KeyId: attributes.Arn, KeyState: 'PendingDeletion', PendingWindowInDays: 7 });
  const days = (Number(scheduled.DeletionDate) - cloud.clock.now().getTime()) / DAY;
  expect(Math.round(days)).toBe(7);
  for (const command of [
    new ScheduleKeyDeletionCommand({ KeyId }),
    new EnableKeyCommand({ KeyId }),
    new DisableKeyCommand({ KeyId }),
  ]) {
    expect(await errorOf(client.send(command as EnableKeyCommand))).toBe('KMSInvalidStateException');
  }
  expect(await errorOf(encrypt(KeyId))).toBe('KMSInvalidStateException');
  await client.send(new CancelKeyDeletionCommand({ KeyId }));
  expect(await stateOf(KeyId)).toBe('Disabled');
  expect(await errorOf(client.send(new CancelKeyDeletionCommand({ KeyId })))).toBe('KMSInvalidStateException');
  await client.send(new EnableKeyCommand({ KeyId }));
  expect(await errorOf(encrypt(KeyId))).toBe('none');
});

test.each([6, 31])('a waiting period of %i days is refused', async (PendingWindowInDays) => {
  const { physicalId: KeyId } = await cloud.createKey();
  const scheduled = client.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }));
  expect(await errorOf(scheduled)).toBe('ValidationException');
});

test('a key of a template waits for its deletion, and is gone with its aliases afterwards', async () => {
  const key = await cloud.createKey({ PendingWindowInDays: 7 });
  const alias = { AliasName: 'alias/mesh', TargetKeyId: key.physicalId };
  await resourceType(cloud.kms, 'AWS::KMS::Alias').create(requestFor(alias));
  await cloud.keyType.delete(requestFor({ PendingWindowInDays: 7 }), key);
  const another = { AliasName: 'alias/another', TargetKeyId: key.physicalId };
  await expect(resourceType(cloud.kms, 'AWS::KMS::Alias').create(requestFor(another))).rejects.toMatchObject({
    name: 'KMSInvalidStateException',
  });
  expect(await stateOf('alias/mesh')).toBe('PendingDeletion');
  await cloud.clock.advance(7 * DAY);
  client = cloud.client();
  expect(await errorOf(stateOf('alias/mesh'))).toBe('NotFoundException');
  expect(await errorOf(stateOf(key.physicalId))).toBe('NotFoundException');
  expect((await client.send(new ListKeysCommand({}))).Keys).toEqual([]);
  expect((await client.send(new ListAliasesCommand({}))).Aliases).toEqual([]);
});

test.each([
  [{ KeySpec: 'ECC_NIST_P384', KeyUsage: 'SIGN_VERIFY' }, 'KeySpec'],
  [{ KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY', MultiRegion: true }, 'MultiRegion'],
  [{}, 'KeySpec'],
])('an update of a template to %j fails', async (properties, name) => {
  const before = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' };
  const key = await cloud.createKey(before);
  await expect(cloud.keyType.update(requestFor(properties), key, before)).rejects.toThrow(name);
  const after = { ...before, MultiRegion: 'false', Description: 'new' };
  expect(await cloud.keyType.update(requestFor(after), key, before)).toEqual(key);
  expect((await client.send(new DescribeKeyCommand({ KeyId: key.physicalId }))).KeyMetadata?.Description).toBe('new');
});

test.each([
  [{ KeySpec: 'ECC_NIST_P256' }, 'KeyUsage'],
  [{ KeySpec: 'ECC_NIST_P256', KeyUsage: 'ENCRYPT_DECRYPT' }, 'ECC_NIST_P256'],
  [{ KeyUsage: 'SIGN_VERIFY' }, 'SYMMETRIC_DEFAULT'],
  [{ KeySpec: 'ECC_NIST_P123', KeyUsage: 'SIGN_VERIFY' }, 'KeySpec'],
  [{ PendingWindowInDays: 6 }, 'PendingWindowInDays'],
  [{ Origin: 'EXTERNAL' }, 'Origin'],
])('a key of a template with %j is refused', async (properties, reason) => {
  await expect(cloud.createKey(properties)).rejects.toThrow(reason);
});

test('a multi-Region key is a primary key without replicas, and encrypts', async () => {
  const { physicalId: KeyId, attributes } = await cloud.createKey({
    MultiRegion: true,
    Tags: [{ Key: 'team', Value: 'mail' }],
  });
  expect(KeyId).toMatch(/^mrk-[0-9a-f]{32}$/);
  const { KeyMetadata } = await client.send(new DescribeKeyCommand({ KeyId }));
  expect(KeyMetadata?.MultiRegionConfiguration).toEqual({
    MultiRegionKeyType: 'PRIMARY',
    PrimaryKey: { Arn: attributes.Arn, Region: 'us-east-1' },
    ReplicaKeys: [],
  });
  const { CiphertextBlob } = await encrypt(KeyId);
  expect(await client.send(new DecryptCommand({ CiphertextBlob }))).toMatchObject({ KeyId: attributes.Arn });
  const { Tags } = await client.send(new ListResourceTagsCommand({ KeyId }));
  expect(Tags).toEqual([{ TagKey: 'team', TagValue: 'mail' }]);
});
