import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { AwsClient } from 'aws4fetch';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { listClients } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import {
  type ImportedMesh,
  MeshClient,
  MeshIntegration,
  MtlsServiceMesh,
  type MtlsServiceMeshAttributes,
} from '../../lib';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const PLATFORM = '111111111111';
const TEAM = '222222222222';
const DOMAIN = 'mesh.example.com';
const DAY = 86_400_000;
const inAccount = (account: string) => ({ env: { account, region: 'eu-central-1' } });
const stacksOf = (account: string, names: string) => `arn:aws:cloudformation:eu-central-1:${account}:stack/${names}/*`;

const WHO =
  'exports.handler = async (event) => ({ statusCode: 200, body: event.requestContext.authorizer.lambda.clientName });';

let sandbox: Sandbox | undefined;
afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

/** The app of the platform team, in an account of its own. */
function platform(
  allowed: readonly string[],
  extend: (mesh: MtlsServiceMesh, stack: Stack) => void = () => undefined,
): App {
  const app = new App();
  const stack = new Stack(app, 'Platform', inAccount(PLATFORM));
  const mesh = exampleMesh(stack, { removalPolicy: RemovalPolicy.DESTROY });
  for (const pattern of allowed) mesh.allowStack(pattern);
  addScheduleService(stack, mesh);
  mesh.addClient('social');
  extend(mesh, stack);
  return app;
}

/** What somebody copies from the output of the mesh's stack. */
function attributesOf({ outputs }: Sandbox): MtlsServiceMeshAttributes {
  const [name] = Object.keys(outputs).filter((output) => output.includes('AttributesForOtherAccounts'));
  return JSON.parse(outputs[name ?? ''] ?? '{}');
}

/** The app of a team, in another account. */
function team(
  deployed: Sandbox,
  add: (mesh: ImportedMesh, stack: Stack) => void,
  { account = TEAM, name = 'mail-app', withRole = true } = {},
): App {
  const stack = new Stack(new App(), name, inAccount(account));
  const mesh = MtlsServiceMesh.fromMeshAttributes(stack, 'Mesh', attributesOf(deployed));
  if (withRole) mesh.addSecretsRole();
  add(mesh, stack);
  return stack.node.root as App;
}

const addMail = (mesh: ImportedMesh) => void mesh.addClient('mail');

const callSchedule = async (deployed: Sandbox, client: string) => {
  const response = await deployed.fetch(client, `https://${DOMAIN}/schedule`);
  return [response.status, response.ok ? await response.text() : ''];
};

test('a client of another account gets its certificate, calls, rotates, and is refused once it is removed', async () => {
  const deployed = await Sandbox.deploy(platform([stacksOf(TEAM, 'mail-*')]));
  sandbox = deployed;
  const encrypted = (mesh: ImportedMesh, stack: Stack) => {
    addMail(mesh);
    mesh.addClient('billing', { encryptionKey: new kms.Key(stack, 'Key') });
  };
  await deployed.update(team(deployed, encrypted));
  const { secretId } = deployed.clients.find(({ name }) => name === 'mail') ?? {};
  expect(secretId).toContain(`:secretsmanager:eu-central-1:${TEAM}:secret:${DOMAIN}/mail-`);
  await expect(callSchedule(deployed, 'mail')).resolves.toEqual([200, 'mail']);
  await expect(callSchedule(deployed, 'billing')).resolves.toEqual([200, 'billing']);

  const before = await deployed.clientSecret('mail');
  await deployed.advance(3 * DAY);
  const after = await deployed.clientSecret('mail');
  expect(after.serialNumber).not.toBe(before.serialNumber);
  await expect(callSchedule(deployed, 'mail')).resolves.toEqual([200, 'mail']);
  const calls = deployed.calls.filter(({ principal }) => principal?.includes(`:${TEAM}:role/mtls-mesh-eu-central-1-`));
  expect(new Set(calls.map(({ operation }) => operation))).toEqual(
    new Set(['DescribeSecret', 'GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage']),
  );

  const mesh = awsMesh(DOMAIN, sandboxAccess(deployed));
  expect((await listClients(mesh)).map(({ client }) => client.clientName).sort()).toEqual([
    'billing',
    'mail',
    'social',
  ]);
  await deployed.update(team(deployed, (imported) => void imported.addClient('billing')));
  expect((await listClients(mesh)).map(({ client }) => client.clientName).sort()).toEqual(['billing', 'social']);
  await deployed.advance(10_000);
  const refused = await deployed.fetch(
    { certificate: after.certificate, certificateChain: after.certificateChain, privateKey: after.privateKey },
    `https://${DOMAIN}/schedule`,
  );
  expect(refused.status).toBe(403);
});

