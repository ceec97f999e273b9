import { HOST, request } from './attacked-mesh';
import { AttackedServices } from './attacked-services';
import { attacks, type Shape } from './attacks';

let services: AttackedServices;

beforeAll(async () => {
  services = await AttackedServices.start();
});
afterAll(() => services?.close());

const SMUGGLED = request('/groups/smuggled');
const post = (headers: readonly string[], body: string) =>
  [`POST /groups HTTP/1.1`, `Host: ${HOST}`, ...headers, '', body].join('\r\n');

attacks<string>(
  'smuggled requests whose length is ambiguous',
  [
    ['CL.TE', post([`Content-Length: ${SMUGGLED.length + 5}`, 'Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`)],
    [
      'TE.CL',
      post(
        ['Transfer-Encoding: chunked', 'Content-Length: 4'],
        `${SMUGGLED.length.toString(16)}\r\n${SMUGGLED}\r\n0\r\n\r\n`,
      ),
    ],
    ['two lengths', post(['Content-Length: 0', `Content-Length: ${SMUGGLED.length}`], SMUGGLED)],
    [
      'the same length twice',
      post([`Content-Length: ${SMUGGLED.length}`, `Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    ],
    ['a length with a sign', post(['Content-Length: +0'], SMUGGLED)],
    ['a negative length', post(['Content-Length: -1'], SMUGGLED)],
    ['a hexadecimal length', post(['Content-Length: 0x0'], SMUGGLED)],
    ['a list of lengths', post(['Content-Length: 0, 0'], SMUGGLED)],
    ['a length beyond 64 bits', post(['Content-Length: 99999999999999999999'], SMUGGLED)],
    ['a length with a space in it', post(['Content-Length: 1 0'], SMUGGLED)],
    ['an encoding with a space', post(['Transfer-Encoding : chunked'], `0\r\n\r\n${SMUGGLED}`)],
    [
      'an encoding that is folded',
      post(['Transfer-Encoding:', ' chunked', 'Content-Length: 5'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['an unknown encoding at the end', post(['Transfer-Encoding: chunked, x'], `0\r\n\r\n${SMUGGLED}`)],
    ['an unknown encoding', post(['Transfer-Encoding: xchunked'], `0\r\n\r\n${SMUGGLED}`)],
    [
      'an encoding and none',
      post(['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], `0\r\n\r\n${SMUGGLED}`),
    ],
    ['no encoding, and a length', post(['Transfer-Encoding: identity', 'Content-Length: 5'], `0\r\n\r\n${SMUGGLED}`)],
    ['an encoding behind a vertical tab', post(['Transfer-Encoding: \x0bchunked'], `0\r\n\r\n${SMUGGLED}`)],
    ['lines without carriage returns', `GET /groups HTTP/1.1\nHost: ${HOST}\nConnection: close\n\n`],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (octets) => expect(await services.send(octets)).toMatchObject({ statuses: [400], readings: [] }),
);

attacks<string>(
  'smuggled requests behind a malformed chunk',
  [
    ['a length in another base', '0x0\r\n\r\n'],
    ['an extension with a line feed', '0;a\n\r\n'],
    ['a negative length', '-1\r\n\r\n'],
    ['a length beyond 64 bits', '10000000000000000\r\n\r\n'],
    ['lines without carriage returns', '1\na\n0\n\n'],
    ['no line after its octets', '1\r\naX0\r\n\r\n'],
  ].map(([name = '', body]): Shape<string> => [name, post(['Transfer-Encoding: chunked'], `${body}${SMUGGLED}`)]),
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (octets) => expect(await services.send(octets)).toMatchObject({ statuses: [400], readings: [] }),
);

attacks<string>(
  'second requests that are the caller’s own',
  [
    ['pipelined', `GET /groups HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${SMUGGLED}`],
    ['behind an empty body', post(['Content-Length: 0'], SMUGGLED)],
    ['behind a header like a length', post([`Content_Length: ${SMUGGLED.length}`], SMUGGLED)],
    ['behind an encoding in other case', post(['tRANSFER-eNCODING: Chunked'], `0\r\n\r\n${SMUGGLED}`)],
    ['behind two encodings', post(['Transfer-Encoding: x, chunked'], `0\r\n\r\n${SMUGGLED}`)],
    ['behind a chunk with an extension', post(['Transfer-Encoding: chunked'], `0;a=b\r\n\r\n${SMUGGLED}`)],
  ],
  async (octets) => {
    const { statuses, readings, received } = await services.send(octets);
    // Each is decided and answered by itself, and the backend gets each on a connection of its own, without the other.
    expect(statuses).toEqual([200, 200]);
    expect([...readings].sort((one, other) => one.path.length - other.path.length)).toEqual(
      ['/groups/', '/groups/smuggled'].map((path) => ({ path, identity: services.identity })),
    );
    for (const { body } of received) expect(body).toBe('');
  },
  'harmless',
);

test('what follows a request of HTTP/1.0 is dropped, although its encoding ends before', async () => {
  const octets = post(['Transfer-Encoding: chunked'], `0\r\n\r\n${SMUGGLED}`).replace('HTTP/1.1', 'HTTP/1.0');
  const outcome = await services.send(octets);
  expect(outcome).toMatchObject(services.reached('/groups/'));
  expect(outcome.statuses).toHaveLength(1);
  expect(outcome.received.map(({ body }) => body)).toEqual(['']);
});

test('a second request for another host on the connection is refused', async () => {
  const other = request('/groups/smuggled', [], { host: ['Host: other.example.com'] });
  const outcome = await services.send(`GET /groups HTTP/1.1\r\nHost: ${HOST}\r\n\r\n${other}`);
  expect(outcome).toMatchObject({ statuses: [200, 403], ...services.reached('/groups/') });
});

test('a request in the body of another stays a body', async () => {
  const outcome = await services.send(post([`Content-Length: ${SMUGGLED.length}`, 'Connection: close'], SMUGGLED));
  expect(outcome).toMatchObject({ statuses: [200], ...services.reached('/groups/') });
  expect(outcome.received.map(({ body }) => body)).toEqual([SMUGGLED]);
});

attacks<[statuses: readonly number[], octets: string]>(
  'methods and versions',
  [
    ...['TRACE', 'CONNECT', 'get', 'ADMIN', 'GE T', 'GET\t', '', 'TRACK', 'PRI'].map(
      (method): Shape<[readonly number[], string]> => [
        JSON.stringify(method),
        // API Gateway itself refuses all of them: no route has TRACE. The sandbox's gateway stands in for it.
        [method === 'TRACE' ? [404] : method === 'CONNECT' ? [] : [400], request('/groups', [], { method })],
      ],
    ),
    ['CONNECT to the domain', [[], request(`${HOST}:443`, [], { method: 'CONNECT' })]],
    ['HTTP/1.2', [[400], `GET /groups HTTP/1.2\r\nHost: ${HOST}\r\n\r\n`]],
    ['HTTP/0.9', [[403], 'GET /groups\r\n\r\n']],
    ['HTTP/2 without agreement', [[400], 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
    ['a line in the target', [[403], request('/groups HTTP/1.1\r\nx-mesh-client-name: social\r\nx:')]],
    ['an unknown expectation', [[417], post(['Expect: x-mesh', 'Content-Length: 1'], 'a')]],
  ],
  async ([statuses, octets]) => expect(await services.send(octets)).toMatchObject({ statuses, readings: [] }),
);

attacks<string>(
  'methods that no route has',
  ['PURGE', 'PROPFIND', 'SEARCH', 'M-SEARCH', 'QUERY', 'LINK'].map((method): Shape<string> => [method, method]),
  async (method) =>
    expect(await services.send(request('/groups', [], { method }))).toMatchObject({ statuses: [404], readings: [] }),
);

attacks<string>(
  'unusual methods of which the backend knows the caller',
  ['HEAD', 'OPTIONS'].map((method): Shape<string> => [method, method]),
  async (method) => {
    const outcome = await services.send(request('/groups', [], { method }));
    expect(outcome).toMatchObject({ statuses: [200], ...services.reached('/groups/') });
    expect(outcome.received.map(({ method: read }) => read)).toEqual([method]);
  },
  'harmless',
);

test('a body that waits for 100 (Continue) is the caller’s, and the expectation is not passed on', async () => {
  const outcome = await services.send(post(['Expect: 100-continue', 'Content-Length: 1', 'Connection: close'], 'a'));
  expect(outcome).toMatchObject({ statuses: [100, 200], ...services.reached('/groups/') });
  expect(outcome.received.map(({ body, headers }) => [body, headers['expect']])).toEqual([['a', undefined]]);
});

attacks<[path: string, headers: readonly string[]]>(
  'requests that are too large',
  [
    ['a header of 10,500 characters', ['/groups', [`x-large: ${'x'.repeat(10_500)}`]]],
    ['a header of 20,000 characters', ['/groups', [`x-large: ${'x'.repeat(20_000)}`]]],
    ['a path of 10,500 characters', [`/groups/${'x'.repeat(10_500)}`, []]],
    ['1,500 headers of ten characters', ['/groups', Array.from({ length: 1_500 }, () => `a: ${'x'.repeat(9)}`)]],
    [
      '1,500 headers, and a host behind them',
      ['/groups', [...Array.from({ length: 1_500 }, () => 'a:'), 'Host: other.example.com']],
    ],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it. It may close before its answer is read.
  async ([path, headers]) => {
    const { statuses, readings } = await services.send(request(path, headers));
    expect([[], [403], [431]]).toContainEqual(statuses);
    expect(readings).toEqual([]);
  },
);
