import { type ClientSecret, Sandbox } from '../../sandbox';
import { attackedMesh, HOST, request, type Seen, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';

let sandbox: Sandbox;
let mail: ClientSecret;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(attackedMesh());
  mail = await sandbox.clientSecret('mail');
});
afterAll(() => sandbox?.close());

const send = (octets: string, serverName = HOST) => sendRaw(sandbox, octets, { credentials: mail, serverName });

test('a good request reaches the service, as its caller', async () => {
  const { status, seen } = await send(request('/schedule/events'));
  expect([status, seen.map(({ clientName, path }) => [clientName, path])]).toEqual([
    200,
    [['mail', '/schedule/events']],
  ]);
});

/** Every name that a server may take for an identity header. */
function isIdentityHeader(name: string): boolean {
  return name
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .startsWith('x-mesh-');
}

function assertTrueIdentity(seen: readonly Seen[]): void {
  for (const { clientName, headers } of seen) {
    expect(clientName).toBe('mail');
    for (const [name, value] of Object.entries(headers))
      if (isIdentityHeader(name)) expect(value).not.toContain('social');
  }
}

const NAMES = [
  'x-mesh-client-name',
  'x-mesh-spiffe-id',
  'x-mesh-certificate-serial-number',
  'x-mesh-certificate-fingerprint',
];
const FOLDS: readonly [string, (name: string) => string][] = [
  ['as it is', (name) => name],
  ['upper case', (name) => name.toUpperCase()],
  ['mixed case', (name) => name.replace(/-./g, (part) => part.toUpperCase())],
  ['underscores (CGI, WSGI, Rack, PHP)', (name) => name.replaceAll('-', '_')],
  ['one underscore', (name) => name.replace('-', '_')],
  ['dots (PHP)', (name) => name.replaceAll('-', '.')],
  ['tildes', (name) => name.replaceAll('-', '~')],
  ['carets', (name) => name.replaceAll('-', '^')],
  ['doubled hyphens', (name) => name.replaceAll('-', '--')],
  ['the prefix of CGI', (name) => `HTTP_${name.toUpperCase().replaceAll('-', '_')}`],
];

attacks<string>(
  'identity headers by every folding rule',
  FOLDS.flatMap(([fold, folded]) =>
    NAMES.map((name): Shape<string> => [`${name}, ${fold}`, `${folded(name)}: social`]),
  ),
  async (header) => assertTrueIdentity((await send(request('/schedule', [header]))).seen),
);

attacks<readonly string[]>(
  'identity headers by the letters of HTTP',
  [
    ['twice', ['x-mesh-client-name: social', 'x-mesh-client-name: social']],
    ['a space before the colon', ['x-mesh-client-name : social']],
    ['a tab before the colon', ['x-mesh-client-name\t: social']],
    ['a folded line', ['x-other: a', ' x-mesh-client-name: social']],
    ['a line that begins with a tab', ['x-other: a', '\tx-mesh-client-name: social']],
    ['a bare carriage return', ['x-other: a\rx-mesh-client-name: social']],
    ['a bare line feed', ['x-other: a\nx-mesh-client-name: social']],
    ['a null', ['x-other: a\0x-mesh-client-name: social']],
    ['an empty name', [': social']],
    ['named by Connection', ['Connection: x-mesh-client-name', 'x-mesh-client-name: social']],
    [
      'in a trailer',
      ['Transfer-Encoding: chunked', 'Trailer: x-mesh-client-name', '', '0', 'x-mesh-client-name: social'],
    ],
    ['full-width letters', ['\uff38-mesh-client-name: social'.replace('\uff38', '\xef\xbc\xb8')]],
    ['a header for the gateway’s own context', ['x-amzn-authorizer: {"clientName":"social"}', 'apigw-requestid: x']],
    [
      'a header of the method override',
      ['x-http-method-override: DELETE', 'x-original-url: /users', 'x-rewrite-url: /users'],
    ],
  ],
  async (headers) => assertTrueIdentity((await send(request('/schedule', headers, { method: 'POST' }))).seen),
);

/** Paths that a client of `schedule` may send to reach `users`, or what lies outside both. */
const DOTS = [
  '..',
  '%2e%2e',
  '.%2e',
  '%2E.',
  '%252e%252e',
  '%25252e%25252e',
  '..;',
  '..;x=1',
  '%2e%2e%3b',
  '.\u200b.',
  '\uff0e\uff0e',
];
const SLASHES = ['/', '%2f', '%5c', '\\', '%252f', '%255c', '//'];
const traversals = DOTS.flatMap((dots) =>
  SLASHES.map(
    (slash): Shape<string> => [`${dots} with ${slash}`, encodeLatin(`/schedule${slash}${dots}${slash}users/1`)],
  ),
);

