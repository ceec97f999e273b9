import { ConditionalObjects } from '../../aws/conditional-objects';
import { functionConnection } from '../../aws/connection';
import { ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const OBJECT = {
  bucket: 'lists',
  key: 'crl.pem',
  content: Buffer.from([0x30, 0x00, 0xff]),
  contentType: 'application/pkix-crl',
  metadata: { number: '7' },
};
const SEEN = { entityTag: '"abc"', metadata: {} };
const error = (status: number, code: string) => ({
  status,
  body: `<Error><Code>${code}</Code><Message>no</Message></Error>`,
});

describe('objects that are put on conditions', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let objects: ConditionalObjects;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_S3: endpoint.url });
    const retryPolicy = { attempts: 3, timeout: 1_000, backoff: { first: 1, longest: 5 } };
    objects = new ConditionalObjects({ connection: functionConnection(process.env), retryPolicy });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  test('are known by their entity tag and metadata', async () => {
    endpoint.replies.push({ headers: { etag: '"abc"', 'x-amz-meta-number': '7', 'content-type': 'text/plain' } });
    await expect(objects.state('lists', 'crl.pem', signal)).resolves.toEqual({
      entityTag: '"abc"',
      metadata: { number: '7' },
    });
    expect(endpoint.calls[0]).toMatchObject({ method: 'HEAD', path: '/lists/crl.pem' });
  });

  test('may not exist', async () => {
    endpoint.replies.push({ status: 404 });
    await expect(objects.state('lists', 'crl.pem', signal)).resolves.toBeUndefined();
  });

  test('that may not be read are an error, once a new permission had time to take effect', async () => {
    endpoint.replies.push({ status: 403 }, { status: 403 }, { status: 403 });
    await expect(objects.state('lists', 'crl.pem', signal)).rejects.toThrow('HTTP 403');
  });

  test.each([
    ['the object that was seen', SEEN, { 'if-match': '"abc"' }],
    ['no object', undefined, { 'if-none-match': '*' }],
  ])('replace %s', async (_what, seen, headers) => {
    endpoint.replies.push({});
    await expect(objects.put(OBJECT, seen, signal)).resolves.toBe(true);
    expect(endpoint.calls[0]).toMatchObject({
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/pkix-crl', 'x-amz-meta-number': '7', 'content-length': '3' },
    });
  });

  test.each([
    [412, 'PreconditionFailed'],
    [409, 'ConditionalRequestConflict'],
    [404, 'NoSuchKey'],
  ])('are not replaced when another writer was faster: %d %s', async (status, code) => {
    endpoint.replies.push(error(status, code));
    await expect(objects.put(OBJECT, SEEN, signal)).resolves.toBe(false);
    expect(endpoint.calls).toHaveLength(1);
  });

  test.each([
    [404, 'NoSuchBucket'],
    [403, 'AccessDenied'],
  ])('that can not be put are an error: %d %s', async (status, code) => {
    endpoint.replies.push(error(status, code));
    await expect(objects.put(OBJECT, SEEN, signal)).rejects.toThrow(`s3:PutObject failed with ${code}`);
  });
});
