import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandOutput,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AwsClient } from 'aws4fetch';
import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import { S3Service } from '../../../../sandbox/services/s3';
import { requestFor, resourceType } from '../resource-request';
import { type Served, send, serve } from '../serve';

const Bucket = 'trust-bucket';

let service: S3Service;
let served: Served;
let client: S3Client;

beforeEach(async () => {
  service = new S3Service({ account: SANDBOX_ACCOUNT, clock: new Clock() }, { authorizeUse: () => undefined });
  served = await serve(service.api);
  client = new S3Client(served.client);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

const create = (properties: Record<string, unknown> = {}) =>
  resourceType(service, 'AWS::S3::Bucket').create(requestFor({ BucketName: Bucket, ...properties }));
const createVersioned = () => create({ VersioningConfiguration: { Status: 'Enabled' } });
const put = (Key: string, Body: string) => client.send(new PutObjectCommand({ Bucket, Key, Body }));
const text = async (Key: string, VersionId?: string) => {
  const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, VersionId }));
  return Body?.transformToString();
};

describe('an object', () => {
  beforeEach(() => create());

  test('is read back with its bytes, ETag, type and metadata', async () => {
    const Body = Buffer.from([0, 1, 254, 255]);
    const etag = `"${createHash('md5').update(Body).digest('hex')}"`;
    const written = await client.send(
      new PutObjectCommand({
        Bucket,
        Key: 'k',
        Body,
        ContentType: 'application/x-pem-file',
        Metadata: { mesh: 'one' },
      }),
    );
    expect(written).toMatchObject({ ETag: etag, ChecksumCRC32: expect.any(String) });
    const read = await client.send(new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(Buffer.from((await read.Body?.transformToByteArray()) ?? [])).toEqual(Body);
    expect(read).toMatchObject({
      ETag: etag,
      ContentType: 'application/x-pem-file',
      ContentLength: 4,
      Metadata: { mesh: 'one' },
      LastModified: expect.any(Date),
    });
    expect(read.VersionId).toBeUndefined();
  });

  test('sent as a stream arrives without its chunk framing', async () => {
    const Body = Readable.from(['hello ', 'world']);
    await client.send(new PutObjectCommand({ Bucket, Key: 'k', Body, ContentLength: 11 }));
    expect(await text('k')).toBe('hello world');
    const { ContentEncoding } = await client.send(new HeadObjectCommand({ Bucket, Key: 'k' }));
    expect(ContentEncoding).toBeUndefined();
  });

  test('that is missing is NoSuchKey for a caller who may list, and AccessDenied for one who may not', async () => {
    await expect(text('k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    served.denied.add('s3:ListBucket');
    await expect(text('k')).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('that is missing is answered to HEAD by the status alone', async () => {
    await expect(client.send(new HeadObjectCommand({ Bucket, Key: 'k' }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  test.each([
    '../../etc/passwd',
    '/leading',
    'a/../b',
    'a//b',
    './x',
    ' space ',
    'plus+&=?#%',
    'ünï/ç',
    '<&>"\'',
    'a\r\nb',
  ])('has the key %j as it stands, whatever it looks like', async (key) => {
    await put(key, 'one');
    expect(service.getObject(Bucket, key)?.body.toString()).toBe('one');
    const { Contents } = await client.send(new ListObjectsV2Command({ Bucket }));
    expect(Contents?.map((each) => each.Key)).toEqual([key]);
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));
    expect(service.getObject(Bucket, key)).toBeUndefined();
  });

  test('cannot have a key of more than 1024 bytes', async () => {
    await expect(put('é'.repeat(513), 'one')).rejects.toMatchObject({ name: 'KeyTooLongError' });
  });

  test('is refused when it does not arrive as the sender checksummed it', async () => {
    const wrong = [
      { ChecksumCRC32: 'AAAAAA==' },
      { ChecksumSHA256: createHash('sha256').digest('base64') },
      { ContentMD5: createHash('md5').digest('base64') },
    ];
    for (const digest of wrong) {
      await expect(
        client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'one', ...digest })),
      ).rejects.toMatchObject({ name: 'BadDigest' });
    }
    expect(service.getObject(Bucket, 'k')).toBeUndefined();
  });

  test('in a bucket that does not exist is NoSuchBucket', async () => {
    await expect(client.send(new GetObjectCommand({ Bucket: 'another-bucket', Key: 'k' }))).rejects.toMatchObject({
      name: 'NoSuchBucket',
    });
  });

  test('for another bucket owner than expected is AccessDenied', async () => {
    const command = new PutObjectCommand({ Bucket, Key: 'k', Body: 'one', ExpectedBucketOwner: '210987654321' });
    await expect(client.send(command)).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('a versioned bucket', () => {
  beforeEach(() => createVersioned());

  test('keeps what is overwritten', async () => {
    const first = await put('k', 'one');
    const second = await put('k', 'two');
    expect(await text('k')).toBe('two');
    expect(await text('k', first.VersionId)).toBe('one');
    expect(service.getObject(Bucket, 'k', first.VersionId)?.body.toString()).toBe('one');
    expect(service.getObject(Bucket, 'k')?.versionId).toBe(second.VersionId);
  });

  test('hides a deleted object behind a marker, and shows it again when the marker is deleted', async () => {
    const { VersionId } = await put('k', 'one');
    const marker = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    expect(marker.DeleteMarker).toBe(true);
    await expect(text('k')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(text('k', marker.VersionId)).rejects.toMatchObject({ name: 'MethodNotAllowed' });
    expect(service.getObject(Bucket, 'k')).toBeUndefined();
    expect(await text('k', VersionId)).toBe('one');
    const removed = await client.send(new DeleteObjectCommand({ Bucket, Key: 'k', VersionId: marker.VersionId }));
    expect(removed).toMatchObject({ DeleteMarker: true, VersionId: marker.VersionId });
    expect(await text('k')).toBe('one');
  });

  test('does not find a version that never was', async () => {
    await put('k', 'one');
    await expect(text('k', 'nothing')).rejects.toMatchObject({ name: 'NoSuchVersion' });
  });

  test('lists versions by key, newest first, over as many pages as it takes', async () => {
    for (const [key, body] of [
      ['b', '1'],
      ['a', '1'],
      ['a', '2'],
      ['b', '2'],
    ] as const)
      await put(key, body);
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
    const listed: string[] = [];
    const markers: string[] = [];
    let pages = 0;
    let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (next) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...next }),
      );
      pages += 1;
      for (const { Key = '', VersionId, IsLatest } of page.Versions ?? []) {
        listed.push(`${Key} ${service.getObject(Bucket, Key, VersionId)?.body} ${IsLatest}`);
      }
      for (const { Key, IsLatest } of page.DeleteMarkers ?? []) markers.push(`${Key} ${IsLatest}`);
      next = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
    }
    expect(listed).toEqual(['a 2 false', 'a 1 false', 'b 2 true', 'b 1 false']);
    expect(markers).toEqual(['a true']);
    expect(pages).toBe(3);
  });

  test('is emptied page by page, though each page starts after a version that is gone', async () => {
    for (const body of ['1', '2', '3', '4', '5']) await put('a', body);
    let next: { KeyMarker?: string; VersionIdMarker?: string } | undefined = {};
    while (next) {
      const page: ListObjectVersionsCommandOutput = await client.send(
        new ListObjectVersionsCommand({ Bucket, MaxKeys: 2, ...next }),
      );
      const Objects = (page.Versions ?? []).map(({ Key, VersionId }) => ({ Key, VersionId }));
      await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      next = page.IsTruncated
        ? { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker }
        : undefined;
    }
    expect((await client.send(new ListObjectVersionsCommand({ Bucket }))).Versions).toBeUndefined();
  });

  test('refuses a listing that starts after a version without its key, or after an empty one', async () => {
    for (const markers of [{ VersionIdMarker: 'v' }, { KeyMarker: 'a', VersionIdMarker: '' }]) {
      await expect(client.send(new ListObjectVersionsCommand({ Bucket, ...markers }))).rejects.toMatchObject({
        name: 'InvalidArgument',
      });
    }
  });

  test('is emptied by deleting every version and marker, a thousand at a time', async () => {
    await put('a', '1');
    await put('a', '2');
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'b' }));
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toHaveLength(3);
    expect(Errors).toBeUndefined();
    await resourceType(service, 'AWS::S3::Bucket').delete(requestFor({}), { physicalId: Bucket, attributes: {} });
    await expect(put('a', '3')).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  test('says for each key of a batch whether it could be deleted', async () => {
    served.denied.add('s3:DeleteObjectVersion');
    const Objects = [{ Key: 'a' }, { Key: 'a', VersionId: 'v' }];
    const { Deleted, Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect(Deleted).toMatchObject([{ Key: 'a', DeleteMarker: true }]);
    expect(Errors).toMatchObject([{ Key: 'a', VersionId: 'v', Code: 'AccessDenied' }]);
  });
});

test('with versioning suspended, writes replace the null version and leave the others', async () => {
  const bucketType = resourceType(service, 'AWS::S3::Bucket');
  const resource = await createVersioned();
  const { VersionId } = await put('k', 'one');
  await bucketType.update(requestFor({ VersioningConfiguration: { Status: 'Suspended' } }), resource, {});
  expect((await put('k', 'two')).VersionId).toBe('null');
  await put('k', 'three');
  const { Versions } = await client.send(new ListObjectVersionsCommand({ Bucket }));
  expect(Versions?.map((version) => version.VersionId)).toEqual(['null', VersionId]);
});

test('a listing by delimiter groups keys into common prefixes, over pages', async () => {
  await create();
  for (const key of ['a/1', 'a/2', 'b', 'c/1', 'd']) await put(key, '');
  const seen: (string | undefined)[] = [];
  let ContinuationToken: string | undefined;
  do {
    const page = await client.send(new ListObjectsV2Command({ Bucket, Delimiter: '/', MaxKeys: 1, ContinuationToken }));
    seen.push(
      ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      ...(page.Contents ?? []).map(({ Key }) => Key),
    );
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken);
  expect(seen).toEqual(['a/', 'b', 'c/', 'd']);
});

describe('authorization', () => {
  const PolicyDocument = {
    Statement: [{ Effect: 'Deny', Principal: '*', Action: 's3:*', Resource: '*' }],
  };

  test('asks for the object, the version and the bucket policy', async () => {
    await createVersioned();
    await resourceType(service, 'AWS::S3::BucketPolicy').create(requestFor({ Bucket, PolicyDocument }));
    const { VersionId } = await put('a/b', 'one');
    await text('a/b', VersionId);
    expect(served.authorizations.at(-1)).toEqual({
      action: 's3:GetObjectVersion',
      resource: `arn:aws:s3:::${Bucket}/a/b`,
      conditionKeys: { 's3:versionid': VersionId },
      resourcePolicy: PolicyDocument,
    });
  });

  test('is asked before anything is written', async () => {
    await create();
    served.denied.add('s3:PutObject');
    await expect(put('k', 'one')).rejects.toMatchObject({ name: 'AccessDenied' });
    expect(service.getObject(Bucket, 'k')).toBeUndefined();
  });
});

describe('the wire', () => {
  beforeEach(() => createVersioned());

  const deleteObjects = (body: string, headers: Record<string, string> = {}) =>
    send(service.api, { path: `/${Bucket}`, query: 'delete', headers, body });
  const md5 = (body: string) => ({ 'content-md5': createHash('md5').update(body).digest('base64') });

  test('an operation, parameter or header that is not emulated fails by name', async () => {
    await expect(client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'k' }))).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('uploads'),
    });
    const copy = new CopyObjectCommand({ Bucket, Key: 'k', CopySource: `${Bucket}/other` });
    await expect(client.send(copy)).rejects.toThrow(/x-amz-copy-source/);
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'k', Range: 'bytes=0-1' }))).rejects.toThrow(/range/);
    await expect(client.send(new GetObjectCommand({ Bucket, Key: 'k', PartNumber: 1 }))).rejects.toThrow(/partNumber/);
  });

  test.each([
    ['an entity of its own', '<!DOCTYPE x [<!ENTITY e "boom">]><Delete><Object><Key>&e;</Key></Object></Delete>'],
    [
      'an external entity',
      '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object></Delete>',
    ],
    ['a tag left open', '<Delete><Object><Key>a</Object></Delete>'],
    ['another document', '<Other/>'],
    ['no key', '<Delete><Object/></Delete>'],
    ['a key made of elements', '<Delete><Object><Key><a/></Key></Object></Delete>'],
    ['no XML at all', '{"Objects": []}'],
    ['nothing', ''],
    ['a prototype', '<Delete><Object><__proto__>1</__proto__></Object></Delete>'],
  ])('a batch with %s is refused', async (_, body) => {
    const answer = await deleteObjects(body, md5(body));
    expect([400, 501]).toContain(answer.status);
    expect(answer.body).toContain('<Error>');
  });

  test('a batch of more than a thousand keys is refused', async () => {
    const body = `<Delete>${'<Object><Key>a</Key></Object>'.repeat(1001)}</Delete>`;
    expect((await deleteObjects(body, md5(body))).body).toContain('MalformedXML');
  });

  test('a batch without a digest is refused', async () => {
    const body = '<Delete><Object><Key>a</Key></Object></Delete>';
    expect((await deleteObjects(body)).body).toContain('InvalidRequest');
  });

  test.each([
    ['no frame', 'hello'],
    ['a length beyond the body', 'ff\r\nhello\r\n0\r\n\r\n'],
    ['a length that is no number', 'zz\r\nhello\r\n0\r\n\r\n'],
    ['no last chunk', '5\r\nhello\r\n'],
    ['fewer bytes than declared', '3\r\nhel\r\n0\r\n\r\n'],
    ['a negative length', '-5\r\nhello\r\n0\r\n\r\n'],
  ])('a chunked body with %s is refused', async (_, body) => {
    const headers = {
      'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'x-amz-decoded-content-length': '5',
    };
    const answer = await send(service.api, { method: 'PUT', path: `/${Bucket}/k`, headers, body });
    expect(answer).toMatchObject({ status: 400, body: expect.stringContaining('IncompleteBody') });
  });

  test('a path that does not decode is refused', async () => {
    expect((await send(service.api, { method: 'GET', path: `/${Bucket}/%E0%A4%A` })).body).toContain('InvalidURI');
  });

  test('dots in a path never lead out of the bucket', async () => {
    await send(service.api, { method: 'PUT', path: `/${Bucket}/../other-bucket/k`, body: 'one' });
    expect(service.getObject(Bucket, '../other-bucket/k')?.body.toString()).toBe('one');
  });
});

