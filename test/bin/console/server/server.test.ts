import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { type ConsoleServer, serveConsole } from '../../../../bin/console/server/server';
import { exampleMesh, type MemoryMesh, OPERATOR } from '../../shared/memory-mesh';
import { openConsole } from '../open-console';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

let mesh: MemoryMesh;
let server: ConsoleServer;
let origin: string;
/** With slashes at both ends. */
let root: string;

beforeEach(async () => {
  mesh = exampleMesh();
  server = await openConsole(mesh);
  ({ origin, pathname: root } = new URL(server.url));
});
afterEach(() => server.close());

/** @param path is sent as it is */
function send(path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, agent: false, ...options }, async (response) => {
      const { statusCode: status = 0, headers } = response;
      resolve({ status, headers, body: await text(response) });
    });
    // The server may answer before it has read everything.
    sent.on('error', reject).end(body);
  });
}

const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  send(`${root}${path}`, { method: 'POST', headers: { origin, 'content-type': 'application/json', ...headers } }, body);

/** Nothing of the example was changed. */
function expectNoChange(): void {
  expect(mesh.registry.clients.get('mail')?.state).toBe('ENABLED');
  expect(mesh.steps).toEqual([]);
}

test('the URL has the address of this machine and a token that nobody can guess', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}\/$/);
  const other = await openConsole(mesh);
  other.close();
  expect(new URL(other.url).pathname).not.toBe(root);
});

test.each(['', 'main.js', 'console.css', 'icon.svg', 'api/state', 'api/clients/mail'])(
  'a request with the token is answered: %s',
  async (path) => {
    expect((await send(root + path)).status).toBe(200);
  },
);

test.each(['/', '/api/state', '//api/state', '/wrong/api/state', '/wrong/', '/main.js', '/index.html'])(
  'a request without the token is refused: %s',
  async (path) => {
    const { status, body } = await send(path);
    expect([status, JSON.parse(body)]).toEqual([
      403,
      { error: 'the URL must be the one that `mtls-mesh console` has printed' },
    ]);
  },
);

test('neither a part of the token, nor more of it, nor the token elsewhere in the URL counts', async () => {
  const token = root.slice(1, -1);
  const paths = [
    `/${token.slice(0, -1)}/api/state`,
    `/${token}x/api/state`,
    `/${token.toUpperCase()}/api/state`,
    `/api/state?token=${token}`,
    `/x/${token}/api/state`,
    `/x/..${root}api/state`,
    `http://127.0.0.1${root}api/state`,
    `/${token}`,
  ];
  for (const path of paths) expect([path, (await send(path)).status]).toEqual([path, 403]);
});

test.each(['localhost', 'evil.example.com', '127.0.0.1', '127.0.0.1:1', '[::1]', '0.0.0.0'])(
  'a request by another name of this machine is refused: %s',
  async (host) => {
    const port = host.includes(':1') || host === '127.0.0.1' ? '' : `:${new URL(origin).port}`;
    expect((await send(`${root}api/state`, { headers: { host: host + port } })).status).toBe(421);
  },
);

test.each(['http://evil.example.com', 'null', 'http://localhost', 'https://127.0.0.1'])(
  'a request of another page is refused, whatever its method: %s',
  async (other) => {
    const port = other.includes('127.0.0.1') ? `:${new URL(origin).port}` : '';
    const headers = { origin: other + port };
    expect((await send(`${root}api/state`, { headers })).status).toBe(403);
    expect((await post('api/clients/mail/disable', '{}', headers)).status).toBe(403);
    expectNoChange();
  },
);

test('a change without an origin is refused, and so is one that a form could send', async () => {
  const path = `${root}api/clients/mail/disable`;
  const json = { 'content-type': 'application/json' };
  expect((await send(path, { method: 'POST', headers: json }, '{}')).status).toBe(403);
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data', '']) {
    expect((await post('api/clients/mail/disable', '{}', { 'content-type': type })).status).toBe(415);
  }
  expectNoChange();
});

