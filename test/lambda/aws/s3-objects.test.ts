import { MAX_OBJECT_BYTES, S3Objects } from '../../../lambda/aws/s3-objects';
import { type Reply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

const found = (body: string, version = 'v7'): Reply => ({ headers: { 'x-amz-version-id': version }, body });
const error = (status: number, code: string): Reply => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>because</Message></Error>`,
});

describe('an object of S3', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;
  let objects: S3Objects;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_S3: endpoint.url });
    objects = new S3Objects(process.env, [1, 1]);
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const read = () => objects.readText('partners', 'roots/partner.pem', 'v7', signal);

  test('is asked for in its version, by a signed request', async () => {
    endpoint.replies.push(found('PEM\n'));

    await expect(read()).resolves.toBe('PEM\n');

    expect(endpoint.calls).toMatchObject([
      {
        method: 'GET',
        path: '/partners/roots/partner.pem?versionId=v7',
        headers: {
          authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/s3\//),
          'x-amz-security-token': 'session',
        },
      },
    ]);
  });

  test.each([
    [404, 'NoSuchVersion'],
    [404, 'NoSuchBucket'],
    [405, 'MethodNotAllowed'],
    [301, 'PermanentRedirect'],
    [400, 'AuthorizationHeaderMalformed'],
  ])('that is not there is named, at once: %s %s', async (status, code) => {
    endpoint.replies.push(error(status, code));

    await expect(read()).rejects.toMatchObject({
      code,
      message: `s3:GetObjectVersion failed with ${code}: because (version v7 of s3://partners/roots/partner.pem)`,
    });
    expect(endpoint.calls).toHaveLength(1);
  });

  test.each([
    ['refused, as a new right is not known everywhere at once', error(403, 'AccessDenied')],
    ['throttled', error(503, 'SlowDown')],
    ['answered by a proxy', { status: 502, body: '<html>' }],
  ])('is asked for again when it was %s', async (_case, reply) => {
    endpoint.replies.push(reply, reply, found('PEM'));

    await expect(read()).resolves.toBe('PEM');
  });

  test('that stays refused is refused in the end', async () => {
    endpoint.replies.push(...Array.from({ length: 3 }, () => error(403, 'AccessDenied')));

    await expect(read()).rejects.toMatchObject({ code: 'AccessDenied' });
    expect(endpoint.calls).toHaveLength(3);
  });

  test('is not asked for any longer when the time is up', async () => {
    endpoint.replies.push(error(503, 'SlowDown'));
    const patient = new S3Objects(process.env, [60_000]);

    await expect(patient.readText('partners', 'key', 'v7', AbortSignal.timeout(100))).rejects.toThrow();
    expect(endpoint.calls).toHaveLength(1);
  });

  test('that nobody answers for is told as that', async () => {
    await endpoint.close();

    await expect(read()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('in another version than the one asked for is not believed', async () => {
    endpoint.replies.push(found('PEM', 'v8'), { body: 'PEM' });

    await expect(read()).rejects.toMatchObject({ code: 'InvalidAnswer' });
    await expect(read()).rejects.toMatchObject({ code: 'InvalidAnswer' });
  });

  test('is read up to a limit, whatever length it says it has', async () => {
    endpoint.replies.push(found('x'.repeat(MAX_OBJECT_BYTES)), found('x'.repeat(MAX_OBJECT_BYTES + 1)));

    await expect(read()).resolves.toHaveLength(MAX_OBJECT_BYTES);
    await expect(read()).rejects.toMatchObject({ code: 'EntityTooLarge' });
  });
});
