import { AwsError } from '../../../../../sandbox/endpoint/api';
import { policy, RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start({ BinaryMediaTypes: ['image/*', 'application/octet-stream'] });
});

afterEach(() => fixture.close());

const event = () => fixture.events.at(-1)?.event ?? {};

test('gets the request as payload format 1.0', async () => {
  await fixture.createFunctionMethod('POST /items/{id}', () => ({}));
  await fixture.deploy({ Variables: { color: 'blue' } });
  await fixture.call('/items/5?a=1&a=2&b=x+y%2Bz', {
    method: 'POST',
    headers: { 'tEsT-HEADeR': ['one', 'two'], 'user-agent': 'test' },
    body: 'text',
  });
  expect(event()).toEqual({
    resource: '/items/{id}',
    path: '/items/5',
    httpMethod: 'POST',
    headers: expect.objectContaining({
      'tEsT-HEADeR': 'two',
      host: 'mesh.example.com',
      'X-Forwarded-For': '127.0.0.1',
      'X-Forwarded-Port': String(fixture.base.gateway.port),
      'X-Forwarded-Proto': 'https',
      'X-Amzn-Trace-Id': expect.stringMatching(/^Root=1-/),
    }),
    multiValueHeaders: expect.objectContaining({ 'tEsT-HEADeR': ['one', 'two'], host: ['mesh.example.com'] }),
    queryStringParameters: { a: '2', b: 'x y+z' },
    multiValueQueryStringParameters: { a: ['1', '2'], b: ['x y+z'] },
    pathParameters: { id: '5' },
    stageVariables: { color: 'blue' },
    requestContext: expect.objectContaining({
      accountId: '123456789012',
      apiId: fixture.apiId,
      deploymentId: expect.any(String),
      domainName: 'mesh.example.com',
      domainPrefix: 'mesh',
      httpMethod: 'POST',
      path: '/items/5',
      protocol: 'HTTP/1.1',
      resourceId: expect.any(String),
      resourcePath: '/items/{id}',
      stage: 'prod',
    }),
    body: 'text',
    isBase64Encoded: false,
  });
  expect(event()['requestContext']).not.toHaveProperty('authorizer');
  expect(event()['headers']).not.toHaveProperty('content-length');
});

test('gets the certificate of the client in the identity', async () => {
  await fixture.createFunctionMethod('GET /items', () => ({}));
  await fixture.deploy();
  await fixture.call('/items');
  const { identity } = event()['requestContext'] as { identity: Record<string, unknown> };
  expect(identity).toMatchObject({
    sourceIp: '127.0.0.1',
    userArn: null,
    clientCert: {
      clientCertPem: fixture.base.client.cert,
      subjectDN: 'O=Example,CN=mail',
      issuerDN: 'CN=Test root',
      serialNumber: expect.stringMatching(/^([0-9]+|[0-9a-f]{2}(:[0-9a-f]{2})+)$/),
      validity: { notBefore: expect.stringMatching(/ GMT$/), notAfter: expect.stringMatching(/ GMT$/) },
    },
  });
});

test('gets null for what the request does not have', async () => {
  await fixture.createFunctionMethod('GET /items', () => ({}));
  await fixture.deploy();
  await fixture.call('/items');
  expect(event()).toMatchObject({
    body: null,
    isBase64Encoded: false,
    pathParameters: null,
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    stageVariables: null,
  });
});

test.each([
  ['image/png', true],
  ['application/octet-stream; a=b', true],
  ['text/plain', false],
  ['application/json', false],
])('gets a body of the type %s in base64: %s', async (type, isBase64Encoded) => {
  await fixture.createFunctionMethod('POST /items', () => ({}));
  await fixture.deploy();
  await fixture.call('/items', { method: 'POST', headers: { 'content-type': type }, body: 'text' });
  expect(event()).toMatchObject({ body: isBase64Encoded ? 'dGV4dA==' : 'text', isBase64Encoded });
});

describe('parameter mapping', () => {
  const mapping = {
    RequestParameters: {
      'integration.request.header.X-Mesh-Client': 'context.authorizer.clientName',
      'integration.request.header.X-Mesh-Grant': 'context.authorizer.missing',
      'integration.request.header.X-Static': "'always'",
      'integration.request.header.X-Copy': 'method.request.header.X-Original',
      'integration.request.header.X-Color': 'stageVariables.color',
      'integration.request.querystring.page': "'1'",
    },
  };
  const declared = { RequestParameters: { 'method.request.header.X-Original': false } };

  beforeEach(async () => {
    await fixture.createAuthorizer(() => policy('Allow', { clientName: 'mail\r\nX-Evil: 1', level: 3, admin: false }));
    await fixture.createFunctionMethod('GET /items', () => ({}), mapping, declared);
    await fixture.deploy({ Variables: { color: 'blue' } });
  });

  test('writes over what the caller sent, in whatever case, and removes what has no value', async () => {
    const headers = { 'x-mesh-client': 'forged', 'X-MESH-GRANT': ['forged', 'twice'], 'x-original': 'original' };
    expect((await fixture.call('/items?page=7&page=8', { headers })).status).toBe(200);
    expect(event()).toMatchObject({
      headers: {
        'X-Mesh-Client': 'mail X-Evil: 1',
        'X-Static': 'always',
        'X-Copy': 'original',
        'X-Color': 'blue',
      },
      multiValueHeaders: { 'X-Mesh-Client': ['mail X-Evil: 1'] },
      multiValueQueryStringParameters: { page: ['1'] },
    });
    const names = Object.keys(event()['headers'] as object).map((name) => name.toLowerCase());
    expect(names.filter((name) => name === 'x-mesh-client')).toHaveLength(1);
    expect(names).not.toContain('x-mesh-grant');
  });

  test('keeps its headers when the caller names them in Connection', async () => {
    await fixture.call('/items', { headers: { connection: 'x-mesh-client, x-static', 'x-mesh-client': 'forged' } });
    expect(event()['headers']).toMatchObject({ 'X-Mesh-Client': 'mail X-Evil: 1', 'X-Static': 'always' });
  });

  test('gets what the authorizer returned as strings', async () => {
    await fixture.call('/items');
    expect(event()['requestContext']).toMatchObject({
      authorizer: { principalId: 'mail', clientName: 'mail\r\nX-Evil: 1', level: '3', admin: 'false' },
    });
  });
});

