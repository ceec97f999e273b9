import { App, CfnElement, Stack } from 'aws-cdk-lib';
import { EndpointType, LambdaRestApi } from 'aws-cdk-lib/aws-apigateway';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import {
  CertificateAuthority,
  type ICertificateAuthority,
  type MeshClientOptions,
  type MtlsServiceMeshProps,
} from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';

interface Changes {
  readonly authority?: (stack: Stack) => ICertificateAuthority;
  readonly mesh?: Partial<MtlsServiceMeshProps>;
  readonly client?: MeshClientOptions;
}

const withSubject = (commonName: string) => (stack: Stack) =>
  CertificateAuthority.kmsSubordinate(stack, 'Authority', { subject: { commonName } });

/** The authority in another place of the tree, with the logical IDs of before. */
function movedAuthority(stack: Stack): ICertificateAuthority {
  const moved = CertificateAuthority.kmsSubordinate(new Construct(stack, 'Pki'), 'Authority');
  const unmoved = CertificateAuthority.kmsSubordinate(new Stack(undefined, stack.stackName), 'Authority');
  const before = unmoved.node.findAll();
  for (const [index, construct] of moved.node.findAll().entries()) {
    const element = before[index];
    if (!CfnElement.isCfnElement(construct) || !CfnElement.isCfnElement(element)) continue;
    construct.overrideLogicalId(element.stack.resolve(element.logicalId));
  }
  return moved;
}

function appWith({
  authority = (stack) => CertificateAuthority.kmsSubordinate(stack, 'Authority'),
  mesh: props,
  client,
}: Changes = {}): App {
  const app = new App();
  const stack = new Stack(app, 'Live');
  const mesh = exampleMesh(stack, { certificateAuthority: authority(stack), ...props });
  addScheduleService(stack, mesh);
  const api = new LambdaRestApi(stack, 'Reports', {
    handler: new lambda.Function(stack, 'Report', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline('exports.handler = async () => ({ statusCode: 200 });'),
    }),
    endpointTypes: [EndpointType.REGIONAL],
    disableExecuteApiEndpoint: true,
  });
  mesh.addClient('social');
  mesh.protect('reports', api).allow(mesh.addClient('mail', client));
  return app;
}

describe('a change that would cut off the clients of a live mesh fails, says what to do, and cuts off nobody', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    sandbox = await Sandbox.deploy(appWith());
  });
  afterAll(() => sandbox?.close());

  test.each<[string, Changes, RegExp]>([
    [
      'another subject of the authority',
      { authority: withSubject('Example') },
      /must keep the subject CN=Live Authority \w+,/,
    ],
    [
      'an authority that was moved in the tree',
      { authority: movedAuthority },
      /must keep the subject CN=Live Authority \w+,/,
    ],
    ['the adoption of its own registry', { mesh: { adoptRegistry: true } }, /CloudFormation would delete the table/],
    [
      'the adoption of the own secret of a client',
      { client: { adoptSecret: true } },
      /adoptSecret would take the secret of client mail out/,
    ],
  ])('%s', async (_what, changes, reason) => {
    await expect(sandbox.update(appWith(changes))).rejects.toThrow(reason);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);
  });
});

describe.each<[string, Changes, string]>([
  ['trust domain', { mesh: { trustDomain: 'prod.example.com' } }, 'mesh.example.com'],
  ['domain name, with the trust domain', { mesh: { domainName: 'new.example.com' } }, 'new.example.com'],
  [
    'domain name alone',
    { mesh: { domainName: 'new.example.com', trustDomain: 'mesh.example.com' } },
    'new.example.com',
  ],
])('a live mesh with another %s', (_what, changes, domainName) => {
  test('lets its clients call what they may, and nothing else', async () => {
    const sandbox = await Sandbox.deploy(appWith());
    try {
      await sandbox.update(appWith(changes));
      await sandbox.advance(60_000);
      for (const path of ['schedule/events', 'reports']) {
        expect((await sandbox.fetch('mail', `https://${domainName}/${path}`)).status).toBe(200);
      }
      expect((await sandbox.fetch('social', `https://${domainName}/reports`)).status).toBe(403);
    } finally {
      await sandbox.close();
    }
  });
});