describe('a bucket in a template', () => {
  test('has its name as reference, and its ARN and domain names as attributes', async () => {
    expect(await create()).toEqual({
      physicalId: Bucket,
      attributes: {
        Arn: `arn:aws:s3:::${Bucket}`,
        DomainName: `${Bucket}.s3.amazonaws.com`,
        DualStackDomainName: `${Bucket}.s3.dualstack.us-east-1.amazonaws.com`,
        RegionalDomainName: `${Bucket}.s3.us-east-1.amazonaws.com`,
      },
    });
  });

  test('without BucketName gets a valid one', async () => {
    const { physicalId } = await create({ BucketName: undefined });
    expect(physicalId).toMatch(/^mesh-thing-[a-z0-9]+$/);
  });

  test('cannot take a name twice', async () => {
    await create();
    await expect(create()).rejects.toMatchObject({ code: 'BucketAlreadyOwnedByYou' });
  });

  test.each(['UPPER', 'a', 'a..b', '192.168.5.4', '-a-', 'under_score'])('cannot be named %s', async (BucketName) => {
    await expect(create({ BucketName })).rejects.toThrow();
  });

  test('is not deleted while it holds a version or a delete marker', async () => {
    const bucketType = resourceType(service, 'AWS::S3::Bucket');
    const resource = await createVersioned();
    await client.send(new DeleteObjectCommand({ Bucket, Key: 'k' }));
    await expect(bucketType.delete(requestFor({}), resource)).rejects.toMatchObject({ code: 'BucketNotEmpty' });
  });

  test('that is gone already counts as deleted', async () => {
    const bucketType = resourceType(service, 'AWS::S3::Bucket');
    const resource = await create();
    await bucketType.delete(requestFor({}), resource);
    await bucketType.delete(requestFor({}), resource);
  });
});

