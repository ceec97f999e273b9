import { App, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

let sandbox: Sandbox;
afterEach(() => sandbox?.close());

test('a mesh with a key, a VPC, tracing, reserved concurrency, and tags issues, rotates, and lets through', async () => {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack, {
    encryptionKey: new kms.Key(stack, 'Key'),
    vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 }),
    tracing: lambda.Tracing.ACTIVE,
    reservedConcurrentExecutions: 10,
    authorizerConcurrency: 100,
    tags: { team: 'platform' },
  });
  addScheduleService(stack, mesh);
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') }).allowAllClients();
  mesh.addClient('mail');
  mesh.addDashboard();
  sandbox = await Sandbox.deploy(app);
  const ofMesh = sandbox.notices.filter((notice) => notice.includes(' Mesh/Mesh/'));
  expect(new Set(ofMesh.map((notice) => notice.split(' Mesh/')[0]))).toEqual(
    new Set(['stands in: AWS::EC2::SecurityGroup', 'ignores the network of VpcConfig: AWS::Lambda::Function']),
  );

  const status = async () => {
    const response = await sandbox.fetch('mail', 'https://mesh.example.com/schedule');
    await response.body?.cancel();
    return response.status;
  };
  const before = await sandbox.clientSecret('mail');
  expect(await status()).toBe(200);
  await sandbox.advance(4 * 86_400_000);
  expect((await sandbox.clientSecret('mail')).serialNumber).not.toBe(before.serialNumber);
  expect(await status()).toBe(200);
}, 120_000);
