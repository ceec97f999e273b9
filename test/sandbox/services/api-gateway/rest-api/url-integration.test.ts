import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { policy, RestFixture } from './rest-fixture';

interface Received {
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let fixture: RestFixture;
let backend: Server;
let received: Received[];
let origin: string;

beforeEach(async () => {
  received = [];
  backend = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    received.push({ target: `${method} ${url}`, headers, body: Buffer.concat(chunks).toString() });
    if (url === '/silent') return;
    response
      .writeHead(201, {
        'x-one': ['a', 'b'],
        'x-amzn-requestid': 'forged',
        connection: 'x-gone',
        'x-gone': 'a',
      })
      .end('answer');
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  fixture = await RestFixture.start();
});

afterEach(async () => {
  backend.closeAllConnections();
  backend.close();
  await fixture.close();
});

const proxy = (Uri: string, settings: object = {}) => ({
  Type: 'HTTP_PROXY',
  IntegrationHttpMethod: 'ANY',
  Uri,
  ...settings,
});

test('forwards the request and returns the response', async () => {
  await fixture.createMethod('ANY /items', proxy(`${origin}/backend?fixed=1`));
  await fixture.deploy();
  const headers = { 'x-two': 'b', 'content-type': 'text/plain', 'x-forwarded-for': '192.0.2.1' };
  const answer = await fixture.call('/items?a=1', { method: 'POST', headers, body: 'text' });
  expect(answer).toMatchObject({ status: 201, body: 'answer', headers: { 'x-one': 'a, b' } });
  expect(answer.headers).not.toHaveProperty('x-gone');
  expect(answer.headers).toMatchObject({
    'x-amzn-remapped-date': expect.stringMatching(/ GMT$/),
    'x-amzn-remapped-x-amzn-requestid': 'forged',
    'x-amzn-requestid': expect.stringMatching(/^[0-9a-f-]{36}$/),
  });
  expect(received[0]).toMatchObject({
    target: 'POST /backend?fixed=1&a=1',
    body: 'text',
    headers: {
      'x-two': 'b',
      host: new URL(origin).host,
      'x-amzn-apigateway-api-id': fixture.apiId,
      'user-agent': `AmazonAPIGateway_${fixture.apiId}`,
      'x-forwarded-for': '192.0.2.1, 127.0.0.1',
      'x-forwarded-proto': 'https',
    },
  });
});

test('uses its own method', async () => {
  await fixture.createMethod('GET /items', proxy(`${origin}/`, { IntegrationHttpMethod: 'PUT' }));
  await fixture.deploy();
  await fixture.call('/items');
  expect(received[0]?.target).toBe('PUT /');
});

test.each([
  ['/items/a%20b/c', '/backend/a%20b/c'],
  ['/items/a%2Fb', '/backend/a/b'],
  ['/items/a%3Fb', '/backend/a%3Fb'],
  ['/items/a%25b', '/backend/a%25b'],
])('fills the path variable for %s in encoded: %s', async (path, expected) => {
  const RequestParameters = { 'integration.request.path.proxy': 'method.request.path.proxy' };
  const settings = { RequestParameters: { 'method.request.path.proxy': true } };
  await fixture.createMethod(
    'ANY /items/{proxy+}',
    proxy(`${origin}/backend/{proxy}`, { RequestParameters }),
    settings,
  );
  await fixture.deploy();
  await fixture.call(path);
  expect(received[0]?.target).toBe(`GET ${expected}`);
});

test('has mapped headers written over those of the caller', async () => {
  await fixture.createAuthorizer(() => policy('Allow', { clientName: 'mail' }));
  const RequestParameters = {
    'integration.request.header.X-Mesh-Client': 'context.authorizer.clientName',
    'integration.request.header.X-Mesh-Grant': 'context.authorizer.missing',
  };
  await fixture.createMethod('GET /items', proxy(`${origin}/`, { RequestParameters }));
  await fixture.deploy();
  await fixture.call('/items', { headers: { 'X-MESH-CLIENT': ['forged', 'twice'], 'x-mesh-grant': 'forged' } });
  expect(received[0]?.headers).toMatchObject({ 'x-mesh-client': 'mail' });
  expect(received[0]?.headers).not.toHaveProperty('x-mesh-grant');
});

test('goes to the target of the service', async () => {
  fixture.base.targets.set('schedule', new URL(origin));
  await fixture.createMethod('GET /schedule/{id}', proxy('https://backend.example.com/x'));
  await fixture.deploy();
  expect((await fixture.call('/schedule/5')).status).toBe(201);
  expect(received[0]?.target).toBe('GET /x');
});

test('refuses a target for a function', async () => {
  fixture.base.targets.set('schedule', new URL(origin));
  await expect(fixture.createFunctionMethod('GET /schedule/{id}', () => ({}))).rejects.toThrow(
    'the service schedule is a Lambda function, which the sandbox runs itself',
  );
});

test.each([
  ['does not answer', () => `${origin}/silent`, 'Endpoint request timed out'],
  ['is not there', () => 'http://127.0.0.1:1/', 'Network error communicating with endpoint'],
])('answers 504 for a server that %s', async (_, uri, message) => {
  await fixture.createMethod('GET /items', proxy(uri(), { TimeoutInMillis: 1_000 }));
  await fixture.deploy();
  expect(await fixture.call('/items')).toMatchObject({ status: 504, body: JSON.stringify({ message }) });
});
