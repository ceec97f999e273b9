import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { App, NestedStack, Stack } from 'aws-cdk-lib';
import { VpcLink } from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
import { readFallback, readTargets } from '../../sandbox/targets';
import { exampleMesh } from '../example-mesh';

const LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/mesh/1/2';

let directory: string;
let backend: Server;
let port: number;

beforeAll(async () => {
  process.env['CDK_VALIDATION'] = 'false';
  directory = mkdtempSync(join(tmpdir(), 'targets-test-'));
  backend = createServer((request, response) => {
    response.end(JSON.stringify({ url: request.url, headers: request.headers }));
  });
  await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
  port = (backend.address() as AddressInfo).port;
});

afterAll(() => {
  backend.closeAllConnections();
  backend.close();
  rmSync(directory, { recursive: true });
});

/** A mesh with the client `mail`, the private service `schedule`, and the public service `groups`. */
function app(outdir: string): App {
  const app = new App({ outdir: join(directory, outdir) });
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  mesh.addClient('mail');
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-1',
    availabilityZones: ['us-east-1a'],
    privateSubnetIds: ['subnet-1'],
  });
  const listener = elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Listener', {
    listenerArn: LISTENER,
    securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1'),
  });
  const vpcLink = new VpcLink(stack, 'Link', { vpc });
  mesh
    .addService('schedule', { integration: MeshIntegration.applicationLoadBalancer(listener, { vpcLink }) })
    .allowAllClients();
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.invalid/v1') }).allowAllClients();
  return app;
}

/** The authorizer refuses a caller that brings identity headers, so only the gateway's secret is left to guess. */
const SPOOFED = { 'x-mesh-gateway-secret': 'guess' };

test('backends at local ports know the caller, and the public one that the gateway calls', async () => {
  const sandbox = await Sandbox.deploy(app('deployed'), {
    targets: { schedule: port, groups: `http://127.0.0.1:${port}` },
  });
  try {
    const get = async (path: string): Promise<{ url: string; headers: IncomingHttpHeaders }> => {
      const response = await sandbox.fetch('mail', `https://mesh.example.com${path}`, { headers: SPOOFED });
      expect(response.status).toBe(200);
      return JSON.parse(await response.text());
    };
    expect(await get('/schedule')).toMatchObject({ url: '/', headers: { 'x-mesh-client-name': 'mail' } });
    expect(await get('/schedule/events?day=1')).toMatchObject({
      url: '/events?day=1',
      headers: { 'x-mesh-client-name': 'mail', 'x-mesh-spiffe-id': 'spiffe://mesh.example.com/mail' },
    });

    const ids = Object.entries(sandbox.resources).filter(([id]) => /GatewaySecret/.test(id));
    const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment();
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    const client = new SecretsManagerClient({ endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials });
    const SecretId = ids[0]?.[1].physicalId;
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId }));
    expect(SecretString).toMatch(/^[A-Za-z0-9]{64}$/);
    expect(await get('/groups/7')).toMatchObject({
      url: '/v1/7',
      headers: { 'x-mesh-client-name': 'mail', 'x-mesh-gateway-secret': SecretString },
    });
    expect(JSON.stringify(sandbox.resources)).not.toContain(SecretString);
    expect(JSON.stringify(sandbox.logs())).not.toContain(SecretString);
  } finally {
    await sandbox.close();
  }
});

test('a private service without a target fails the deployment by name', async () => {
  await expect(Sandbox.deploy(app('missing'))).rejects.toThrow(/mtls-mesh up --target schedule=8080/);
});

test('a target of a service that does not exist is refused before the deployment', async () => {
  await expect(Sandbox.prepare(app('unknown'), { targets: { shedule: 8080 } })).rejects.toThrow(
    'the target shedule must be a service of the stack; it has groups, schedule',
  );
});

test('a target may be of a service in a nested stack', async () => {
  const nesting = new App({ outdir: join(directory, 'nested') });
  const mesh = exampleMesh(new NestedStack(new Stack(nesting, 'Root'), 'Inner'));
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.invalid/v1') }).allowAllClients();

  const sandbox = await Sandbox.prepare(nesting, { targets: { groups: port } });

  await sandbox.close();
});

test.each([
  [8080, 'http://127.0.0.1:8080/'],
  ['8080', 'http://127.0.0.1:8080/'],
  ['http://localhost:3000', 'http://localhost:3000/'],
  ['https://localhost:3000/', 'https://localhost:3000/'],
])('the target %j is %s', (target, url) => {
  expect(readTargets({ schedule: target }).get('schedule')?.href).toBe(url);
});

test.each([
  0,
  -1,
  1.5,
  65_536,
  Number.NaN,
  '0',
  '65536',
  '',
  'localhost:3000',
  'ftp://localhost',
  'http://localhost/path',
  'http://localhost/?query',
  'http://user:password@localhost',
  'http://localhost/#top',
])('the target %j is refused', (target) => {
  expect(() => readTargets({ schedule: target })).toThrow(/^the target of schedule must be a port from 1 to 65535, or/);
});

describe('fallbackEndpoint', () => {
  test.each(['http://127.0.0.1:4566', 'http://localhost:5000/', 'https://emulator.example.com'])('takes %s', (url) => {
    expect(readFallback(url).origin).toBe(new URL(url).origin);
  });

  test.each([
    '4566',
    'localhost:4566',
    'ftp://127.0.0.1',
    'http://127.0.0.1/path',
    'http://user:password@127.0.0.1',
    'https://sqs.us-east-1.amazonaws.com',
    'https://SQS.us-east-1.AMAZONAWS.com.',
    'https://sqs.cn-north-1.amazonaws.com.cn',
    'https://lambda.us-east-1.api.aws',
    '',
  ])('refuses %j', (url) => {
    expect(() => readFallback(url)).toThrow('fallbackEndpoint must be the URL of an emulator');
  });
});