test('clients of both accounts call services of both, and a grant counts for its client only', async () => {
  const users = `arn:aws:lambda:eu-central-1:${TEAM}:function:users`;
  const withUsers = (mesh: MtlsServiceMesh, stack: Stack) => {
    const handler = lambda.Function.fromFunctionArn(stack, 'Users', users);
    const service = mesh.addService('users', { integration: MeshIntegration.lambdaFunction(handler) });
    service.allow(MeshClient.fromClientName(stack, 'Mail', 'mail', DOMAIN));
  };
  const deployed = await Sandbox.deploy(platform([stacksOf(TEAM, 'mail-app')], withUsers));
  sandbox = deployed;
  const call = (client: string) => deployed.fetch(client, `https://${DOMAIN}/users`);
  const { apiId } = attributesOf(deployed);
  const withFunction = (mayInvoke: boolean) => (mesh: ImportedMesh, stack: Stack) => {
    addMail(mesh);
    const handler = new lambda.Function(stack, 'Users', {
      functionName: 'users',
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(WHO),
    });
    if (!mayInvoke) return;
    handler.addPermission('Gateway', {
      principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: `arn:aws:execute-api:eu-central-1:${PLATFORM}:${apiId}/*/*/users*`,
    });
  };
  await deployed.update(team(deployed, withFunction(false)));
  expect((await call('mail')).status).toBe(500);
  await deployed.update(team(deployed, withFunction(true)));
  const answered = await call('mail');
  expect([answered.status, await answered.text()]).toEqual([200, 'mail']);
  expect((await call('social')).status).toBe(403);
  await expect(callSchedule(deployed, 'social')).resolves.toEqual([200, 'social']);
});

test('a client of another account can keep its own key', async () => {
  const deployed = await Sandbox.deploy(platform([stacksOf(TEAM, 'mail-app')]));
  sandbox = deployed;
  const ownKey = (mesh: ImportedMesh, stack: Stack) => {
    const assumedBy = new iam.ServicePrincipal('ec2.amazonaws.com');
    mesh
      .addClient('laptop', { ownKey: true })
      .grantRequest(new iam.Role(stack, 'Mail', { roleName: 'mail', assumedBy }));
    new iam.Role(stack, 'Other', { roleName: 'other', assumedBy });
  };
  await deployed.update(team(deployed, ownKey, { withRole: false }));

  const { requestUrl } = attributesOf(deployed);
  const request = async (role: string) => {
    const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = deployed.environment({ account: TEAM, role });
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    const client = new AwsClient({ ...credentials, service: 'lambda', region: 'eu-central-1', retries: 0 });
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const certificateSigningRequest = createCertificateSigningRequest(privateKey, 'laptop');
    const body = JSON.stringify({ clientName: 'laptop', certificateSigningRequest });
    return client.fetch(requestUrl, { method: 'POST', body });
  };
  const issued = await request('mail');
  const { certificate } = (await issued.json()) as { readonly certificate: string };
  expect(new X509Certificate(certificate).subjectAltName).toBe(`URI:spiffe://${DOMAIN}/laptop`);
  expect((await request('other')).status).toBe(403);
});

test.each<[string, readonly string[], Parameters<typeof team>[2], string]>([
  ['whose name is not allowed', [stacksOf(TEAM, 'users-*')], {}, 'the mesh does not serve the stack'],
  [
    'of an account that is not allowed',
    [stacksOf(TEAM, 'mail-app')],
    { account: '333333333333' },
    'is not authorized to perform: lambda:InvokeFunction on resource',
  ],
  [
    'without the role for its secrets',
    [stacksOf(TEAM, 'mail-app')],
    { withRole: false },
    'deploy the role with addSecretsRole in that account',
  ],
])('a stack is refused %s', async (_what, allowed, options, message) => {
  const deployed = await Sandbox.deploy(platform(allowed));
  sandbox = deployed;
  await expect(deployed.update(team(deployed, addMail, options))).rejects.toThrow(message);
  expect((await listClients(awsMesh(DOMAIN, sandboxAccess(deployed)))).map(({ client }) => client.clientName)).toEqual([
    'social',
  ]);
});
