import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import { CertificateIssuer, MeshClient, MeshIntegration, MeshService, type MtlsServiceMesh } from '../../lib';
import { newFunction, newMesh, resourcesOf } from './mesh-stack';

type Place = 'mesh' | 'other';
const PLACES: readonly Place[] = ['mesh', 'other'];
const PLACEMENTS = PLACES.flatMap((handler) =>
  PLACES.flatMap((service) => PLACES.map((client) => ({ handler, service, client }))),
);
/** The routes need the function, and the client's certificate needs the issuer. */
const isCyclic = ({ handler, service, client }: (typeof PLACEMENTS)[number]) =>
  handler === 'other' && service === 'mesh' && client === 'other';

interface TwoStacks {
  readonly app: App;
  readonly stacks: Readonly<Record<Place, Stack>>;
  readonly mesh: MtlsServiceMesh;
}

function twoStacks(): TwoStacks {
  const app = new App();
  const stacks = { mesh: new Stack(app, 'Mesh'), other: new Stack(app, 'Other') };
  return { app, stacks, mesh: newMesh(stacks.mesh) };
}

function addService({ stacks, mesh }: TwoStacks, place: Place, handler: lambda.IFunction): MeshService {
  const integration = MeshIntegration.lambdaFunction(handler);
  if (place === 'mesh') return mesh.addService('schedule', { integration });
  const { gateway, issuer } = mesh;
  return new MeshService(stacks.other, 'Service', { serviceName: 'schedule', gateway, issuer, integration });
}

function addClient({ stacks, mesh }: TwoStacks, place: Place): MeshClient {
  if (place === 'mesh') return mesh.addClient('schedule');
  return new MeshClient(stacks.other, 'Client', { clientName: 'schedule', issuer: mesh.issuer });
}

/** A service that calls others: its function reads the secret of its client. */
function place({ handler, service, client }: (typeof PLACEMENTS)[number]): TwoStacks & { readonly client: MeshClient } {
  const two = twoStacks();
  const schedule = newFunction(two.stacks[handler]);
  addService(two, service, schedule);
  const added = addClient(two, client);
  added.grantRead(schedule);
  schedule.addEnvironment('CLIENT_SECRET', added.secretName).addEnvironment('MESH_URL', two.mesh.gateway.url);
  return { ...two, client: added };
}

test.each(PLACEMENTS.filter((placement) => !isCyclic(placement)))(
  'function in the stack $handler, service in $service, client in $client: no cycle, and the function may read the secret',
  (placement) => {
    const { app, stacks } = place(placement);
    app.synth();
    const policies = Object.values(resourcesOf(stacks[placement.handler])).filter(({ Type, Properties }) => {
      return Type === 'AWS::IAM::Policy' && JSON.stringify(Properties['Roles']).includes('Schedule');
    });
    const inTheSameStack = placement.handler === placement.client;
    expect(policies.map(({ Properties }) => Properties['PolicyDocument'])).toEqual([
      {
        Version: '2012-10-17',
        Statement: [
          {
            Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
            Effect: 'Allow',
            Resource: inTheSameStack
              ? { Ref: expect.stringMatching(/Client(schedule)?Secret/) }
              : {
                  'Fn::Join': [
                    '',
                    [
                      'arn:',
                      { Ref: 'AWS::Partition' },
                      ':secretsmanager:',
                      { Ref: 'AWS::Region' },
                      ':',
                      { Ref: 'AWS::AccountId' },
                      ':secret:mesh.example.com/schedule-??????',
                    ],
                  ],
                },
          },
        ],
      },
    ]);
  },
);

test.each(PLACEMENTS.filter(isCyclic))(
  'routes that need a stack whose client needs the mesh are a cycle',
  (placement) => {
    expect(() => place(placement).app.synth()).toThrow(/cyclic reference/);
  },
);

test('grants of several roles of another stack add nothing to the client', () => {
  const { stacks, client } = place({ handler: 'other', service: 'mesh', client: 'mesh' });
  client.grantRead(newFunction(stacks.other, 'Second'));
  expect(JSON.stringify(resourcesOf(stacks.other)).match(/schedule-\?{6}/g)).toHaveLength(2);
});

test.each<[string, (two: TwoStacks) => unknown]>([
  ['by the issuer of the mesh', (two) => addClient(two, 'other')],
  [
    'by another issuer of the same mesh',
    ({ stacks, mesh }) => {
      const { registry, certificateAuthority } = mesh;
      const issuer = new CertificateIssuer(stacks.other, 'Issuer', { registry, certificateAuthority });
      return new MeshClient(stacks.other, 'Client', { clientName: 'schedule', issuer });
    },
  ],
])('the same client name in two stacks is refused, %s', (_name, addAgain) => {
  const two = twoStacks();
  addClient(two, 'mesh');
  expect(() => addAgain(two)).toThrow(
    'Other/Client: clientName must be unique within the mesh, got "schedule", the name of Mesh/Mesh/Client-schedule',
  );
});

test('meshes with one trust domain in two Regions have clients of their own', () => {
  const app = new App();
  for (const region of ['eu-central-1', 'us-east-1']) {
    const stack = new Stack(app, region, { env: { account: '123456789012', region } });
    expect(newMesh(stack).addClient('mail').spiffeId).toBe('spiffe://mesh.example.com/mail');
  }
});

test('a stack has room for as many clients as the README says', () => {
  const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8');
  const clients = Number(/A stack has room for about (\d+) clients/.exec(readme)?.[1]);
  expect(clients).toBeGreaterThan(100);
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const zone = { hostedZoneId: 'Z1', zoneName: 'example.com' };
  const mesh = newMesh(stack, { hostedZone: HostedZone.fromHostedZoneAttributes(stack, 'Zone', zone) });
  for (const name of ['users', 'groups', 'equipment']) {
    mesh.addService(name, { integration: MeshIntegration.lambdaFunction(newFunction(stack, name)) });
  }
  for (let index = 0; index < clients; index += 1) mesh.addClient(`client-${index}`);
  expect(Object.keys(resourcesOf(stack)).length).toBeLessThanOrEqual(500);
});
