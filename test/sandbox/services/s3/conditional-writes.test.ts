import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { S3Service } from '../../../../sandbox/services/s3';
import { requestFor, resourceType } from '../resource-request';
import { type Served, serve } from '../serve';

const Bucket = 'trust-bucket';
const Key = 'revocation/crl.der';

let service: S3Service;
let served: Served;
let client: S3Client;

beforeEach(async () => {
  service = new S3Service({ account: SANDBOX_ACCOUNT, clock: new Clock() }, { authorizeUse: () => undefined });
  served = await serve(service.api);
  client = new S3Client(served.client);
  const versioned = { BucketName: Bucket, VersioningConfiguration: { Status: 'Enabled' } };
  await resourceType(service, 'AWS::S3::Bucket').create(requestFor(versioned));
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

const put = (more: Partial<PutObjectCommandInput> = {}) =>
  client.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...more }));
const read = async () => (await client.send(new GetObjectCommand({ Bucket, Key }))).Body?.transformToString();
const failure = (sent: Promise<unknown>) =>
  sent.then(
    () => undefined,
    ({ name, $metadata }: { name: string; $metadata: { httpStatusCode: number } }) =>
      `${name} ${$metadata.httpStatusCode}`,
  );

test('If-None-Match writes only where nothing is', async () => {
  expect(await failure(put({ Body: 'one', IfNoneMatch: '*' }))).toBeUndefined();
  expect(await failure(put({ Body: 'two', IfNoneMatch: '*' }))).toBe('PreconditionFailed 412');
  expect(await read()).toBe('one');
  await client.send(new DeleteObjectCommand({ Bucket, Key }));
  expect(await failure(put({ Body: 'three', IfNoneMatch: '*' }))).toBeUndefined();
  expect(await failure(put({ IfNoneMatch: '"etag"' }))).toBe('NotImplemented 501');
});

test('If-None-Match reads only another object than the one that the caller has', async () => {
  await put({ Body: 'one' });
  const { ETag: IfNoneMatch } = await client.send(new HeadObjectCommand({ Bucket, Key }));
  const readAgain = () => client.send(new GetObjectCommand({ Bucket, Key, IfNoneMatch }));
  expect(await failure(readAgain())).toMatch(/ 304$/);
  await put({ Body: 'two' });
  expect(await (await readAgain()).Body?.transformToString()).toBe('two');
  expect(await failure(client.send(new GetObjectCommand({ Bucket, Key, IfMatch: IfNoneMatch })))).toBe(
    'NotImplemented 501',
  );
});

test('of many writes at once with If-None-Match, one succeeds', async () => {
  const bodies = ['a', 'b', 'c', 'd', 'e'];
  const failures = await Promise.all(bodies.map((Body) => failure(put({ Body, IfNoneMatch: '*' }))));
  expect(failures.filter((one) => one === undefined)).toHaveLength(1);
  expect(await read()).toBe(bodies[failures.indexOf(undefined)]);
});

test('If-Match writes only over the object that it names', async () => {
  expect(await failure(put({ IfMatch: '"none"' }))).toBe('NoSuchKey 404');
  const { ETag = '' } = await put({ Body: 'one' });
  expect(await failure(put({ Body: 'two', IfMatch: '"other"' }))).toBe('PreconditionFailed 412');
  expect(await read()).toBe('one');
  expect(await failure(put({ Body: 'two', IfMatch: ETag.replaceAll('"', '') }))).toBeUndefined();
  expect(await failure(put({ Body: 'three', IfMatch: ETag }))).toBe('PreconditionFailed 412');
  expect(await failure(put({ IfMatch: ETag, IfNoneMatch: '*' }))).toBe('NotImplemented 501');
  expect(await read()).toBe('two');
});

test('policies can ask for a condition, and If-Match needs permission to read', async () => {
  await put({ IfNoneMatch: '*' });
  expect(served.authorizations.at(-1)).toMatchObject({
    action: 's3:PutObject',
    conditionKeys: { 's3:if-none-match': '*' },
  });
  served.denied.add('s3:GetObject');
  expect(await failure(put({ IfMatch: '"etag"' }))).toBe('AccessDenied 403');
  expect(await failure(put())).toBeUndefined();
});

test('type and cache control of an object are kept for its readers', async () => {
  const kept = { ContentType: 'application/pkix-crl', CacheControl: 'max-age=300' };
  await put(kept);
  expect(await client.send(new GetObjectCommand({ Bucket, Key }))).toMatchObject(kept);
  expect(await client.send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject(kept);
});
