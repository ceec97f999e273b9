import { DOMAIN } from '../gateway-fixture';
import { RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start();
});

afterEach(() => fixture.close());

/** Makes functions for the methods, which answer with the method's key, and deploys them. */
async function deploy(...keys: readonly string[]): Promise<void> {
  for (const key of keys) await fixture.createFunctionMethod(key, () => ({ body: key }));
  await fixture.deploy();
}

/** What the function saw of the last request. */
function seen() {
  const { path, pathParameters, resource } = fixture.events.at(-1)?.event ?? {};
  return { path, pathParameters, resource };
}

describe('the resource with the most specific path answers', () => {
  beforeEach(() =>
    deploy(
      'ANY /',
      'GET /items',
      'GET /items/{id}',
      'GET /items/new',
      'POST /items/{id}',
      'ANY /items/{id}/{proxy+}',
      'ANY /{proxy+}',
    ),
  );

  test.each([
    ['GET', '/', 'ANY /', null],
    ['GET', '/items', 'GET /items', null],
    ['GET', '/items/new', 'GET /items/new', null],
    ['GET', '/items/5', 'GET /items/{id}', { id: '5' }],
    ['POST', '/items/5', 'POST /items/{id}', { id: '5' }],
    ['PUT', '/items/5/a/b', 'ANY /items/{id}/{proxy+}', { id: '5', proxy: 'a/b' }],
    ['GET', '/other', 'ANY /{proxy+}', { proxy: 'other' }],
    ['GET', '/other/deep', 'ANY /{proxy+}', { proxy: 'other/deep' }],
  ])('%s %s', async (method, path, key, pathParameters) => {
    expect((await fixture.call(path, { method })).body).toBe(key);
    expect(seen()).toEqual({ path, pathParameters, resource: key.split(' ')[1] });
  });

  test.each([
    ['POST', '/items/new', 'POST /items/{id}', { id: 'new' }],
    ['PUT', '/items/5', 'ANY /{proxy+}', { proxy: 'items/5' }],
    ['OPTIONS', '/items', 'ANY /{proxy+}', { proxy: 'items' }],
  ])('and leaves %s %s, a method that it lacks, to a less specific one', async (method, path, key, pathParameters) => {
    expect((await fixture.call(path, { method })).body).toBe(key);
    expect(seen()).toEqual({ path, pathParameters, resource: key.split(' ')[1] });
  });
});

describe('a slash at the end', () => {
  beforeEach(() => deploy('GET /items', 'GET /things/{proxy+}'));

  test.each([
    ['/items/', '/items', null],
    ['/things/a/', '/things/{proxy+}', { proxy: 'a' }],
  ])('counts for nothing in %s, and stays in the path', async (path, resource, pathParameters) => {
    expect((await fixture.call(path)).status).toBe(200);
    expect(seen()).toEqual({ path, pathParameters, resource });
  });

  test('is not a value of a greedy variable', async () => {
    expect((await fixture.call('/things/')).status).toBe(403);
  });
});

test('answers 403 as AWS does where no method is', async () => {
  await deploy('GET /items', 'ANY /any');
  for (const [path, method] of [
    ['/other', 'GET'],
    ['/items', 'POST'],
    ['/Items', 'GET'],
    ['/any', 'PROPFIND'],
    ['//items', 'GET'],
  ] as const) {
    const { status, headers, body } = await fixture.call(path, { method });
    expect([status, body]).toEqual([403, '{"message":"Missing Authentication Token"}']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-amzn-errortype': 'MissingAuthenticationTokenException',
      'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'x-amz-apigw-id': expect.stringMatching(/^[A-Za-z0-9+/]{15}=$/),
    });
  }
});

test.each([
  '/items/../admin',
  '/items/%2e%2e/admin',
  '/items/..%2fadmin',
  '/items/..%5Cadmin',
  '/items/%252e%252e/admin',
  '/items/%252e%252e%252fadmin',
  '/items/.',
  '/items/a%00b',
  '/items/a%0d%0ab',
  '/items/%zz',
  '/items/%ff',
])('answers %s with 400 and calls no function', async (path) => {
  await deploy('ANY /{proxy+}');
  const { status, headers, body } = await fixture.call(path);
  expect([status, body]).toEqual([400, '{"message":"Bad Request"}']);
  expect(headers['apigw-requestid'] ?? headers['x-amzn-requestid']).toBeDefined();
  expect(fixture.events).toEqual([]);
});

test.each([
  ['/items/a%2Fb', { id: 'a/b' }],
  ['/items/a%20b', { id: 'a b' }],
  ['/items/a%3Fb', { id: 'a?b' }],
  ['/items/a%25b', { id: 'a%b' }],
  ['/items/%CE%BB', { id: 'λ' }],
  ['/items/a+b%2Bc', { id: 'a+b+c' }],
  ['/items/a;b', { id: 'a;b' }],
  ['/%69tems/a', { id: 'a' }],
])('passes on %s as it was sent, with its variables decoded', async (path, pathParameters) => {
  await deploy('GET /items/{id}', 'GET /items/{id}/{more}');
  expect((await fixture.call(path)).status).toBe(200);
  expect(seen()).toEqual({ path, pathParameters, resource: '/items/{id}' });
});