describe('a presigned address', () => {
  const presigned = async (key: string, query = '') => {
    const signer = new AwsClient({ ...served.client.credentials, service: 's3', region: 'us-east-1', retries: 0 });
    const { url } = await signer.sign(`${served.client.endpoint}/${Bucket}/${key}${query}`, {
      aws: { signQuery: true },
    });
    return url;
  };

  beforeEach(async () => {
    await create();
    await put('a key', 'text');
  });

  test('gets the object, with the headers that it asks for', async () => {
    const answer = await fetch(await presigned('a%20key', '?response-content-type=text%2Fcsv'));
    expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([200, 'text/csv', 'text']);
    expect(served.authorizations.at(-1)).toMatchObject({ action: 's3:GetObject' });
  });

  test('gets nothing after a change of what is signed', async () => {
    const address = await presigned('a%20key');
    for (const changed of [address.replace('a%20key', 'other'), `${address}&response-content-type=text%2Fhtml`]) {
      expect((await fetch(changed)).status).toBe(403);
    }
  });

  test('of Signature Version 2 fails by name, as S3 answers for all newer buckets', async () => {
    const query = 'AWSAccessKeyId=AKIDEXAMPLE&Signature=AAAA&Expires=9999999999';
    const answer = await fetch(`${served.client.endpoint}/${Bucket}/a%20key?${query}`);
    expect([answer.status, await answer.text()]).toEqual([
      400,
      expect.stringMatching(/<Code>InvalidRequest<.*Please use AWS4-HMAC-SHA256/),
    ]);
  });
});

