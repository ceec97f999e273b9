import { functionConnection } from '../../aws/connection';
import { JsonCaller, type JsonObject } from '../../aws/json-caller';
import { jsonError, jsonReply, recorder, type Send, ServiceEndpoint, setEnvironment } from './service-endpoint';

const SERVICE = {
  name: 'dynamodb',
  targetPrefix: 'DynamoDB_20120810',
  jsonVersion: '1.0',
  endpointVariable: 'DYNAMODB',
} as const;
const signal = new AbortController().signal;

describe('a service with the AWS JSON protocol', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_ENDPOINT_URL_DYNAMODB: endpoint.url,
    });
  });
  afterEach(async () => {
    restoreEnvironment();
    await endpoint.close();
  });

  const create = (limits: { attempts: number; timeout: number }, environment = process.env, send?: Send) =>
    new JsonCaller({
      service: SERVICE,
      connection: { ...functionConnection(environment), ...(send && { send }) },
      retryPolicy: { ...limits, backoff: { first: 1, longest: 10 } },
    });
  const call = (input: JsonObject = {}, limits = { attempts: 3, timeout: 1_000 }) =>
    create(limits).call('GetItem', input, signal);

  test('is asked with a signature of the function’s credentials', async () => {
    endpoint.replies.push(jsonReply({ Item: {} }));

    await expect(call({ TableName: 'registry' })).resolves.toEqual({ Item: {} });

    const [{ method, path, headers, body } = {}] = endpoint.calls.map((made) => made);
    expect([method, path, JSON.parse(body ?? '')]).toEqual(['POST', '/', { TableName: 'registry' }]);
    expect(headers).toMatchObject({
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.GetItem',
      'x-amz-security-token': 'session',
    });
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/dynamodb\/aws4_request, SignedHeaders=content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
    );
  });

  test.each([
    [{}, 'https://dynamodb.eu-central-1.amazonaws.com'],
    [{ AWS_REGION: 'cn-north-1' }, 'https://dynamodb.cn-north-1.amazonaws.com.cn'],
    [{ AWS_REGION: 'eusc-de-east-1' }, 'https://dynamodb.eusc-de-east-1.amazonaws.eu'],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, 'http://127.0.0.1:1'],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1', AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:2' }, 'http://127.0.0.1:2'],
  ])('is found by the environment %j', async (environment, url) => {
    const urls: string[] = [];
    const send = recorder(urls, { body: '{}' });
    const service = create({ attempts: 1, timeout: 1_000 }, { AWS_REGION: 'eu-central-1', ...environment }, send);
    await service.call('GetItem', {}, signal);

    expect(urls).toEqual([`${url}/`]);
  });

  test.each([
    ['is throttled', jsonError('com.amazonaws.dynamodb.v20120810#ThrottlingException', 'Rate exceeded')],
    ['has too little throughput', jsonError('ProvisionedThroughputExceededException', 'too much')],
    ['fails', { status: 500, body: '{"__type":"InternalServerError"}' }],
    ['has a proxy in front that fails', { status: 502, body: '<html>Bad Gateway</html>' }],
    ['answers with something else', { status: 200, body: 'OK' }],
    ['answers with nothing', { status: 200, body: '' }],
    ['answers with a list', { status: 200, body: '[]' }],
  ])('is asked again when it %s', async (_case, reply) => {
    endpoint.replies.push(reply, jsonReply({ answered: true }));

    await expect(call()).resolves.toEqual({ answered: true });

    expect(endpoint.calls).toHaveLength(2);
  });

  test('is asked no more often than there are attempts', async () => {
    endpoint.replies.push(...Array.from({ length: 9 }, () => jsonError('ThrottlingException', 'Rate exceeded')));

    await expect(call()).rejects.toThrow('dynamodb:GetItem failed with ThrottlingException: Rate exceeded');

    expect(endpoint.calls).toHaveLength(3);
  });

  test.each([
    ['AccessDeniedException', 'not authorized'],
    ['ConditionalCheckFailedException', 'The conditional request failed'],
    ['ResourceNotFoundException', 'Requested resource not found'],
  ])('is not asked again after %s', async (code, message) => {
    endpoint.replies.push(jsonError(`com.amazonaws.dynamodb.v20120810#${code}`, message));

    await expect(call()).rejects.toMatchObject({ name: 'AwsCallError', code });

    expect(endpoint.calls).toHaveLength(1);
  });

  test('is given up when nobody listens', async () => {
    await endpoint.close();

    await expect(call({}, { attempts: 2, timeout: 500 })).rejects.toMatchObject({
      code: 'ECONNREFUSED',
      reason: expect.stringMatching(/^connect ECONNREFUSED 127\.0\.0\.1:\d+$/),
    });

    endpoint = await ServiceEndpoint.open();
  });

  test('is given up with the reason when the connection breaks within the answer', async () => {
    endpoint.replies.push({ headers: { 'content-length': '100' }, body: '{}' });
    setTimeout(() => endpoint.dropConnections(), 100);

    await expect(call({}, { attempts: 1, timeout: 5_000 })).rejects.toThrow(
      'dynamodb:GetItem failed with ECONNRESET: aborted',
    );
  });

  test('is given up when it does not answer in time, and at once when the time of all is up', async () => {
    endpoint.replies.push('silence', 'silence', 'silence');
    await expect(call({}, { attempts: 2, timeout: 200 })).rejects.toMatchObject({ code: 'TimeoutError' });
    expect(endpoint.calls).toHaveLength(2);

    const service = create({ attempts: 9, timeout: 60_000 });
    await expect(service.call('GetItem', {}, AbortSignal.timeout(200))).rejects.toMatchObject({
      name: 'TimeoutError',
    });
    expect(endpoint.calls).toHaveLength(3);
  });

  test('keeps neither credentials nor what was sent in its errors', async () => {
    endpoint.replies.push(jsonError('AccessDeniedException', 'no'));

    const error = await call({ SecretString: 'private' }).catch((thrown) => thrown);

    const told = JSON.stringify(error, Object.getOwnPropertyNames(error));
    expect(told).not.toMatch(/private|AKIDEXAMPLE|session/);
  });
});
