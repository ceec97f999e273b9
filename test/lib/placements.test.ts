import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, Stack, type StackProps, Stage } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { HostedZone } from 'aws-cdk-lib/aws-route53';
import {
  CertificateIssuer,
  ExternalClient,
  ExternalIdentity,
  type IMtlsServiceMesh,
  MeshClient,
  MeshIntegration,
  MeshService,
  MtlsServiceMesh,
  TrustAnchorSource,
} from '../../lib';
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

function twoStacks(props?: StackProps): TwoStacks {
  const app = new App();
  const stacks = { mesh: new Stack(app, 'Mesh', props), other: new Stack(app, 'Other', props) };
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
  const two = twoStacks(ELSEWHERE);
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

const ELSEWHERE = { env: { account: '123456789012', region: 'us-east-1' } };

test.each<[string, (stack: Stack, mesh: MtlsServiceMesh) => unknown]>([
  ['MeshClient', (stack, { issuer }) => new MeshClient(stack, 'It', { clientName: 'mail', issuer })],
  [
    'ExternalClient',
    (stack, mesh) =>
      new ExternalClient(stack, 'It', {
        ...{ clientName: 'billing', issuer: mesh.issuer, identity: ExternalIdentity.subject('CN=billing') },
        trustAnchor: mesh.addTrustAnchor(
          'partner',
          TrustAnchorSource.fromBucketObject(mesh.truststore.bucket, 'partner.pem', 'v1'),
        ),
      }),
  ],
  [
    'MeshService',
    (stack, { gateway, issuer }) =>
      new MeshService(stack, 'It', {
        ...{ serviceName: 'schedule', gateway, issuer },
        integration: MeshIntegration.http('https://schedule.example.com'),
      }),
  ],
])('a %s in another Region than the mesh is refused by name', (_class, create) => {
  const app = new App();
  const mesh = newMesh(new Stack(app, 'Mesh', { env: { account: '123456789012', region: 'eu-west-1' } }));
  expect(() => create(new Stack(app, 'Other', ELSEWHERE), mesh)).toThrow(
    'Other/It: stack must be in the Region of the mesh (eu-west-1), got Other in us-east-1',
  );
});

describe('names that belong to one mesh are refused in another of the account and Region', () => {
  test('the domain', () => {
    const app = new App();
    newMesh(new Stack(app, 'One', ELSEWHERE), { trustDomain: 'one.example.com' });
    expect(() => newMesh(new Stack(app, 'Two', ELSEWHERE), { trustDomain: 'two.example.com' })).toThrow(
      'Two/Mesh/Gateway: domainName must be unique within the account and Region, got "mesh.example.com", the name of One/Mesh/Gateway',
    );
  });

  test('the trust domain', () => {
    const app = new App();
    newMesh(new Stack(app, 'One', ELSEWHERE));
    expect(() => newMesh(new Stack(app, 'Two', ELSEWHERE))).toThrow(
      'Two/Mesh/Registry: trustDomain must be unique within the account and Region, got "mesh.example.com", the name of One/Mesh/Registry',
    );
  });

  test('not in stacks without an account and Region, which may be deployed to different ones', () => {
    const app = new App();
    for (const id of ['Beta', 'Prod']) newMesh(new Stack(app, id)).addClient('mail');
    expect(() => app.synth()).not.toThrow();
  });

  test('not in another stage of the app', () => {
    const app = new App();
    for (const stage of ['Dev', 'Prod']) newMesh(new Stack(new Stage(app, stage), 'Mesh'));
  });
});

test('a service is refused by name if another one of the mesh has its name', () => {
  const { stacks, mesh } = twoStacks();
  mesh.addService('schedule', { integration: MeshIntegration.http('https://schedule.example.com') });
  const { gateway, issuer } = mesh;
  const integration = MeshIntegration.http('https://schedule.example.com');
  expect(() => new MeshService(stacks.other, 'It', { serviceName: 'schedule', gateway, issuer, integration })).toThrow(
    'Other/It: serviceName must be unique within the mesh, got "schedule", the name of Mesh/Mesh/Service-schedule',
  );
});

describe('a construct of a platform', () => {
  /** Adds what each team has to any mesh. */
  function addTeam(mesh: IMtlsServiceMesh, name: string): string {
    const service = mesh.addService(name, { integration: MeshIntegration.http(`https://${name}.example.com`) });
    service.allow(mesh.addClient(`${name}-worker`));
    mesh.addExternalClient(`${name}-partner`, {
      trustAnchor: mesh.trustAnchor('partner'),
      identity: ExternalIdentity.subject(`CN=${name}`),
    });
    return mesh.url;
  }

  test('takes a mesh of the app and an imported one', () => {
    const { stacks, mesh } = twoStacks();
    mesh.addTrustAnchor('partner', TrustAnchorSource.fromBucketObject(mesh.truststore.bucket, 'partner.pem', 'v1'));
    expect(addTeam(mesh, 'users')).toBe('https://mesh.example.com');
    const team = new Stack(new App(), 'Team');
    addTeam(MtlsServiceMesh.fromMeshName(team, 'Mesh', 'mesh.example.com'), 'groups');
    for (const stack of [stacks.mesh, team]) {
      const types = Object.values(resourcesOf(stack)).map(({ Type }) => Type);
      expect(types).toEqual(expect.arrayContaining(['Custom::MtlsService', 'Custom::MtlsExternalClient']));
    }
  });

  test('learns that a trust anchor is missing, or that a name is taken, from either', () => {
    const { mesh } = twoStacks();
    const imported = MtlsServiceMesh.fromMeshName(new Stack(new App(), 'Team'), 'Mesh', 'mesh.example.com');
    expect(() => mesh.trustAnchor('partner')).toThrow(
      'Mesh/Mesh: trust anchor name must be one that addTrustAnchor has added, got "partner"',
    );
    for (const either of [mesh, imported]) {
      either.addClient('mail');
      expect(() => either.addClient('mail')).toThrow(
        'Mesh: client name must be unique within the mesh, got "mail" twice',
      );
    }
  });
});
