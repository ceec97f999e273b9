import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { type ClientSecret, Sandbox } from '../../sandbox';
import { attackedMesh, HOST, request, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';

let sandbox: Sandbox;
let clients: Record<'mail' | 'social', ClientSecret>;

beforeAll(async () => {
  const { GET, POST } = HttpMethod;
  const grants = [
    { methods: [GET, POST], path: '/events' },
    { methods: [GET], path: '/events/{id}' },
    { methods: [GET], path: '/files/{path+}' },
  ];
  sandbox = await Sandbox.deploy(attackedMesh({ grants }));
  clients = { mail: await sandbox.clientSecret('mail'), social: await sandbox.clientSecret('social') };
});
afterAll(() => sandbox?.close());

const send = (octets: string, client: 'mail' | 'social' = 'mail') =>
  sendRaw(sandbox, octets, { credentials: clients[client], serverName: HOST });

test.each([
  ['GET', '/schedule/events'],
  ['POST', '/schedule/events'],
  ['GET', '/schedule/events/5'],
  ['GET', '/schedule/files/a/b/c'],
])('a granted request reaches the service, with the grant: %s %s', async (method, path) => {
  const { status, seen } = await send(request(path, ['Content-Length: 0'], { method }));
  expect([status, seen.map(({ clientName, path: found }) => [clientName, found])]).toEqual([200, [['mail', path]]]);
});

/** No service sees the request. */
async function expectRefused(octets: string, client?: 'social'): Promise<void> {
  const { status, seen } = await send(octets, client);
  expect(seen).toEqual([]);
  expect([400, 403, 404, undefined]).toContain(status);
}

attacks<[method: string, path: string, headers?: readonly string[]]>(
  'requests at the border of a grant',
  (
    [
      // Methods
      ['HEAD', '/schedule/events'],
      ['OPTIONS', '/schedule/events'],
      ['PUT', '/schedule/events'],
      ['PATCH', '/schedule/events'],
      ['DELETE', '/schedule/events'],
      ['TRACE', '/schedule/events'],
      ['get', '/schedule/events'],
      ['Get', '/schedule/events'],
      ['POST', '/schedule/events/5'],
      ['PROPFIND', '/schedule/events'],
      // Methods that a framework takes from elsewhere
      ['POST', '/schedule/events', ['X-HTTP-Method-Override: DELETE']],
      ['POST', '/schedule/events', ['X-Http-Method-Override: delete']],
      ['POST', '/schedule/events', ['X_HTTP_METHOD_OVERRIDE: DELETE']],
      ['POST', '/schedule/events', ['X-HTTP-Method: PUT']],
      ['POST', '/schedule/events', ['X-Method-Override: PATCH']],
      ['POST', '/schedule/events', ['X-HTTP-Method-Override: GET', 'X-HTTP-Method-Override: DELETE']],
      ['POST', '/schedule/events?_method=DELETE'],
      ['POST', '/schedule/events?a=1&_method=delete'],
      ['POST', '/schedule/events?%5fmethod=DELETE'],
      ['POST', '/schedule/events?_method=GET&_method=DELETE'],
      // Paths that a framework takes from elsewhere
      ['GET', '/schedule/events', ['X-Original-URL: /schedule/admin']],
      ['GET', '/schedule/events', ['X-Rewrite-URL: /schedule/admin']],
      // The end and the parts of a path
      ['GET', '/schedule'],
      ['GET', '/schedule/'],
      ['GET', '/schedule/events/'],
      ['GET', '/schedule/events//'],
      ['GET', '/schedule//events'],
      ['GET', '/schedule/Events'],
      ['GET', '/schedule/events/5/items'],
      ['GET', '/schedule/events/5/'],
      ['GET', '/schedule/events/%20'],
      ['GET', '/schedule/events/%2520'],
      ['GET', '/schedule/events/%E2%80%8B'],
      ['GET', '/schedule/events/5%2fitems'],
      ['GET', '/schedule/events/5%252fitems'],
      ['GET', '/schedule/events/5%5citems'],
      ['GET', '/schedule/events/5%E2%88%95items'],
      ['GET', '/schedule/events/5%EF%BC%8Fitems'],
      ['GET', '/schedule/events/5%ef%bc%bcitems'],
      ['GET', '/schedule/events/;admin'],
      ['GET', '/schedule/events/..;/admin'],
      ['GET', '/schedule/events/..%2fadmin'],
      ['GET', '/schedule/events;/admin'],
      ['GET', '/schedule/events%3b/admin'],
      ['GET', '/schedule/events%00/admin'],
      ['GET', '/schedule/events%23/admin'],
      // Greedy parameters
      ['GET', '/schedule/files'],
      ['GET', '/schedule/files/'],
      ['GET', '/schedule/files//'],
      ['GET', '/schedule/files/%20'],
      ['GET', '/schedule/files/;x'],
      ['GET', '/schedule/files/../admin'],
      ['GET', '/schedule/files/a/../../admin'],
      ['GET', '/schedule/files/a/%2e%2e/%2e%2e/admin'],
      ['POST', '/schedule/files/a'],
      // Other services
      ['GET', '/users'],
      ['GET', '/users/schedule/events'],
      ['GET', '//schedule/events'],
      ['GET', '/scheduler/events'],
    ] as const
  ).map(
    ([method, path, headers]): Shape<[string, string, (readonly string[])?]> => [
      [method, path, ...(headers ?? [])].join(' '),
      [method, path, headers],
    ],
  ),
  ([method, path, headers = []]) => expectRefused(request(path, ['Content-Length: 0', ...headers], { method })),
);

attacks<string>(
  'paths that reach the service as the granted one',
  ['/schedule/events%3F/admin', '/schedule%2fevents', '/schedul%65/events', '/schedule/events?x=/admin'].map(
    (path): Shape<string> => [path, path],
  ),
  async (path) => {
    const { seen } = await send(request(path));
    expect(seen.map(({ path: found }) => found)).toEqual(['/schedule/events']);
  },
  'harmless',
);

attacks<string>(
  'calls of a client without any grant',
  ['/', '/schedule', '/schedule/events', '/schedule/events/5', '/schedule/files/a', '/users', '/users/1'].map(
    (path): Shape<string> => [path, path],
  ),
  (path) => expectRefused(request(path), 'social'),
);

attacks<readonly string[]>(
  'requests that say which grant they have',
  [
    ['the header itself', ['x-mesh-grant: ANY /schedule/*']],
    ['the header with an underscore', ['x_mesh_grant: ANY /schedule/*']],
    ['the header in capitals', ['X-MESH-GRANT: ANY /schedule/*']],
  ],
  (headers) => expectRefused(request('/schedule/events', headers)),
);
