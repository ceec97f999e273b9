import { ConditionalObjects } from '../../aws/conditional-objects';
import { functionConnection } from '../../aws/connection';
import { ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const OBJECT = {
  bucket: 'lists',
  key: 'crl.pem',
  content: Buffer.from([0x30, 0x00, 0xff]),
  contentType: 'application/pkix-crl',
};
const SEEN = { entityTag: '"abc"', text: '' };
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

  test('are read with what identifies their content', async () => {
    endpoint.replies.push({ headers: { etag: '"abc"' }, body: 'lists' });
    await expect(objects.read('lists', 'crl.pem', signal)).resolves.toEqual({ entityTag: '"abc"', text: 'lists' });
    expect(endpoint.calls[0]).toMatchObject({ method: 'GET', path: '/lists/crl.pem' });
  });

  test('may not exist', async () => {
    endpoint.replies.push(error(404, 'NoSuchKey'));
    await expect(objects.read('lists', 'crl.pem', signal)).resolves.toBeUndefined();
  });

  test('in a bucket that does not exist are an error', async () => {
    endpoint.replies.push(error(404, 'NoSuchBucket'));
    await expect(objects.read('lists', 'crl.pem', signal)).rejects.toThrow('NoSuchBucket');
  });

  test.each([
    ['the object that was seen', SEEN, { 'if-match': '"abc"' }],
    ['no object', undefined, { 'if-none-match': '*' }],
  ])('replace %s', async (_what, seen, headers) => {
    endpoint.replies.push({});
    await expect(objects.replace(OBJECT, seen, signal)).resolves.toBe(true);
    expect(endpoint.calls[0]).toMatchObject({
      method: 'PUT',
      headers: { ...headers, 'content-type': 'application/pkix-crl', 'content-length': '3' },
    });
  });

  test.each([
    [412, 'PreconditionFailed'],
    [409, 'ConditionalRequestConflict'],
    [404, 'NoSuchKey'],
  ])('are not replaced when another writer was faster: %d %s', async (status, code) => {
    endpoint.replies.push(error(status, code));
    await expect(objects.replace(OBJECT, SEEN, signal)).resolves.toBe(false);
    expect(endpoint.calls).toHaveLength(1);
  });

  test.each([
    [404, 'NoSuchBucket'],
    [403, 'AccessDenied'],
  ])('that can not be put are an error: %d %s', async (status, code) => {
    endpoint.replies.push(error(status, code));
    await expect(objects.replace(OBJECT, SEEN, signal)).rejects.toThrow(`s3:PutObject failed with ${code}`);
  });
});