describe('behind a base path', () => {
  beforeEach(async () => {
    await deploy('ANY /', 'GET /items/{id}');
    await fixture.base.createDomain('api.example.com');
    const properties = { DomainName: 'api.example.com', RestApiId: fixture.apiId, Stage: 'prod', BasePath: 'v1' };
    await fixture.create('BasePathMapping', properties);
  });

  test('finds resources below it, and functions see the path with it', async () => {
    expect((await fixture.call('/v1/items/5', { domain: 'api.example.com' })).body).toBe('GET /items/{id}');
    expect(fixture.events[0]?.event).toMatchObject({
      path: '/v1/items/5',
      resource: '/items/{id}',
      requestContext: { path: '/v1/items/5', resourcePath: '/items/{id}' },
    });
    expect((await fixture.call('/v1', { domain: 'api.example.com' })).body).toBe('ANY /');
  });

  test.each(['/items/5', '/v1x/items/5', '/v1%2Fitems/5', '/V1/items/5'])('finds no API at %s', async (path) => {
    const { status, body } = await fixture.call(path, { domain: 'api.example.com' });
    expect([status, body]).toEqual([403, '{"message":"Forbidden"}']);
    expect(fixture.events).toEqual([]);
  });
});

test('a domain of the newer API serves REST and HTTP APIs, with keys of several segments', async () => {
  await deploy('GET /items');
  await fixture.base.createDomain('both.example.com');
  const rest = { ApiId: fixture.apiId, DomainName: 'both.example.com', Stage: 'prod', ApiMappingKey: 'rest/v1' };
  await fixture.base.create('ApiMapping', rest);
  fixture.base.apiId = (await fixture.base.create('Api', { Name: 'http', ProtocolType: 'HTTP' })).physicalId;
  await fixture.base.create('Stage', { ApiId: fixture.base.apiId, StageName: '$default', AutoDeploy: true });
  await fixture.base.createFunctionRoute('GET /items', () => 'HTTP');
  const http = { ApiId: fixture.base.apiId, DomainName: 'both.example.com', Stage: '$default' };
  await fixture.base.create('ApiMapping', http);

  expect((await fixture.call('/rest/v1/items', { domain: 'both.example.com' })).body).toBe('GET /items');
  expect((await fixture.call('/items', { domain: 'both.example.com' })).body).toBe('HTTP');
});

test('answers 413 for a body of more than 10 MB, and takes one of 10 MB', async () => {
  await deploy('POST /items');
  const limit = 10 * 1024 * 1024;
  const post = (length: number) => fixture.call('/items', { method: 'POST', body: Buffer.alloc(length) });
  expect(await post(limit + 1)).toMatchObject({ status: 413, body: '{"message":"Request Too Long"}' });
  expect((await post(limit)).status).toBe(200);
});

test('serves what was deployed, and not what was changed since', async () => {
  await deploy('GET /items');
  await fixture.createFunctionMethod('GET /later', () => ({ body: 'later' }));
  expect((await fixture.call('/later')).status).toBe(403);
  await fixture.deploy();
  expect((await fixture.call('/later')).body).toBe('later');
});

test('refuses a caller without a certificate in the handshake', async () => {
  await deploy('GET /items');
  await expect(fixture.call('/items', { client: null })).rejects.toThrow();
  expect(fixture.events).toEqual([]);
});

test('answers 429 beyond the burst of the method, or of the stage', async () => {
  await fixture.createAuthorizer(() => undefined);
  await fixture.createFunctionMethod('GET /items', () => ({}), {}, { AuthorizationType: 'NONE' });
  await fixture.createFunctionMethod('GET /items/{id}', () => ({}), {}, { AuthorizationType: 'NONE' });
  await fixture.createFunctionMethod('PUT /items', () => ({}));
  const slow = (ThrottlingBurstLimit: number) => ({ ThrottlingRateLimit: 0.005, ThrottlingBurstLimit });
  await fixture.deploy({
    MethodSettings: [
      { ResourcePath: '/*', HttpMethod: '*', ...slow(1) },
      { ResourcePath: '/~1items~1{id}', HttpMethod: 'GET', ...slow(2) },
      { ResourcePath: '/~1items', HttpMethod: 'PUT', ...slow(0) },
    ],
  });
  const statuses = async (path: string, count: number) => {
    const found: number[] = [];
    for (let call = 0; call < count; call += 1) found.push((await fixture.call(path)).status);
    return found;
  };
  expect(await statuses('/items', 2)).toEqual([200, 429]);
  expect(await statuses('/items/5', 3)).toEqual([200, 200, 429]);
  const called = fixture.events.length;
  const { status, headers, body } = await fixture.call('/items', { method: 'PUT' });
  expect([status, headers['x-amzn-errortype'], body]).toEqual([
    429,
    'TooManyRequestsException',
    '{"message":"Too Many Requests"}',
  ]);
  expect(fixture.events).toHaveLength(called);
});

test('logs what came of each request', async () => {
  await fixture.createFunctionMethod('GET /items/{id}', () => ({}));
  await fixture.deploy({
    AccessLogSetting: {
      DestinationArn: 'arn:aws:logs:us-east-1:123456789012:log-group:access',
      Format:
        '$context.status $context.resourcePath $context.path $context.stage $context.error.responseType $context.routeKey',
    },
  });
  await fixture.call('/items/5');
  await fixture.call('/other');
  expect(fixture.base.log).toEqual([
    'access: 200 /items/{id} /items/5 prod - -',
    'access: 403 - /other prod MISSING_AUTHENTICATION_TOKEN -',
  ]);
});

test('the request ID of the event is that of the response', async () => {
  await deploy('GET /items');
  const { headers } = await fixture.call('/items');
  expect(fixture.events[0]?.event['requestContext']).toMatchObject({
    requestId: headers['x-amzn-requestid'],
    extendedRequestId: headers['x-amz-apigw-id'],
    domainName: DOMAIN,
  });
});
