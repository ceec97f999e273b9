import { X509Certificate } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AwsError } from '../../../../../sandbox/endpoint/api';
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
      'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
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

test('keeps the trace that the caller is in', async () => {
  await fixture.createFunctionRoute('$default', () => ({}));
  const trace = 'Root=1-67891233-abcdef012345678912345678';
  await fixture.call('/', { headers: { 'X-Amzn-Trace-Id': trace } });
  expect(fixture.events[0]?.event).toMatchObject({ headers: { 'x-amzn-trace-id': trace } });
});

test.each<[string, Record<string, string>, string | Buffer, boolean]>([
  ['JSON', { 'content-type': 'application/json; charset=utf-8' }, '{}', false],
  ['JSON of a problem', { 'content-type': 'application/problem+json' }, '{}', false],
  ['text', { 'content-type': 'text/csv' }, 'grüße', false],
  ['XML that is not encoded', { 'content-type': 'application/xml', 'content-encoding': 'identity' }, '<a/>', false],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 'a=b', true],
  ['a body without a content type', {}, 'a', true],
  ['JSON in gzip', { 'content-type': 'application/json', 'content-encoding': 'gzip' }, gzipSync('{}'), true],
  ['text that is not UTF-8', { 'content-type': 'text/plain' }, Buffer.from([0x66, 0xff]), true],
])('gives %s to the function without loss', async (_, headers, body, isBase64Encoded) => {
  await fixture.createFunctionRoute('$default', () => ({}));
  await fixture.call('/', { method: 'POST', body, headers });
  const { event } = fixture.events[0] ?? {};
  expect(event).toMatchObject({ isBase64Encoded });
  expect(Buffer.from(String(event?.['body']), isBase64Encoded ? 'base64' : 'utf8')).toEqual(Buffer.from(body));
});

test('answers 413 for an event that is too large for the function', async () => {
  await fixture.createFunctionRoute('$default', () => {
    throw new AwsError('RequestTooLargeException', 'too large', 413);
  });
  expect(await fixture.call('/')).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
});

test('gives an answer without a content type that of plain text', async () => {
  await fixture.createFunctionRoute('GET /plain', () => ({ statusCode: 200, body: '{}' }));
  await fixture.createFunctionRoute('GET /named', () => ({
    statusCode: 200,
    headers: { 'Content-Type': 'text/html' },
  }));
  expect((await fixture.call('/plain')).headers['content-type']).toBe('text/plain; charset=utf-8');
  expect((await fixture.call('/named')).headers['content-type']).toBe('text/html');
});

test('drops the headers of a function that would describe the connection', async () => {
  const headers = {
    'Content-Length': '1',
    'Transfer-Encoding': 'chunked',
    Connection: 'close, x-named',
    'X-Named': 'a',
    Upgrade: 'h2c',
    'X-Kept': 'b',
  };
  await fixture.createFunctionRoute('$default', () => ({ statusCode: 200, headers, body: 'whole' }));
  const answer = await fixture.call('/', { headers: { connection: 'keep-alive' } });
  expect(answer).toMatchObject({ status: 200, body: 'whole' });
  expect(answer.headers).toMatchObject({ 'x-kept': 'b', connection: 'keep-alive' });
  for (const name of ['x-named', 'upgrade']) expect(answer.headers).not.toHaveProperty(name);
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
