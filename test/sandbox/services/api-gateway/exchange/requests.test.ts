import { GatewayFixture } from '../gateway-fixture';

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
  await fixture.createFunctionRoute('ANY /schedule/{proxy+}', () => 'schedule');
  await fixture.createFunctionRoute('ANY /groups/{proxy+}', () => 'groups');
});

afterEach(() => fixture.gateway.close());

/** Sends octets that no HTTP client would, and answers what comes back. */
async function send(octets: string): Promise<string> {
  const socket = await fixture.handshake(fixture.client);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(octets, 'latin1');
  await new Promise((resolve) => socket.on('close', resolve));
  return Buffer.concat(chunks).toString('latin1');
}

test('answers 404 where no route is', async () => {
  expect(await fixture.call('/other')).toMatchObject({ status: 404, body: '{"message":"Not Found"}' });
});

test('answers 403 where no API is mapped', async () => {
  await fixture.createDomain('empty.example.com');
  const answer = await fixture.call('/schedule/1', { domain: 'empty.example.com' });
  expect(answer).toMatchObject({ status: 403, body: '{"message":"Forbidden"}' });
});

test("finds routes below the API mapping's key, which is not part of the raw path", async () => {
  await fixture.createDomain('api.example.com');
  const mapping = { ApiId: fixture.apiId, DomainName: 'api.example.com', Stage: '$default', ApiMappingKey: 'v1/mesh' };
  await fixture.create('ApiMapping', mapping);
  expect((await fixture.call('/v1/mesh/schedule/1', { domain: 'api.example.com' })).body).toBe('schedule');
  expect(fixture.events[0]?.event['rawPath']).toBe('/schedule/1');
  expect((await fixture.call('/schedule/1', { domain: 'api.example.com' })).status).toBe(403);
});

test.each([
  ['/schedule/../groups/1', 400],
  ['/schedule/%2e%2e/groups/1', 400],
  ['/schedule/..%2fgroups/1', 400],
  ['/schedule/..%5Cgroups/1', 400],
  ['/schedule/%252e%252e/groups/1', 400],
  ['/schedule/percent%25done', 400],
  ['//groups/1', 404],
  ['/%2fgroups/1', 404],
  ['/Groups/1', 404],
  ['/schedule;/groups/1', 404],
])('answers %s with %i and calls no function', async (path, status) => {
  expect((await fixture.call(path)).status).toBe(status);
  expect(fixture.events).toEqual([]);
});

test.each([
  ['/schedule//groups/1', '/groups/1'],
  ['/schedule/%25252e%25252e/groups/1', '%2e%2e/groups/1'],
  ['/schedule%2fgroups/1', 'groups/1'],
  ['/schedule%252fgroups/1', 'groups/1'],
  ['/schedule/a%3F/groups/1', 'a'],
])('keeps %s within the service that it begins with', async (path, proxy) => {
  expect((await fixture.call(path)).body).toBe('schedule');
  expect(fixture.events[0]?.event['pathParameters']).toEqual({ proxy });
});

test.each([
  ['another host', 'Host: other.example.com'],
  ['two hosts', 'Host: mesh.example.com\r\nHost: other.example.com'],
  ['a host that only begins alike', 'Host: mesh.example.com.evil.example.org'],
])('answers 403 or 400 for %s', async (_, hosts) => {
  const answer = await send(`GET /groups/1 HTTP/1.1\r\n${hosts}\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
  expect(fixture.events).toEqual([]);
});

test('takes the port in the host', async () => {
  const host = `mesh.example.com:${fixture.gateway.port}`;
  expect((await fixture.call('/groups/1', { headers: { host } })).body).toBe('groups');
});

test.each([
  ['two lengths', 'Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
  ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['an unknown transfer encoding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
  ['a folded header', 'X-One: a\r\n b: c\r\n\r\n'],
  ['a space before the colon', 'X-One : a\r\n\r\n'],
  ['a bare line feed in a header', 'X-One: a\nX-Two: b\r\n\r\n'],
  ['a null in a header', 'X-One: a\u0000b\r\n\r\n'],
])('refuses a request with %s, and calls no function', async (_, rest) => {
  const answer = await send(`POST /groups/1 HTTP/1.1\r\nHost: mesh.example.com\r\nConnection: close\r\n${rest}`);
  expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  expect(fixture.events).toEqual([]);
});

test('serves one request after another over one connection', async () => {
  const get = 'GET /groups/1 HTTP/1.1\r\nHost: mesh.example.com\r\n';
  const answers = await send(`${get}\r\n${get}Connection: close\r\n\r\n`);
  expect(answers.match(/HTTP\/1\.1 200 /g)).toHaveLength(2);
});

test('answers 413 for a body of more than 10 MB, and takes one of 10 MB', async () => {
  const limit = 10 * 1024 * 1024;
  const post = (length: number) => fixture.call('/groups/1', { method: 'POST', body: Buffer.alloc(length) });
  expect(await post(limit + 1)).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
  expect((await post(limit)).status).toBe(200);
});

test('reads every header, however many come before it', async () => {
  const others = 'a:\r\n'.repeat(1_500);
  const host = 'Host: mesh.example.com\r\n';
  const get = `GET /groups/1 HTTP/1.1\r\n${host}Connection: close\r\n${others}`;
  expect(await send(`${get}\r\n`)).toMatch(/^HTTP\/1\.1 200 /);
  expect(await send(`${get}Host: other.example.com\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403 /);
});

test('answers 431 for request line and header values of more than 10,240 octets', async () => {
  expect((await fixture.call('/groups/1', { headers: { 'x-long': 'a'.repeat(10_240) } })).status).toBe(431);
  expect((await fixture.call('/groups/1', { headers: { 'x-long': 'a'.repeat(10_000) } })).status).toBe(200);
});

test('says its request id', async () => {
  const { headers } = await fixture.call('/groups/1');
  expect(fixture.events[0]?.event).toMatchObject({ requestContext: { requestId: headers['apigw-requestid'] } });
});

test('logs what came of each request, with a hyphen for what it does not support', async () => {
  await fixture.createAuthorizer(() => ({ isAuthorized: true, context: { clientName: 'mail' } }));
  await fixture.createFunctionRoute('GET /users', () => 'users');
  await fixture.call('/users');
  await fixture.call('/other');
  expect(fixture.log).toEqual(['access: 200 GET /users mail -', 'access: 404 - - -']);
});
