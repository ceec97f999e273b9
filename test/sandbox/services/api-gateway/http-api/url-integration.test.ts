import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { GatewayFixture } from '../gateway-fixture';

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let fixture: GatewayFixture;
let backend: Server;
let url: string;
let respond: RequestListener;
const received: Received[] = [];

beforeEach(async () => {
  received.length = 0;
  respond = (_, response) => response.end('answer');
  backend = createServer(async (request, response) => {
    const { method, url, headers } = request;
    received.push({ method, url, headers, body: await text(request) });
    respond(request, response);
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  fixture = await GatewayFixture.start();
});

afterEach(async () => {
  backend.closeAllConnections();
  backend.close();
  await fixture.gateway.close();
});

test('passes method, path, query, headers and body on, and the answer back', async () => {
  respond = (_, response) => {
    response.writeHead(201, {
      'x-answer': 'a',
      'set-cookie': ['k=1', 'l=2'],
      connection: 'close, x-private',
      'x-private': 'b',
    });
    response.end('created');
  };
  await fixture.createUrlRoute('ANY /schedule/{proxy+}', `${url}/base/{proxy}`);
  const answer = await fixture.call('/schedule/events/a%20b?x=1&y=%26', {
    method: 'PUT',
    headers: { 'X-One': 'a', cookie: 'k=1' },
    body: 'content',
  });
  expect(received).toEqual([
    {
      method: 'PUT',
      url: '/base/events/a%20b?x=1&y=%26',
      body: 'content',
      headers: {
        host: url.slice('http://'.length),
        'x-one': 'a',
        cookie: 'k=1',
        'content-length': '7',
        forwarded: 'for=127.0.0.1;host=mesh.example.com;proto=https',
        via: 'HTTP/1.1 AmazonAPIGateway',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
        connection: 'close',
      },
    },
  ]);
  expect(answer).toMatchObject({ status: 201, body: 'created' });
  expect(answer.headers).toMatchObject({ 'x-answer': 'a', 'set-cookie': ['k=1', 'l=2'] });
  expect(answer.headers).not.toHaveProperty('x-private');
});

test.each([
  ['$default', '/whole', '/a/b?x=1', '/whole/a/b?x=1'],
  ['GET /a/{id}', '/things/{id}/detail?fixed=1', '/a/5?x=1', '/things/5/detail?fixed=1&x=1'],
  ['ANY /a/{proxy+}', '/{proxy+}', '/a/%25252e%25252e/b', '/%252e%252e/b'],
  ['ANY /a/{proxy+}', '/fixed', '/a/b', '/fixed'],
  ['GET /a/{id}', '/{id}', '/a/%253Fx=1%2523y', '/%3Fx%3D1%23y'],
])('for %s and the URL path %s, %s becomes %s', async (routeKey, template, path, target) => {
  await fixture.createUrlRoute(routeKey, url + template);
  expect((await fixture.call(path)).status).toBe(200);
  expect(received[0]?.url).toBe(target);
});

test('uses the integration method where it is not ANY', async () => {
  await fixture.createUrlRoute('$default', url, { IntegrationMethod: 'POST' });
  await fixture.call('/', { method: 'GET' });
  expect(received[0]?.method).toBe('POST');
});

test('answers 503 when nothing listens', async () => {
  await fixture.createUrlRoute('$default', url);
  await new Promise((resolve) => backend.close(resolve));
  expect(await fixture.call('/')).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
});

test('answers 503 when the connection breaks amid the answer', async () => {
  respond = (_, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('part');
    setImmediate(() => response.destroy());
  };
  await fixture.createUrlRoute('$default', url);
  expect((await fixture.call('/')).status).toBe(503);
});

test('answers 504 when the answer takes longer than the integration allows, and hangs up', async () => {
  const hungUp = new Promise<void>((resolve) => {
    respond = (_, response) => response.on('close', resolve);
  });
  await fixture.createUrlRoute('$default', url, { TimeoutInMillis: 50 });
  expect(await fixture.call('/')).toMatchObject({ status: 504, body: '{"message":"Gateway Timeout"}' });
  await hungUp;
});

describe('parameter mapping', () => {
  const mapped = async (
    RequestParameters: Record<string, string>,
    call: Parameters<GatewayFixture['call']>[1] = {},
  ) => {
    await fixture.createUrlRoute('ANY /a/{id}', `${url}/{id}`, { RequestParameters });
    expect((await fixture.call('/a/5?q=1&q=2', call)).status).toBe(200);
    return received.at(-1);
  };

  test.each([
    ['static text', 'overwrite:header.x-to', 'text', 'text'],
    ['a header', 'overwrite:header.x-to', '$request.header.X-From', 'from'],
    ['a query parameter', 'overwrite:header.x-to', '$request.querystring.q', '1,2'],
    ['the path', 'overwrite:header.x-to', '$request.path', '/a/5'],
    ['a path variable', 'overwrite:header.x-to', '$request.path.id', '5'],
    ['a context variable', 'overwrite:header.x-to', '$context.identity.clientCert.subjectDN', 'O=Example,CN=mail'],
    [
      'text with expressions',
      'overwrite:header.X-To',
      '${request.path.id} of ${context.domainName}',
      '5 of mesh.example.com',
    ],
    ['a value beside the one that is there', 'append:header.x-to', 'more', 'sent,more'],
    [
      'the PEM, its lines joined',
      'overwrite:header.x-to',
      '$context.identity.clientCert.clientCertPem',
      expect.stringMatching(/^-----BEGIN CERTIFICATE----- \S/),
    ],
  ])('writes %s', async (_, key, value, expected) => {
    const { headers } = (await mapped({ [key]: value }, { headers: { 'x-from': 'from', 'x-to': 'sent' } })) ?? {};
    expect(headers?.['x-to']).toEqual(expected);
  });

  test.each([
    ['overwrites with what the request does not have', { 'overwrite:header.x-to': '$context.authorizer.clientName' }],
    ['removes', { 'remove:header.X-TO': "''" }],
  ])('leaves nothing of the header that it %s', async (_, parameters) => {
    const { headers } = (await mapped(parameters, { headers: { 'x-to': 'sent', 'X-To': 'again' } })) ?? {};
    expect(headers).not.toHaveProperty('x-to');
  });

  test('changes the query string', async () => {
    const parameters = { 'overwrite:querystring.q': 'a b', 'append:querystring.r': '$request.path.id' };
    expect((await mapped(parameters))?.url).toBe('/5?q=a+b&r=5');
  });

  test('overwrites the path, encoded', async () => {
    expect((await mapped({ 'overwrite:path': '/other/${request.path.id}?#x' }))?.url).toBe('/other/5%3F%23x?q=1&q=2');
  });

  test.each([
    ['append:header.Authorization', 'a'],
    ['overwrite:header.X-Forwarded-For', 'a'],
    ['overwrite:header.x-amzn-mtls-clientcert', 'a'],
    ['remove:header.apigw-requestid', ''],
    ['overwrite:header.via', 'a'],
    ['overwrite:header.a b', 'a'],
    ['overwrite:body', 'a'],
    ['replace:header.a', 'a'],
    ['overwrite:header.a', '$request.body.name'],
    ['overwrite:header.a', '$unknown.name'],
    ['overwrite:header.a', '${unknown}'],
  ])('is refused when the integration is made: %s from %s', async (key, value) => {
    await expect(fixture.createUrlRoute('$default', url, { RequestParameters: { [key]: value } })).rejects.toThrow(
      /^Invalid mapping expression specified/,
    );
  });
});

describe('identity headers', () => {
  const identity = { 'overwrite:header.x-mesh-client-name': '$context.authorizer.clientName' };

  beforeEach(async () => {
    const context = { clientName: 'mail' };
    await fixture.createAuthorizer(() => ({ isAuthorized: true, context }));
    await fixture.createUrlRoute('$default', url, { RequestParameters: identity });
  });

  test.each([
    ['sends them itself', { 'x-mesh-client-name': 'social' }],
    ['sends them twice and in other letters', { 'X-Mesh-Client-Name': ['social', 'groups'] }],
    ['has Connection name them', { 'x-mesh-client-name': 'social', connection: 'close, x-mesh-client-name' }],
  ])('say what the authorizer said when the caller %s', async (_, headers) => {
    await fixture.call('/', { headers });
    expect(received[0]?.headers['x-mesh-client-name']).toBe('mail');
  });

  test('are gone on a route without an authorizer', async () => {
    const open = await GatewayFixture.start();
    await open.createUrlRoute('$default', url, { RequestParameters: identity });
    await open.call('/', { headers: { 'x-mesh-client-name': 'social' } });
    await open.gateway.close();
    expect(received[0]?.headers).not.toHaveProperty('x-mesh-client-name');
  });

  test('begin no other header, whatever the authorizer puts into them', async () => {
    const hostile = await GatewayFixture.start();
    const context = { clientName: 'mail\r\nx-injected: 1\n\u0000ü' };
    await hostile.createAuthorizer(() => ({ isAuthorized: true, context }));
    await hostile.createUrlRoute('$default', url, { RequestParameters: identity });
    expect((await hostile.call('/')).status).toBe(200);
    await hostile.gateway.close();
    expect(received[0]?.headers).not.toHaveProperty('x-injected');
    const octets = Buffer.from(String(received[0]?.headers['x-mesh-client-name']), 'latin1');
    expect(octets.toString('utf8')).toBe('mail x-injected: 1 ü');
  });
});

test.each(['ftp://example.com', 'example.com', 'http://{host}/a', 'http://a b/', 'http://'])(
  'refuses the URL %s',
  async (uri) => {
    await expect(fixture.createUrlRoute('$default', uri)).rejects.toThrow(
      `Invalid HTTP endpoint specified for URI: ${uri}`,
    );
  },
);