describe('buckets', () => {
  test('are listed by name, and in pages', async () => {
    await create({ BucketName: 'second-bucket' });
    await create();
    const first = await client.send(new ListBucketsCommand({ MaxBuckets: 1 } as object));
    expect(first.Buckets).toMatchObject([{ Name: 'second-bucket', CreationDate: expect.any(Date) }]);
    const all = await client.send(new ListBucketsCommand({}));
    expect(all.Buckets?.map(({ Name }) => Name)).toEqual(['second-bucket', Bucket]);
  });

  test('tell where they are and whether they keep versions', async () => {
    await createVersioned();
    await expect(client.send(new HeadBucketCommand({ Bucket }))).resolves.toBeDefined();
    expect((await client.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint).toBeFalsy();
    expect((await client.send(new GetBucketVersioningCommand({ Bucket }))).Status).toBe('Enabled');
    await expect(client.send(new HeadBucketCommand({ Bucket: 'missing' }))).rejects.toMatchObject({
      $metadata: { httpStatusCode: 404 },
    });
  });

  test('tell their tags as the template last gave them', async () => {
    const resource = await create({ Tags: [{ Key: 'team', Value: 'mail' }] });
    const tags = async () => (await client.send(new GetBucketTaggingCommand({ Bucket }))).TagSet;
    expect(await tags()).toEqual([{ Key: 'team', Value: 'mail' }]);
    const untagged = requestFor({ BucketName: Bucket });
    await resourceType(service, 'AWS::S3::Bucket').update(untagged, resource, {});
    await expect(tags()).rejects.toMatchObject({ name: 'NoSuchTagSet' });
  });

  test('list their objects in the older way too', async () => {
    await create();
    for (const key of ['a/1', 'a/2', 'b']) await put(key, key);
    const first = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', MaxKeys: 1 }));
    expect(first).toMatchObject({ IsTruncated: true, CommonPrefixes: [{ Prefix: 'a/' }], NextMarker: 'a/' });
    const next = await client.send(new ListObjectsCommand({ Bucket, Delimiter: '/', Marker: 'a/' }));
    expect(next.Contents).toMatchObject([{ Key: 'b' }]);
  });

  test.each(['policy', 'cors', 'acl'])('fail by name for what selects another operation: ?%s', async (query) => {
    await create();
    const { status, body } = await send(service.api, { method: 'GET', path: `/${Bucket}`, query });
    expect([status, String(body)]).toEqual([501, expect.stringContaining(`s3:GET bucket?${query}`)]);
  });
});
