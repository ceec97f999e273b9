import { App } from 'aws-cdk-lib';
import { answerOf } from '../../bin/can/can';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { deployedGrants } from '../../bin/shared/grants/deployed-grants';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { ServiceMeshStack } from '../../examples/service-mesh/service-mesh-stack';
import { Sandbox } from '../../sandbox';

const DOMAIN = 'mesh.example.com';
/** Longer than the authorizer goes by what it has read. */
const AUTHORIZER_MEMORY = 6_000;

let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/1c5f7b2e-0000-4000-8000-000000000000';
  new ServiceMeshStack(app, 'ServiceMesh', { domainName: DOMAIN, certificateArn });
  sandbox = await Sandbox.deploy(app);
}, 60_000);

afterAll(() => sandbox?.close());

const ask = async (caller: string, path: string, headers: Record<string, string> = {}) => {
  const response = await sandbox.fetch(caller, `https://${DOMAIN}${path}`, { headers });
  return { status: response.status, ...((await response.json()) as object) };
};

test('which group has which equipment is answered over two hops, each by the identity of the service that calls', async () => {
  await expect(ask('helpdesk', '/groups/equipment')).resolves.toEqual({
    status: 200,
    hops: ['helpdesk → groups', 'groups → equipment', 'equipment → users'],
    data: [
      { group: 'climbing', equipment: ['rope (Ada)', 'helmet (Katherine)'] },
      { group: 'diving', equipment: ['regulator (Grace)'] },
    ],
  });
});

test('a service is told who calls by the gateway, whatever the caller says of itself', async () => {
  await expect(ask('groups', '/equipment/checkouts')).resolves.toMatchObject({
    hops: ['groups → equipment', 'equipment → users'],
  });
  await expect(ask('groups', '/equipment/checkouts', { 'x-mesh-client-name': 'helpdesk' })).resolves.toMatchObject({
    status: 403,
  });
});

/** Every request below, with the client that makes it, and what the authorizer's own code says in the command. */
test('a service lets in what it grants, as `mtls-mesh can` says, and says which grant it was', async () => {
  const grants = await deployedGrants(awsMesh(DOMAIN, sandboxAccess(sandbox)));
  const requests = ['users', 'groups', 'equipment', 'helpdesk'].flatMap((client) =>
    [
      'GET /users/names',
      'GET /groups/members',
      'GET /equipment/checkouts',
      'GET /groups/',
      'POST /groups',
      'GET /groups',
    ]
      .map((line) => line.split(' '))
      .map(([method = '', path = '']) => ({ client, method, path })),
  );
  const allowed: string[] = [];
  for (const request of requests) {
    const { client, method, path } = request;
    const { status } = await sandbox.fetch(client, `https://${DOMAIN}${path}`, { method });
    const answer = answerOf(request, grants);
    // The example knows no POST and no slash at the end.
    expect([client, method, path, [200, 404].includes(status)]).toEqual([client, method, path, answer.allowed]);
    if (answer.allowed) allowed.push(`${client} ${method} ${path}: ${answer.grant}`);
  }
  expect(allowed.sort()).toEqual([
    'equipment GET /users/names: GET /users/names',
    'groups GET /equipment/checkouts: GET /equipment/checkouts',
    'helpdesk GET /equipment/checkouts: GET /equipment/*',
    'helpdesk GET /groups/: GET /groups/*',
    'helpdesk GET /groups/members: GET /groups/*',
    'helpdesk GET /groups: GET /groups/*',
    'helpdesk GET /users/names: GET /users/*',
    'users GET /groups/members: GET /groups/members',
  ]);
});

test('a service that was given another certificate while it runs goes on calling', async () => {
  const { serialNumber } = await sandbox.clientSecret('equipment');
  const mesh = awsMesh(DOMAIN, sandboxAccess(sandbox));
  await mesh.startRotation(String(sandbox.clients.find(({ name }) => name === 'equipment')?.secretId));
  await sandbox.advance(0);

  expect((await sandbox.clientSecret('equipment')).serialNumber).not.toBe(serialNumber);
  await expect(ask('helpdesk', '/equipment/checkouts')).resolves.toMatchObject({ status: 200 });
});

test('a service whose certificate is revoked can call nobody; it is still called, and the others call as before', async () => {
  const mesh = { ...awsMesh(DOMAIN, sandboxAccess(sandbox)), now: () => sandbox.now };
  await revokeCertificates(mesh, 'groups', { kind: 'all' }, 'KEY_COMPROMISE');
  await sandbox.advance(AUTHORIZER_MEMORY);

  await expect(ask('helpdesk', '/groups/equipment')).resolves.toEqual({
    status: 502,
    message: '/equipment/checkouts answers groups with 403',
  });
  await expect(ask('helpdesk', '/users/without-group')).resolves.toEqual({
    status: 200,
    hops: ['helpdesk → users', 'users → groups'],
    data: [],
  });
  await expect(ask('helpdesk', '/equipment/checkouts')).resolves.toMatchObject({
    status: 200,
    hops: ['helpdesk → equipment', 'equipment → users'],
  });
});

test('the issuer has shown each certificate to the gateway before its client needed it', () => {
  const lines = Object.values(sandbox.logs())
    .flat()
    .filter((line) => line.includes('"handshake-tried"'));
  const shown = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))));
  expect(new Set(shown.map(({ client }) => client))).toEqual(new Set(['users', 'groups', 'equipment', 'helpdesk']));
  expect(new Set(shown.map(({ outcome }) => outcome))).toEqual(new Set(['accepted']));
});