attacks<string>('paths out of a service', traversals, async (path) => {
  const { seen } = await send(request(path));
  // A request that gets through belongs to the service that its decoded path names, and holds nothing to resolve further.
  for (const { path: found } of seen) {
    expect(found).toMatch(/^\/(schedule|users)(\/|$)/);
    expect(decodeURIComponent(found)).not.toMatch(/(^|[/\\])\.{1,2}([/\\;]|$)|\\|%2f|%5c/i);
  }
});

attacks<string>(
  'paths that are read in two ways',
  [
    ['an encoded question mark', '/schedule%3F/../users'],
    ['a doubly encoded question mark', '/schedule%253F/../users'],
    ['an encoded number sign', '/schedule/a%23/../../users'],
    ['an encoded null', '/schedule/a%00b'],
    ['an encoded line feed', '/schedule/a%0ab'],
    ['an encoded carriage return', '/schedule/a%0d%0ax-mesh-client-name:%20social'],
    ['an escape that is none', '/schedule/%zz'],
    ['an escape of one digit', '/schedule/%2'],
    ['an overlong slash', '/schedule/%c0%af..%c0%afusers'],
    ['a surrogate', '/schedule/%ed%a0%80'],
    ['an encoded delete', '/schedule/a%7fb'],
    ['a right-to-left override', '/schedule/%E2%80%AE..'],
  ],
  async (path) => {
    for (const { path: found } of (await send(request(path))).seen) {
      expect(found).toMatch(/^\/schedule/);
      expect(found).not.toMatch(/[?#\\\p{Cc}]|\.\./u);
    }
  },
);

attacks<string>(
  'targets, hosts, and methods',
  [
    ['another host', request('/schedule', [], { host: ['Host: other.example.com'] })],
    ['no host', request('/schedule', [], { host: [] })],
    ['two hosts', request('/schedule', [], { host: [`Host: ${HOST}`, 'Host: other.example.com'] })],
    [
      'the execute-api host',
      request('/schedule', [], { host: ['Host: abcdef1234.execute-api.us-east-1.amazonaws.com'] }),
    ],
    ['a host with user and path', request('/schedule', [], { host: [`Host: ${HOST}@other.example.com/`] })],
    ['an absolute target of another host', request('https://other.example.com/schedule')],
    ['CONNECT', request(`${HOST}:443`, [], { method: 'CONNECT' })],
    ['a method in lower case', request('/schedule', [], { method: 'get' })],
    ['an unknown method', request('/schedule', [], { method: 'ADMIN' })],
    ['HTTP/0.9', 'GET /schedule\r\n\r\n'],
    ['HTTP/2 without agreement', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['a target that is no path', request('schedule')],
    ['the whole server', request('*', [], { method: 'OPTIONS' })],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (octets) => expect((await send(octets)).seen).toEqual([]),
);

test.each(['other.example.com', 'abcdef1234.execute-api.us-east-1.amazonaws.com', 'localhost'])(
  'the server name %s of the handshake leads to nothing',
  async (serverName) => {
    expect((await send(request('/schedule'), serverName)).seen).toEqual([]);
  },
);

test('TRACE, which the service answers, is of its caller', async () => {
  assertTrueIdentity((await send(request('/schedule', ['x-mesh_client-name: social'], { method: 'TRACE' }))).seen);
});

const SMUGGLED = request('/users/smuggled');
attacks<string>(
  'smuggled requests',
  [
    [
      'CL.TE',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${SMUGGLED.length + 5}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    [
      'TE.CL',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
    ],
    [
      'two lengths',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    ],
    ['a length with a sign', `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: +0\r\n\r\n${SMUGGLED}`],
    ['a list of lengths', `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: 0, 0\r\n\r\n${SMUGGLED}`],
    [
      'an encoding with a space',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    [
      'an encoding that is folded',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    [
      'an unknown encoding',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    [
      'a chunk length in another base',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${SMUGGLED}`,
    ],
    [
      'a chunk extension with a line feed',
      `POST /schedule HTTP/1.1\r\nHost: ${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n0;a\n\r\n${SMUGGLED}`,
    ],
    [
      'a body of GET',
      `GET /schedule HTTP/1.1\r\nHost: ${HOST}\r\nContent-Length: ${SMUGGLED.length}\r\n\r\n${SMUGGLED}`,
    ],
  ],
  // What looks like a second request may be one, of the same caller on his own connection, and never of another.
  async (octets) => assertTrueIdentity((await send(octets)).seen),
);

function encodeLatin(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}
