import { X509Certificate } from 'node:crypto';
import { GatewayFixture } from '../gateway-fixture';

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
});

afterEach(() => fixture.gateway.close());

test('gives the function the request as payload format 2.0', async () => {
  await fixture.createFunctionRoute('POST /schedule/{proxy+}', () => ({}));
  await fixture.call('/schedule/events/a%20b?x=1&x=2&y=%26', {
    method: 'POST',
    headers: { 'X-Many': ['a', 'b'], cookie: 'k=1; l=2', 'content-type': 'application/json', 'user-agent': 'test' },
    body: '{"a":1}',
  });
  const certificate = new X509Certificate(fixture.client.cert);
  expect(fixture.events[0]?.event).toEqual({
    version: '2.0',
    routeKey: 'POST /schedule/{proxy+}',
    rawPath: '/schedule/events/a b',
    rawQueryString: 'x=1&x=2&y=%26',
    cookies: ['k=1', 'l=2'],
    headers: {
      host: 'mesh.example.com',
      'x-many': 'a,b',
      'content-type': 'application/json',
      'user-agent': 'test',
      'content-length': '7',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-port': String(fixture.gateway.port),
      'x-forwarded-proto': 'https',
    },
    queryStringParameters: { x: '1,2', y: '&' },
    pathParameters: { proxy: 'events/a b' },
    requestContext: {
      accountId: '123456789012',
      apiId: fixture.apiId,
      authentication: {
        clientCert: {
          clientCertPem: fixture.client.cert,
          subjectDN: 'O=Example,CN=mail',
          issuerDN: 'CN=Test root',
          serialNumber: certificate.serialNumber.toLowerCase().match(/../g)?.join(':'),
          validity: { notBefore: certificate.validFrom, notAfter: certificate.validTo },
        },
      },
      domainName: 'mesh.example.com',
      domainPrefix: 'mesh',
      http: {
        method: 'POST',
        path: '/schedule/events/a b',
        protocol: 'HTTP/1.1',
        sourceIp: '127.0.0.1',
        userAgent: 'test',
      },
      requestId: expect.stringMatching(/^[A-Za-z0-9+/]{15}=$/),
      routeKey: 'POST /schedule/{proxy+}',
      stage: '$default',
      time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
      timeEpoch: expect.any(Number),
    },
    body: '{"a":1}',
    isBase64Encoded: false,
  });
});

test('gives a binary body as base64', async () => {
  await fixture.createFunctionRoute('$default', () => ({}));
  const body = Buffer.from([0, 255, 128]);
  await fixture.call('/', { method: 'POST', body, headers: { 'content-type': 'application/octet-stream' } });
  expect(fixture.events[0]?.event).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
});

test('asks whether the function allows the route, by the route key', async () => {
  await fixture.createFunctionRoute('ANY /schedule/{proxy+}', () => ({}));
  await fixture.createFunctionRoute('$default', () => ({}));
  await fixture.call('/schedule/1', { method: 'DELETE' });
  await fixture.call('/');
  const prefix = `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/$default`;
  expect(fixture.sourceArns).toEqual([`${prefix}/DELETE/schedule/{proxy+}`, `${prefix}/$default`]);
});

test('answers 500 when the function does not allow it', async () => {
  await fixture.createFunctionRoute('$default', () => 'never');
  fixture.forbidden.add('arn:aws:lambda:us-east-1:123456789012:function:f0');
  expect(await fixture.call('/')).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
  expect(fixture.events).toEqual([]);
});

test.each([
  ['text', 'hello', 'hello'],
  ['a document', { message: 'hello' }, '{"message":"hello"}'],
  ['a list', [1, 2], '[1,2]'],
  ['nothing', undefined, 'null'],
])('makes %s without a status code the JSON body of a 200', async (_, result, body) => {
  await fixture.createFunctionRoute('$default', () => result);
  const answer = await fixture.call('/');
  expect(answer).toMatchObject({ status: 200, body });
  expect(answer.headers['content-type']).toBe('application/json');
});

test('reads a structured answer: status, headers, cookies, base64', async () => {
  await fixture.createFunctionRoute('$default', () => ({
    statusCode: 201,
    headers: { 'X-One': 'a', 'X-Number': 5 },
    cookies: ['k=1; Secure', 'l=2'],
    body: Buffer.from('binary').toString('base64'),
    isBase64Encoded: true,
  }));
  const answer = await fixture.call('/');
  expect(answer).toMatchObject({ status: 201, body: 'binary' });
  expect(answer.headers).toMatchObject({ 'x-one': 'a', 'x-number': '5', 'set-cookie': ['k=1; Secure', 'l=2'] });
});

test.each([
  ['a status code that is none', { statusCode: 'created' }],
  ['a status code out of range', { statusCode: 99 }],
  ['headers that are no map', { statusCode: 200, headers: ['a'] }],
  ['a header with a line break', { statusCode: 200, headers: { 'x-one': 'a\r\nset-cookie: b=1' } }],
  ['a header name with a space', { statusCode: 200, headers: { 'x one': 'a' } }],
  ['a cookie with a line break', { statusCode: 200, cookies: ['a=1\r\nx: y'] }],
])('answers 500 for %s', async (_, result) => {
  await fixture.createFunctionRoute('$default', () => result);
  expect(await fixture.call('/')).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
});

test('answers 500 when the function fails, and tells the caller nothing of it', async () => {
  await fixture.createFunctionRoute('$default', () => {
    throw new Error('secret detail');
  });
  expect((await fixture.call('/')).body).toBe('{"message":"Internal Server Error"}');
});

test('answers 504 when the function takes longer than the integration allows', async () => {
  await fixture.createFunctionRoute('$default', () => new Promise(() => undefined), { TimeoutInMillis: 50 });
  expect(await fixture.call('/')).toMatchObject({ status: 504, body: '{"message":"Gateway Timeout"}' });
});

test('takes no payload format 1.0 for a function', async () => {
  await expect(fixture.createFunctionRoute('$default', () => ({}), { PayloadFormatVersion: '1.0' })).rejects.toThrow(
    'the sandbox does not support a function integration with PayloadFormatVersion 1.0',
  );
});
