import { createHash } from 'node:crypto';
import { functionConnection } from '../../aws/connection';
import { ObjectPublisher, ObjectReader, type TaggedText } from '../../aws/s3';
import { type Reply, recorder, ServiceEndpoint, setEnvironment } from './service-endpoint';

const OBJECT = { bucket: 'truststore', key: 'mesh/truststore.pem', versionId: '3HL4kqtJ.vjVBH40_N-' };
const RETRY_POLICY = { attempts: 4, timeout: 3_000, backoff: { first: 1, longest: 10 } };
const signal = new AbortController().signal;

function found(body: string, versionId = OBJECT.versionId): Reply {
  return { headers: { 'x-amz-version-id': versionId }, body };
}

function s3Error(status: number, code: string) {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>no</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

describe('a version of an object in S3', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_S3: endpoint.url,
    });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const readerIn = (environment: NodeJS.ProcessEnv) =>
    new ObjectReader({ connection: functionConnection(environment), retryPolicy: RETRY_POLICY });
  const read = (time = signal) => readerIn(process.env).readObject(OBJECT, time);

  test('is read with a signature of the function’s credentials, by path at an endpoint of one’s own', async () => {
    endpoint.replies.push(found('-----BEGIN CERTIFICATE-----\n'));

    await expect(read()).resolves.toBe('-----BEGIN CERTIFICATE-----\n');

    const [{ method, path, headers } = {}] = endpoint.calls.map((made) => made);
    expect([method, path]).toEqual(['GET', '/truststore/mesh/truststore.pem?versionId=3HL4kqtJ.vjVBH40_N-']);
    expect(headers?.['x-amz-security-token']).toBe('session');
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
  });

  test('is asked for by one parameter, whatever the version', async () => {
    endpoint.replies.push(found('pem', '3/L4+a&acl'));

    await expect(readerIn(process.env).readObject({ ...OBJECT, versionId: '3/L4+a&acl' }, signal)).resolves.toBe('pem');

    expect(endpoint.calls[0]?.path).toBe('/truststore/mesh/truststore.pem?versionId=3%2FL4%2Ba%26acl');
  });

  test.each([
    ['eu-central-1', 'truststore', 'https://truststore.s3.eu-central-1.amazonaws.com'],
    ['cn-north-1', 'truststore', 'https://truststore.s3.cn-north-1.amazonaws.com.cn'],
    ['eu-central-1', 'roots.example.com', 'https://s3.eu-central-1.amazonaws.com/roots.example.com'],
  ])('in %s and the bucket %s is at %s', async (AWS_REGION, bucket, base) => {
    const urls: string[] = [];
    const connection = { ...functionConnection({ AWS_REGION }), send: recorder(urls, found('pem')) };
    const reader = new ObjectReader({ connection, retryPolicy: RETRY_POLICY });
    await expect(reader.readObject({ ...OBJECT, bucket }, signal)).resolves.toBe('pem');

    expect(urls).toEqual([`${base}/mesh/truststore.pem?versionId=3HL4kqtJ.vjVBH40_N-`]);
  });

  test('is sent again only if it has changed', async () => {
    const one = { ...found('one'), headers: { etag: '"1"' } };
    const two = { ...found('two'), headers: { etag: '"2"' } };
    endpoint.replies.push(one, { status: 304, headers: { etag: '"1"' }, body: '' }, two);
    const readAfter = (before?: TaggedText) => readerIn(process.env).readIfChanged(OBJECT, before, signal);

    const first = await readAfter();
    expect(await readAfter(first)).toBe(first);
    expect(await readAfter(first)).toEqual({ text: 'two', entityTag: '"2"' });
    expect(endpoint.calls.map(({ headers }) => headers['if-none-match'])).toEqual([undefined, '"1"', '"1"']);
  });

  test.each([
    ['without an entity tag', { status: 200, body: 'one' }, 'no ETag (s3://truststore/mesh/truststore.pem'],
    ['that says not modified, to a reader that has none', { status: 304, body: '' }, 'HTTP 304'],
  ])('is not read from an answer %s', async (_case, reply, reason) => {
    endpoint.replies.push(reply);
    await expect(readerIn(process.env).readIfChanged(OBJECT, undefined, signal)).rejects.toThrow(reason);
  });

  test.each([
    ['S3 has too much to do', s3Error(503, 'SlowDown')],
    ['S3 fails', { status: 500, body: '' }],
    ['a proxy answers', { status: 502, body: '<html>' }],
  ])('is asked for again when %s', async (_case, reply) => {
    endpoint.replies.push(reply, reply, found('pem'));

    await expect(read()).resolves.toBe('pem');
  });

  test.each([
    ['so often and no more', 503, 'SlowDown', 4],
    ['once if that is denied', 403, 'AccessDenied', 1],
  ])('is asked for %s', async (_case, status, code, times) => {
    endpoint.replies.push(...Array.from({ length: 9 }, () => s3Error(status, code)));

    await expect(read()).rejects.toThrow(
      `s3:GetObjectVersion failed with ${code}: no (s3://truststore/mesh/truststore.pem, version 3HL4kqtJ.vjVBH40_N-)`,
    );
    expect(endpoint.calls).toHaveLength(times);
  });

  test('is the latest one where none is named', async () => {
    endpoint.replies.push({ body: 'pem' }, s3Error(404, 'NoSuchKey'));
    const readLatest = () => readerIn(process.env).readObject({ bucket: 'truststore', key: 'mesh/ca.pem' }, signal);

    await expect(readLatest()).resolves.toBe('pem');
    await expect(readLatest()).rejects.toThrow('s3:GetObject failed with NoSuchKey: no (s3://truststore/mesh/ca.pem)');

    expect(endpoint.calls[0]?.path).toBe('/truststore/mesh/ca.pem');
  });

  test('that nobody answers for is told as that', async () => {
    await endpoint.close();

    await expect(read()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('in another version than the one asked for is not believed', async () => {
    endpoint.replies.push(found('pem', 'v8'), { body: 'pem' });

    await expect(read()).rejects.toMatchObject({ code: 'InvalidAnswer' });
    await expect(read()).rejects.toMatchObject({ code: 'InvalidAnswer' });
  });

  test.each([
    [s3Error(404, 'NoSuchVersion'), 'NoSuchVersion'],
    [s3Error(405, 'MethodNotAllowed'), 'MethodNotAllowed'],
    [s3Error(301, 'PermanentRedirect'), 'PermanentRedirect'],
    [{ status: 307, headers: { location: 'http://[::1]/' } }, 'HTTP 307'],
    [{ status: 204, body: '' }, 'HTTP 204'],
    [{ status: 206, body: 'half' }, 'HTTP 206'],
    [{ status: 404, body: '<html>&lt;Code&gt;</html>' }, 'HTTP 404'],
    [{ status: 400, body: '<Code>\n-----BEGIN</Code>' }, 'HTTP 400'],
  ])('is given up at once after %j', async (reply, code) => {
    endpoint.replies.push(reply);

    await expect(read()).rejects.toMatchObject({ name: 'AwsCallError', code });

    expect(endpoint.calls).toHaveLength(1);
  });

  test('is read up to a megabyte, and no further', async () => {
    endpoint.replies.push(found('x'.repeat(1_000_000)), found('x'.repeat(1_000_001)));

    await expect(read()).resolves.toHaveLength(1_000_000);
    await expect(read()).rejects.toMatchObject({ code: 'EntityTooLarge' });
  });

  test('is no longer waited for when the time is up', async () => {
    endpoint.replies.push('silence');

    await expect(read(AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'TimeoutError' });
  });

  test('keeps no credentials in its errors', async () => {
    endpoint.replies.push(s3Error(404, 'NoSuchBucket'));

    const error = await read().catch((thrown) => thrown);

    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/AKIDEXAMPLE|session/);
  });
});

