import { request } from './attacked-mesh';
import { AttackedServices, HEADERS } from './attacked-services';
import { attacks, type Shape } from './attacks';

let services: AttackedServices;

beforeAll(async () => {
  services = await AttackedServices.start();
});
afterAll(() => services?.close());

/** The paths of a function and of an HTTP backend, and what the latter reads of it. */
const SERVICES = [
  ['/schedule', '/schedule'],
  ['/groups', '/groups/'],
] as const;

const FOLDS: readonly [string, (name: string) => string][] = [
  ['as it is', (name) => name],
  ['upper case', (name) => name.toUpperCase()],
  ['mixed case', (name) => name.replace(/-./g, (part) => part.toUpperCase())],
  ['underscores (CGI, WSGI, Rack, PHP)', (name) => name.replaceAll('-', '_')],
  ['one underscore', (name) => name.replace('-', '_')],
  ['dots (PHP)', (name) => name.replaceAll('-', '.')],
  ['tildes', (name) => name.replaceAll('-', '~')],
  ['carets', (name) => name.replaceAll('-', '^')],
  ['other marks of a token', (name) => name.replace('-', '!').replace('-', '|').replace('-', '`')],
  ['doubled hyphens', (name) => name.replaceAll('-', '--')],
];

attacks<string>(
  'identity headers by every folding rule',
  FOLDS.flatMap(([fold, folded]) =>
    HEADERS.map((name): Shape<string> => [`${name}, ${fold}`, `${folded(name)}: social`]),
  ),
  async (header) => {
    for (const [service] of SERVICES) {
      expect(await services.send(request(service, [header]))).toMatchObject({ statuses: [403], readings: [] });
    }
  },
);

attacks<readonly string[]>(
  'identity headers that a parser may find in malformed lines',
  [
    ['a space before the colon', ['x-mesh-client-name : social']],
    ['a tab before the colon', ['x-mesh-client-name\t: social']],
    ['a folded line', ['x-other: a', ' x-mesh-client-name: social']],
    ['a line that begins with a tab', ['x-other: a', '\tx-mesh-client-name: social']],
    ['a first line that is folded', [' x-mesh-client-name: social']],
    ['a bare carriage return', ['x-other: a\rx-mesh-client-name: social']],
    ['a bare line feed', ['x-other: a\nx-mesh-client-name: social']],
    ['a null', ['x-other: a\0x-mesh-client-name: social']],
    ['a null in the name', ['x-mesh-client\0-name: social']],
    ['an empty name', [': social']],
    ['no colon', ['x-mesh-client-name social']],
    ['full-width letters', ['\xef\xbc\xb8-mesh-client-name: social']],
    ['a soft hyphen', ['x-mesh-\xc2\xadclient-name: social']],
    ['a hyphen of Unicode', ['x\xe2\x80\x90mesh-client-name: social']],
  ],
  // API Gateway itself refuses these, and the sandbox's gateway stands in for it.
  async (headers) => {
    for (const [service] of SERVICES) {
      const octets = request(service, headers, { method: 'POST' });
      expect(await services.send(octets)).toMatchObject({ statuses: [400], readings: [] });
    }
  },
);

attacks<readonly string[]>(
  'identity headers that the gateway reads and the authorizer refuses',
  [
    ['twice', ['x-mesh-client-name: social', 'x-mesh-client-name: social']],
    ['with the caller’s own name', ['x-mesh-client-name: mail']],
    ['without a value', ['x-mesh-client-name:']],
    ['behind a thousand other headers', [...Array.from({ length: 1_500 }, () => 'a:'), 'x-mesh-client-name: social']],
    ['that stay although Connection names others', ['Connection: x-mesh-spiffe-id', 'x-mesh-client-name: social']],
  ],
  async (headers) => {
    for (const [service] of SERVICES) {
      expect(await services.send(request(service, headers))).toMatchObject({ statuses: [403], readings: [] });
    }
  },
);

attacks<readonly string[]>(
  'headers that reach the service and change nothing in whom it reads',
  [
    ['none', []],
    // The gateway drops what Connection names before the authorizer, and writes its own afterwards.
    ['named by Connection', ['Connection: x-mesh-client-name', 'x-mesh-client-name: social']],
    ['all named by Connection, and none sent', [`Connection: ${HEADERS.join(', ')}`]],
    ['named by Connection in other case', ['Connection: X-MESH-CLIENT-NAME', 'x-mesh-client-name: social']],
    ['the prefix of CGI', ['HTTP_X_MESH_CLIENT_NAME: social']],
    ['a longer name', ['x-mesh-client-name-2: social', 'xx-mesh-client-name: social']],
    ['a shorter name', ['x-mesh-client: social']],
    ['in a cookie', ['Cookie: x-mesh-client-name=social']],
    ['the gateway’s secret', ['x-mesh-gateway-secret: x']],
    ['the gateway’s secret with underscores', ['x_mesh_gateway_secret: x']],
    ['the gateway’s own context', ['x-amzn-authorizer: {"clientName":"social"}', 'apigw-requestid: x']],
    ['another method, which is granted as well', ['x-http-method-override: DELETE']],
    [
      'another way',
      [
        'Forwarded: for=192.0.2.1;host=social',
        'Via: 1.1 social',
        'X-Forwarded-For: 192.0.2.1',
        'X-Forwarded-Host: social',
      ],
    ],
    [
      'another certificate',
      [
        'x-amzn-mtls-clientcert-subject: CN=social',
        'ssl-client-cert: x',
        'x-forwarded-client-cert: Subject="CN=social"',
      ],
    ],
    ['another protocol', ['Upgrade: websocket', 'Connection: Upgrade']],
    [
      'HTTP/2 over clear text',
      ['Upgrade: h2c', 'Connection: Upgrade, HTTP2-Settings', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
    ],
  ],
  async (headers) => {
    for (const [service, path] of SERVICES) {
      expect(await services.send(request(service, headers))).toMatchObject({
        statuses: [200],
        ...services.reached(path),
      });
    }
  },
  'harmless',
);

test('an identity header in a trailer is dropped', async () => {
  for (const [service, path] of SERVICES) {
    const headers = ['Transfer-Encoding: chunked', 'Trailer: x-mesh-client-name'];
    const octets = `${request(service, headers, { method: 'POST' })}1\r\na\r\n0\r\nx-mesh-client-name: social\r\n\r\n`;
    const { statuses, readings, received } = await services.send(octets);
    expect({ statuses, readings }).toMatchObject({ statuses: [200], ...services.reached(path) });
    for (const { body, headers: read } of received) expect([body, read['trailer']]).toEqual(['a', undefined]);
  }
});