test.each([
  ['GET', 'api/clients/mail/disable', 'POST'],
  ['PUT', 'api/clients/mail/disable', 'POST'],
  ['POST', 'api/state', 'GET'],
  ['DELETE', 'api/clients/mail', 'GET'],
  ['POST', '', 'GET'],
  ['HEAD', 'main.js', 'GET'],
  ['OPTIONS', 'api/state', 'GET'],
])('%s %s is refused with the method that is allowed', async (method, path, allowed) => {
  const { status, headers } = await send(root + path, { method, headers: { origin } });
  expect([status, headers.allow]).toEqual([405, allowed]);
  expectNoChange();
});

test.each([
  'index.html',
  'api',
  'api/',
  'api/clients',
  'api/clients/',
  'api/clients/mail/',
  'api/clients/mail/delete',
  'api/clients/mail/revoke/x',
  'api/clients/MAIL',
  'api/clients/..%2Fmail',
  'api/clients/<script>',
  '../package.json',
  '..%2Fmain.js',
  'constructor',
  '__proto__',
])('there is nothing at another path: %s', async (path) => {
  // The client of Node.js sends no angle brackets.
  const { status } = await send(root + path.replace('<', '%3C').replace('>', '%3E'));
  expect(status).toBe(404);
});

test('a path with a query is none', async () => {
  expect((await send(`${root}api/state?x=1`)).status).toBe(403);
});

test.each([
  ['longer than 4 KB', JSON.stringify({ reason: 'x'.repeat(5_000) }), 413],
  ['no JSON', '{', 400],
  ['no object', '[]', 400],
  ['without a reason', '{"certificates":"all","rotate":false}', 400],
  ['with an unknown reason', '{"reason":"BORED","certificates":"all","rotate":false}', 400],
  ['without certificates', '{"reason":"KEY_COMPROMISE","rotate":false}', 400],
  ['with half a certificate', '{"reason":"KEY_COMPROMISE","certificates":{"serialNumber":"0B"},"rotate":false}', 400],
  ['that does not say whether to rotate', '{"reason":"KEY_COMPROMISE","certificates":"all"}', 400],
])('a revocation with a body %s changes nothing', async (_, body, expected) => {
  const { status } = await post('api/clients/mail/revoke', body);
  expect(status).toBe(expected);
  expectNoChange();
});

test('a client that the mesh does not have is an error with the known ones', async () => {
  const { status, body } = await post('api/clients/nobody/disable', '{}');
  expect([status, JSON.parse(body).error]).toEqual([
    409,
    'the mesh mesh.example.com has no client "nobody": its clients are mail, new, social',
  ]);
});

test('a change is made in the name of the operator, and the next state has it', async () => {
  const before = JSON.parse((await send(`${root}api/state`)).body);
  expect(before.registry.value.clients[0]).toMatchObject({ clientName: 'mail', state: 'ENABLED' });

  const { status, body } = await post('api/clients/mail/disable', '{}');
  expect([status, JSON.parse(body)]).toEqual([200, { done: ['mail is disabled'], failures: [] }]);
  expect(mesh.registry.clients.get('mail')).toMatchObject({ state: 'DISABLED', updatedBy: OPERATOR });
  const after = JSON.parse((await send(`${root}api/state`)).body);
  expect(after.registry.value.clients[0]).toMatchObject({ state: 'DISABLED', updatedBy: OPERATOR });
});

test.each(['', 'main.js', 'api/state', 'nothing'])('every answer has the headers that protect it: %s', async (path) => {
  const { headers } = await send(root + path);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'content-security-policy':
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; " +
      "form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(headers).not.toHaveProperty('access-control-allow-origin');
  expect(headers).not.toHaveProperty('set-cookie');
});

test('a refusal has them, too', async () => {
  const { headers } = await send('/');
  expect(headers).toMatchObject({ 'content-security-policy': expect.stringContaining("default-src 'none'") });
});

test('the page has no inline script, style, or handler, and loads nothing from elsewhere', async () => {
  const { body } = await send(root);
  expect(body).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:/i);
});

test('a port that is taken is an error', async () => {
  const port = Number(new URL(origin).port);
  const view = { state: () => Promise.reject(new Error()), renew: async () => undefined };
  await expect(serveConsole({ mesh, view, files: new Map(), port })).rejects.toThrow('EADDRINUSE');
});