test('must allow API Gateway to invoke it for the method, or the caller gets 500', async () => {
  await fixture.createFunctionMethod('ANY /items/{id}', () => ({}));
  await fixture.deploy();
  await fixture.call('/items/5', { method: 'PUT' });
  expect(fixture.base.sourceArns).toEqual([
    `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/prod/PUT/items/{id}`,
  ]);
  fixture.base.forbidden.add('arn:aws:lambda:us-east-1:123456789012:function:f0');
  expect(await fixture.call('/items/5')).toMatchObject({ status: 500, body: '{"message":"Internal server error"}' });
});

describe('the response', () => {
  async function answer(result: unknown, headers: Record<string, string> = {}) {
    await fixture.createFunctionMethod('GET /items', () => result);
    await fixture.deploy();
    return fixture.call('/items', { headers });
  }

  test('has status, headers, and body', async () => {
    const { status, headers, body } = await answer({
      statusCode: '201',
      headers: { 'X-One': 'a', 'X-Number': 1, 'X-Both': 'lost', Connection: 'x-gone', 'X-Gone': 'a' },
      multiValueHeaders: { 'x-both': ['b', 'c'], 'Set-Cookie': ['a=1', 'b=2'] },
      body: 'text',
    });
    expect([status, body]).toEqual([201, 'text']);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-one': 'a',
      'x-number': '1',
      'x-both': 'b, c',
      'set-cookie': ['a=1', 'b=2'],
    });
    expect(headers).not.toHaveProperty('x-gone');
  });

  test('is an empty 200 for an empty object', async () => {
    expect(await answer({})).toMatchObject({ status: 200, body: '' });
  });

  test('is decoded if the first media type that the caller accepts is binary', async () => {
    const result = { body: 'dGV4dA==', isBase64Encoded: true };
    expect((await answer(result, { accept: 'image/png, text/plain' })).body).toBe('text');
    expect((await fixture.call('/items', { headers: { accept: 'text/plain, image/png' } })).body).toBe('dGV4dA==');
  });

  test.each([
    ['null', null],
    ['text', 'text'],
    ['a list', []],
    ['an unknown member', { statusCode: 200, cookies: [] }],
    ['a body that is no text', { body: { a: 1 } }],
    ['a status that is none', { statusCode: 'ok' }],
    ['a status of 1xx', { statusCode: 101 }],
    ['a header with a line break', { headers: { 'x-one': 'a\r\nx-two: b' } }],
    ['a header that is a map', { headers: { 'x-one': {} } }],
    ['values that are no list', { multiValueHeaders: { 'x-one': 'a' } }],
  ])('is 502 for %s', async (_, result) => {
    const { status, headers, body } = await answer(result);
    expect([status, headers['x-amzn-errortype'], body]).toEqual([
      502,
      'InternalServerErrorException',
      '{"message":"Internal server error"}',
    ]);
  });

  test.each([
    ['a function that throws', () => Promise.reject(new Error('secret reason')), 502, 'Internal server error'],
    [
      'an event that is too large',
      () => Promise.reject(new AwsError('RequestTooLargeException', 'too large', 413)),
      413,
      'Request Too Long',
    ],
  ])('tells nothing of %s', async (_, handler, status, message) => {
    await fixture.createFunctionMethod('GET /items', handler);
    await fixture.deploy();
    expect(await fixture.call('/items')).toMatchObject({ status, body: JSON.stringify({ message }) });
  });

  test('is 504 after the timeout', async () => {
    await fixture.createFunctionMethod('GET /items', () => new Promise(() => undefined), { TimeoutInMillis: 50 });
    await fixture.deploy();
    expect(await fixture.call('/items')).toMatchObject({
      status: 504,
      body: '{"message":"Endpoint request timed out"}',
    });
  });

  test('is 500 if the integration does not use POST', async () => {
    await fixture.createFunctionMethod('GET /items', () => ({}), { IntegrationHttpMethod: 'GET' });
    await fixture.deploy();
    expect((await fixture.call('/items')).status).toBe(500);
    expect(fixture.events).toEqual([]);
  });
});