function xmlReply(body: string, status = 200): Reply {
  return { status, headers: { 'content-type': 'application/xml' }, body: `<?xml version="1.0"?>${body}` };
}

const noSuchBucket = xmlReply('<Error><Code>NoSuchBucket</Code><Message>gone</Message></Error>', 404);

describe('a bucket with versioning', () => {
  let endpoint: ServiceEndpoint;
  let publisher: ObjectPublisher;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_S3: endpoint.url });
    publisher = new ObjectPublisher({ connection: functionConnection(process.env) });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('takes a PEM object with its type and hash, and returns its version', async () => {
    endpoint.replies.push({ headers: { 'x-amz-version-id': 'v1' } });

    await expect(publisher.putPem('bucket', 'truststore.pem', 'pem', signal)).resolves.toBe('v1');

    expect(endpoint.calls[0]).toMatchObject({ method: 'PUT', body: 'pem' });
    expect(endpoint.calls[0]?.path).toBe('/bucket/truststore.pem');
    expect(endpoint.calls[0]?.headers).toMatchObject({
      'content-type': 'application/x-pem-file',
      'x-amz-content-sha256': createHash('sha256').update('pem').digest('hex'),
    });
  });

  test('gives no version when the bucket keeps none', async () => {
    endpoint.replies.push({});

    await expect(publisher.putPem('bucket', 'truststore.pem', 'pem', signal)).resolves.toBeUndefined();
  });

  test('lists versions and delete markers, and goes on where a page ended', async () => {
    endpoint.replies.push(
      xmlReply(`<ListVersionsResult><IsTruncated>true</IsTruncated>
        <NextKeyMarker>b</NextKeyMarker><NextVersionIdMarker>2</NextVersionIdMarker>
        <Version><Key>a</Key><VersionId>1</VersionId></Version>
        <DeleteMarker><Key>b</Key><VersionId>2</VersionId></DeleteMarker></ListVersionsResult>`),
      xmlReply('<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>'),
    );

    const page = await publisher.listVersions('bucket', undefined, signal);
    expect(page).toEqual({
      versions: [
        { key: 'a', versionId: '1' },
        { key: 'b', versionId: '2' },
      ],
      next: { key: 'b', versionId: '2' },
    });

    await expect(publisher.listVersions('bucket', page?.next, signal)).resolves.toEqual({
      versions: [],
      next: undefined,
    });
    expect(endpoint.calls[1]?.path).toMatch(/key-marker=b/);
    expect(endpoint.calls[1]?.path).toMatch(/version-id-marker=2/);
  });

  test('deletes versions and gives those that it was refused', async () => {
    endpoint.replies.push(
      xmlReply(
        '<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message>no</Message></Error></DeleteResult>',
      ),
    );

    const refused = await publisher.deleteVersions('bucket', [{ key: 'a', versionId: '1' }], signal);

    expect(refused).toEqual([{ key: 'a', code: 'AccessDenied', message: 'no' }]);
    expect(endpoint.calls[0]?.body).toContain('<Key>a</Key><VersionId>1</VersionId>');
    expect(endpoint.calls[0]?.body).toContain('<Quiet>true</Quiet>');
    const md5 = createHash('md5').update(endpoint.calls[0]?.body ?? '');
    expect(endpoint.calls[0]?.headers['content-md5']).toBe(md5.digest('base64'));
  });

  test('tells a missing bucket from an empty one', async () => {
    endpoint.replies.push(noSuchBucket, noSuchBucket);

    await expect(publisher.listVersions('bucket', undefined, signal)).resolves.toBeUndefined();
    await expect(publisher.deleteVersions('bucket', [{ key: 'a', versionId: '1' }], signal)).resolves.toEqual([]);
  });

  test('names the action and the service’s error', async () => {
    endpoint.replies.push(xmlReply('<Error><Code>AccessDenied</Code><Message>no</Message></Error>', 403));

    await expect(publisher.putPem('bucket', 'key', 'pem', signal)).rejects.toThrow(
      's3:PutObject failed with AccessDenied: no',
    );
  });

  test('lists keys of any characters, and deletes them', async () => {
    endpoint.replies.push(
      xmlReply(
        '<ListVersionsResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>' +
          '<Version><Key>a+%26%3C%0D%2B/%C3%BC</Key><VersionId>1</VersionId></Version></ListVersionsResult>',
      ),
      xmlReply('<DeleteResult/>'),
    );

    const page = await publisher.listVersions('bucket', undefined, signal);
    expect(page?.versions).toEqual([{ key: 'a &<\r+/ü', versionId: '1' }]);
    await expect(publisher.deleteVersions('bucket', page?.versions ?? [], signal)).resolves.toEqual([]);

    expect(endpoint.calls[0]?.path).toBe('/bucket/?versions=&encoding-type=url');
    expect(endpoint.calls[1]?.body).toContain('<Key>a &#38;&#60;&#13;+/ü</Key>');
  });

  test('attempts again for what is neither a list nor a deletion', async () => {
    endpoint.replies.push(xmlReply('<html/>'), xmlReply('<ListVersionsResult></ListVersionsResult>'));
    await expect(publisher.listVersions('bucket', undefined, signal)).resolves.toEqual({
      versions: [],
      next: undefined,
    });

    endpoint.replies.push(xmlReply('<html/>'), xmlReply('<DeleteResult></DeleteResult>'));
    await expect(publisher.deleteVersions('bucket', [{ key: 'a', versionId: '1' }], signal)).resolves.toEqual([]);
    expect(endpoint.calls).toHaveLength(4);
  });
});
