import { AwsCallError } from '../../../aws/aws-error';
import { MeshView } from '../../../bin/console/mesh-view';
import type { TrafficView } from '../../../bin/console/state';
import type { MeshTrafficOptions } from '../../../bin/console/traffic/traffic';
import { certificateOf, clientOf, exampleMesh, externalClientOf, MemoryMesh, NOW } from '../shared/memory-mesh';

const TRAFFIC: TrafficView = {
  since: NOW.toISOString(),
  minutes: [],
  calls: [],
  refusals: [],
  unidentified: [],
  decisions: [],
  gaps: [],
};

function open(mesh: MemoryMesh) {
  let explain: MeshTrafficOptions['explain'] = () => '';
  const view = new MeshView(mesh, (given) => {
    explain = given;
    return { read: async () => TRAFFIC };
  });
  return { view, explain: (client: string) => explain({ client, method: 'GET', path: '/schedule/events' }) };
}

async function clientsOf(mesh: MemoryMesh) {
  return (await open(mesh).view.state()).registry.value?.clients ?? [];
}

test('a client has its current certificate, and when that should have been replaced', async () => {
  const [mail] = await clientsOf(exampleMesh());
  expect(mail).toMatchObject({
    clientName: 'mail',
    nodeId: 'client-mail',
    state: 'ENABLED',
    issuance: 'rotation',
    current: {
      serialNumber: '0B',
      status: 'ISSUED',
      notAfter: '2026-11-27T00:00:00.000Z',
      expiringFrom: '2026-11-24T16:00:00.001Z',
      authoritiesNotAfter: '2036-11-20T00:00:00.000Z',
    },
  });
});

test('a client says what the mesh can do with its certificates', async () => {
  const mesh = new MemoryMesh(
    [clientOf('mail'), clientOf('own-key', { secretId: undefined }), externalClientOf('billing')],
    [certificateOf('mail', '0A')],
  );
  expect(
    (await clientsOf(mesh)).map(({ clientName, issuance, trustAnchor }) => [clientName, issuance, trustAnchor?.name]),
  ).toEqual([
    ['billing', 'trust anchor', 'partner'],
    ['mail', 'rotation', undefined],
    ['own-key', 'request', undefined],
  ]);
});

test('a registry that can not be read does not hide the traffic', async () => {
  const mesh = exampleMesh();
  jest.spyOn(mesh.survey, 'clients').mockImplementation(() => {
    throw new AwsCallError('dynamodb:Query', 'AccessDeniedException', 'not authorized');
  });
  await expect(open(mesh).view.state()).resolves.toMatchObject({
    registry: { failure: 'dynamodb:Query failed with AccessDeniedException: not authorized' },
    traffic: { value: TRAFFIC },
  });
});

test('a request is explained by the grants that there are now', async () => {
  const mesh = exampleMesh();
  await mesh.registry.services.register(
    {
      serviceName: 'schedule',
      apiId: 'api',
      grants: ['mail GET /schedule/events'],
      declaredBy: 'stack Schedule',
      updatedAt: NOW.toISOString(),
    },
    false,
  );
  const { view, explain } = open(mesh);
  expect(explain('mail')).toBe('the grants are not known');
  await view.state();
  expect(explain('mail')).toBe('grant GET /schedule/events of schedule');
  expect(explain('new')).toBe('now refused: no grant lets new call GET /schedule/events');
});
