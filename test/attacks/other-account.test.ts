import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsClient } from 'aws4fetch';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { listClients } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MtlsServiceMesh, type MtlsServiceMeshAttributes } from '../../lib';
import { Sandbox } from '../../sandbox';
import { RESPONSE_HOST, RESPONSES_PATH } from '../../sandbox/endpoint/paths';
import { exampleMesh } from '../example-mesh';
import { attacks } from './attacks';

/**
 * An account that the mesh allows is hostile: all its principals may do everything there, and name whatever they like in the events
 * of functions that they invoke.
 */

const MESH_ACCOUNT = '111111111111';
const HOSTILE = '222222222222';
const THIRD = '333333333333';
const DOMAIN = 'mesh.example.com';
const ID = '11111111-2222-3333-4444-555555555555';
const inAccount = (account: string) => ({ env: { account, region: 'us-east-1' } });
const stacksOf = (account: string) => `arn:aws:cloudformation:us-east-1:${account}:stack`;
const secretOf = (account: string, name: string) =>
  `arn:aws:secretsmanager:us-east-1:${account}:secret:${DOMAIN}/${name}-AbCdEf`;

let sandbox: Sandbox;
let attributes: MtlsServiceMeshAttributes;
let state: string;

beforeAll(async () => {
  const platform = new Stack(new App(), 'Platform', inAccount(MESH_ACCOUNT));
  const mesh = exampleMesh(platform, { removalPolicy: RemovalPolicy.DESTROY });
  mesh.allowStack(`${stacksOf(HOSTILE)}/mail/*`);
  mesh.allowStack(`${stacksOf(THIRD)}/users/*`);
  mesh.addClient('social');
  sandbox = await Sandbox.deploy(platform.node.root as App);
  const [output] = Object.entries(sandbox.outputs).filter(([name]) => name.includes('AttributesForOtherAccounts'));
  attributes = JSON.parse(output?.[1] ?? '{}');
  await sandbox.update(appOf(THIRD, 'users'));
  await sandbox.update(appOf(HOSTILE, 'mail'));
  state = await stateOfMesh();
});
afterAll(() => sandbox?.close());

/** The app of another account, with one client that has the name of the stack, and a role with all permissions. */
function appOf(account: string, name: string): App {
  const stack = new Stack(new App(), name, inAccount(account));
  const mesh = MtlsServiceMesh.fromMeshAttributes(stack, 'Mesh', attributes);
  mesh.addSecretsRole();
  mesh.addClient(name);
  new iam.Role(stack, 'Attacker', {
    roleName: 'attacker',
    assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
    managedPolicies: [iam.ManagedPolicy.fromAwsManagedPolicyName('AdministratorAccess')],
  });
  return stack.node.root as App;
}

/** The clients of the mesh, who declares them, and the certificates in the secrets that must not change. */
async function stateOfMesh(): Promise<string> {
  const clients = await listClients(awsMesh(DOMAIN, sandboxAccess(sandbox)));
  const secrets = await Promise.all(['social', 'users'].map((name) => sandbox.clientSecret(name)));
  const declared = clients.map(({ client }) => [
    client.clientName,
    'declaredBy' in client ? client.declaredBy : 'none',
    'secretId' in client ? client.secretId : 'none',
    client.state,
  ]);
  return JSON.stringify([declared.sort(), secrets.map(({ serialNumber }) => serialNumber)]);
}

async function call(service: string, url: string, body: string, headers: Record<string, string> = {}): Promise<void> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment({
    account: HOSTILE,
    role: 'attacker',
  });
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const client = new AwsClient({ ...credentials, service, region: 'us-east-1', retries: 0 });
  const response = await client.fetch(url, { method: 'POST', body, headers });
  const text = await response.text();
  if (!response.ok || response.headers.has('x-amz-function-error')) throw new Error(text);
}

const invoke = (functionArn: string, event: object) =>
  call(
    'lambda',
    `${sandbox.endpoint}/2015-03-31/functions/${encodeURIComponent(functionArn)}/invocations`,
    JSON.stringify(event),
  );

const spiffeIdOf = (name: string) => `spiffe://${DOMAIN}/${name}`;

/** An event of CloudFormation as the attacker writes it, with an address that accepts no answer. */
const event = (name: string, changed: object = {}, properties: object = {}) => ({
  RequestType: 'Create',
  RequestId: crypto.randomUUID(),
  ResponseURL: `https://${RESPONSE_HOST}${RESPONSES_PATH}attacker`,
  StackId: `${stacksOf(HOSTILE)}/mail/${ID}`,
  LogicalResourceId: 'Ghost',
  ResourceType: 'Custom::MtlsClientCertificate',
  ResourceProperties: {
    ServiceToken: 'x',
    SecretId: secretOf(HOSTILE, name),
    ClientName: name,
    SpiffeId: spiffeIdOf(name),
    DnsNames: [],
    KeyAlgorithm: 'EC_prime256v1',
    ValidityHours: '24',
    CertificateAuthorityArn: attributes.certificateAuthorityArn,
    SigningAlgorithm: 'SHA256WITHECDSA',
    ...properties,
  },
  ...changed,
});

const ownDoor = () => `${attributes.deploymentFunctionArn}:account-${HOSTILE}`;
const stackOf = (client: string) => {
  const declared = (JSON.parse(state) as [string, string][][])[0]?.find(([name]) => name === client);
  const [StackId = '', LogicalResourceId = ''] = declared?.[1]?.split(' ') ?? [];
  return { StackId, LogicalResourceId };
};
const removalOf = (client: string) => ({
  ...stackOf(client),
  RequestType: 'Delete',
  PhysicalResourceId: spiffeIdOf(client),
});

