import { S3ObjectReader } from '../../../lambda/aws/s3-object-reader';
import { ServiceEndpoint, setEnvironment } from './service-endpoint';

const OBJECT = { bucket: 'truststore', key: 'mesh/truststore.pem', versionId: '3HL4kqtJ.vjVBH40_N-' };
const signal = new AbortController().signal;

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

  const read = (time = signal) => new S3ObjectReader(process.env).read(OBJECT, time);

  test('is read with a signature of the function’s credentials, by path at an endpoint of one’s own', async () => {
    endpoint.replies.push({ body: '-----BEGIN CERTIFICATE-----\n' });

    await expect(read()).resolves.toBe('-----BEGIN CERTIFICATE-----\n');

    const [{ method, path, headers } = {}] = endpoint.calls.map((made) => made);
    expect([method, path]).toEqual(['GET', '/truststore/mesh/truststore.pem?versionId=3HL4kqtJ.vjVBH40_N-']);
    expect(headers?.['x-amz-security-token']).toBe('session');
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token, Signature=[0-9a-f]{64}$/,
    );
  });

  test.each([
    ['eu-central-1', 'https://truststore.s3.eu-central-1.amazonaws.com'],
    ['cn-north-1', 'https://truststore.s3.cn-north-1.amazonaws.com.cn'],
  ])('is read by virtual host in %s', async (AWS_REGION, host) => {
    const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(new Response('pem'));
    try {
      await expect(new S3ObjectReader({ AWS_REGION }).read(OBJECT, signal)).resolves.toBe('pem');

      expect(String(fetched.mock.calls[0]?.[0])).toBe(`${host}/mesh/truststore.pem?versionId=3HL4kqtJ.vjVBH40_N-`);
    } finally {
      fetched.mockRestore();
    }
  });

  test('is asked for again when S3 has too much to do, or fails', async () => {
    endpoint.replies.push(s3Error(503, 'SlowDown'), { status: 500, body: '' }, { body: 'pem' });

    await expect(read()).resolves.toBe('pem');
  });

  test('is asked for four times at most', async () => {
    endpoint.replies.push(...Array.from({ length: 9 }, () => s3Error(503, 'SlowDown')));

    await expect(read()).rejects.toThrow(
      's3:GetObjectVersion failed with SlowDown: of s3://truststore/mesh/truststore.pem, version 3HL4kqtJ.vjVBH40_N-',
    );
    expect(endpoint.calls).toHaveLength(4);
  });

  test.each([
    [s3Error(403, 'AccessDenied'), 'AccessDenied'],
    [s3Error(404, 'NoSuchVersion'), 'NoSuchVersion'],
    [{ status: 204, body: '' }, 'HTTP 204'],
    [{ status: 206, body: 'half' }, 'HTTP 206'],
    [{ status: 404, body: '<html>&lt;Code&gt;</html>' }, 'HTTP 404'],
    [{ status: 400, body: '<Code>\n-----BEGIN</Code>' }, 'HTTP 400'],
  ])('is given up at once after %j', async (reply, code) => {
    endpoint.replies.push(reply);

    await expect(read()).rejects.toMatchObject({ name: 'AwsCallError', code });

    expect(endpoint.calls).toHaveLength(1);
  });

  test('is not followed to another place', async () => {
    endpoint.replies.push(
      ...Array.from({ length: 4 }, () => ({ status: 307, headers: { location: 'http://[::1]/' } })),
    );

    await expect(read()).rejects.toMatchObject({ name: 'AwsCallError' });
  });

  test('is read up to a megabyte, and no further', async () => {
    endpoint.replies.push({ body: 'x'.repeat(1_000_000) }, { body: 'x'.repeat(1_000_001) });

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
    endpoint.replies.push(s3Error(403, 'AccessDenied'));

    const error = await read().catch((thrown) => thrown);

    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toMatch(/AKIDEXAMPLE|session/);
  });
});
