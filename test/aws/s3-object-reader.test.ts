import { S3ObjectReader } from '../../aws/s3-object-reader';
import { type Reply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const OBJECT = { bucket: 'truststore', key: 'mesh/truststore.pem', versionId: '3HL4kqtJ.vjVBH40_N-' };
const PATIENCE = { attempts: 4, milliseconds: 3_000 };
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

  const read = (time = signal) => new S3ObjectReader(process.env, PATIENCE).read(OBJECT, time);

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

    await expect(new S3ObjectReader(process.env).read({ ...OBJECT, versionId: '3/L4+a&acl' }, signal)).resolves.toBe(
      'pem',
    );

    expect(endpoint.calls[0]?.path).toBe('/truststore/mesh/truststore.pem?versionId=3%2FL4%2Ba%26acl');
  });

  test.each([
    ['eu-central-1', 'truststore', 'https://truststore.s3.eu-central-1.amazonaws.com'],
    ['cn-north-1', 'truststore', 'https://truststore.s3.cn-north-1.amazonaws.com.cn'],
    ['eu-central-1', 'roots.example.com', 'https://s3.eu-central-1.amazonaws.com/roots.example.com'],
  ])('in %s and the bucket %s is at %s', async (AWS_REGION, bucket, base) => {
    const { headers, body } = found('pem');
    const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response(body, headers && { headers }));
    try {
      await expect(new S3ObjectReader({ AWS_REGION }).read({ ...OBJECT, bucket }, signal)).resolves.toBe('pem');

      expect(String(fetched.mock.calls[0]?.[0])).toBe(`${base}/mesh/truststore.pem?versionId=3HL4kqtJ.vjVBH40_N-`);
    } finally {
      fetched.mockRestore();
    }
  });

  test.each([
    ['S3 has too much to do', s3Error(503, 'SlowDown')],
    ['S3 fails', { status: 500, body: '' }],
    ['a proxy answers', { status: 502, body: '<html>' }],
    ['it is refused, as a new right is not known everywhere at once', s3Error(403, 'AccessDenied')],
  ])('is asked for again when %s', async (_case, reply) => {
    endpoint.replies.push(reply, reply, found('pem'));

    await expect(read()).resolves.toBe('pem');
  });

  test.each([
    [503, 'SlowDown'],
    [403, 'AccessDenied'],
  ])('is asked for so often and no more: %s %s', async (status, code) => {
    endpoint.replies.push(...Array.from({ length: 9 }, () => s3Error(status, code)));

    await expect(read()).rejects.toThrow(
      `s3:GetObjectVersion failed with ${code}: no (s3://truststore/mesh/truststore.pem, version 3HL4kqtJ.vjVBH40_N-)`,
    );
    expect(endpoint.calls).toHaveLength(4);
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
    const silent = jest.spyOn(globalThis, 'fetch').mockImplementation(
      (_url, init) =>
        new Promise((_resolve, reject) => {
          init?.signal?.addEventListener('abort', () => reject(init.signal?.reason));
        }),
    );
    try {
      await expect(read(AbortSignal.timeout(20))).rejects.toMatchObject({ name: 'TimeoutError' });
    } finally {
      silent.mockRestore();
    }
  });

  test('keeps no credentials in its errors', async () => {
    endpoint.replies.push(s3Error(404, 'NoSuchBucket'));

    const error = await read().catch((thrown) => thrown);

    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/AKIDEXAMPLE|session/);
  });
});