attacks<() => Promise<void>>(
  'a hostile account',
  [
    ['names a stack of the mesh’s account', () => invoke(ownDoor(), event('ghost', stackOf('social')))],
    ['removes a client of the mesh’s account', () => invoke(ownDoor(), event('social', removalOf('social')))],
    [
      'changes a client of the mesh’s account',
      () => invoke(ownDoor(), event('social', { ...removalOf('social'), RequestType: 'Update' })),
    ],
    ['names a stack of a third account', () => invoke(ownDoor(), event('ghost', stackOf('users')))],
    ['removes a client of a third account', () => invoke(ownDoor(), event('users', removalOf('users')))],
    [
      'names a stack of its own that is not allowed',
      () => invoke(ownDoor(), event('ghost', { StackId: `${stacksOf(HOSTILE)}/mail2/${ID}` })),
    ],
    ['takes the name of a client of the mesh’s account', () => invoke(ownDoor(), event('social'))],
    ['takes the name of a client of a third account', () => invoke(ownDoor(), event('users'))],
    [
      'has a certificate put into a secret of the mesh’s account',
      () => invoke(ownDoor(), event('ghost', {}, { SecretId: secretOf(MESH_ACCOUNT, 'ghost') })),
    ],
    [
      'has a certificate put into a secret of a third account',
      () => invoke(ownDoor(), event('ghost', {}, { SecretId: secretOf(THIRD, 'ghost') })),
    ],
    [
      'has a certificate put into a secret that is named without an account',
      () => invoke(ownDoor(), event('ghost', {}, { SecretId: `${DOMAIN}/ghost` })),
    ],
    [
      'declares a service',
      () =>
        invoke(
          ownDoor(),
          event(
            'ghost',
            { ResourceType: 'Custom::MtlsService' },
            { ServiceName: 'ghost', ApiId: attributes.apiId, Grants: [] },
          ),
        ),
    ],
    [
      'declares an external client',
      () => invoke(ownDoor(), event('ghost', { ResourceType: 'Custom::MtlsExternalClient' }, { SecretId: undefined })),
    ],
    [
      'has the answer sent into the network of the mesh',
      () => invoke(ownDoor(), event('ghost', { ResponseURL: 'http://127.0.0.1:9001/2018-06-01/runtime' })),
    ],
    ['enters as the mesh’s account', () => invoke(attributes.deploymentFunctionArn, event('ghost', stackOf('social')))],
    [
      'enters as the mesh’s account, by version',
      () => invoke(`${attributes.deploymentFunctionArn}:$LATEST`, event('ghost', stackOf('social'))),
    ],
    [
      'enters as a third account',
      () => invoke(`${attributes.deploymentFunctionArn}:account-${THIRD}`, event('ghost', stackOf('users'))),
    ],
    [
      'names another caller to the function behind the URL',
      () =>
        invoke(attributes.requestFunctionArn, {
          requestContext: { authorizer: { iam: { userArn: `arn:aws:sts::${MESH_ACCOUNT}:assumed-role/own/x` } } },
        }),
    ],
    ...['createSecret', 'testSecret', 'finishSecret'].flatMap((Step) =>
      ['social', 'users'].map((client): [string, () => Promise<void>] => [
        `has the secret of ${client} rotated: ${Step}`,
        async () => {
          const { secretId: SecretId } = sandbox.clients.find(({ name }) => name === client) ?? {};
          const rotation = {
            Step,
            SecretId,
            ClientRequestToken: crypto.randomUUID(),
            RotationToken: crypto.randomUUID(),
          };
          await invoke(attributes.rotationFunctionArn, rotation);
          // Proves only that the current certificate works.
          if (Step === 'testSecret') throw new Error('harmless');
        },
      ]),
    ),
    ...[MESH_ACCOUNT, THIRD].map((account): [string, () => Promise<void>] => [
      `assumes the roles of the account ${account}`,
      async () => {
        const roles = [...(attributes.issuerRoleArns ?? []), `arn:aws:iam::${THIRD}:role/attacker`];
        const others = sandbox.calls.flatMap(({ principal = '' }) =>
          principal.includes(':role/mtls-mesh-') ? principal : [],
        );
        for (const RoleArn of new Set([...roles, ...others].filter((role) => role.includes(`::${account}:`)))) {
          const form = new URLSearchParams({
            Action: 'AssumeRole',
            Version: '2011-06-15',
            RoleArn,
            RoleSessionName: 'me',
          });
          const type = { 'content-type': 'application/x-www-form-urlencoded' };
          const outcome = await call('sts', `${sandbox.endpoint}/`, form.toString(), type).then(
            () => RoleArn,
            () => '',
          );
          if (outcome !== '') return;
        }
        throw new Error('refused');
      },
    ]),
  ],
  async (attack) => {
    await expect(attack()).rejects.toThrow();
    await expect(stateOfMesh()).resolves.toBe(state);
  },
);

test('the same events count if they are its own', async () => {
  const { secretId } = sandbox.clients.find(({ name }) => name === 'mail') ?? {};
  const before = await sandbox.clientSecret('mail');
  const own = { ...removalOf('mail'), RequestType: 'Update' };
  // The address takes no answer.
  await expect(invoke(ownDoor(), event('mail', own, { SecretId: secretId }))).rejects.toThrow('response URL');
  expect((await sandbox.clientSecret('mail')).serialNumber).not.toBe(before.serialNumber);
});
