import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { App, aws_kms as kms, aws_lambda as lambda, NestedStack, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AttributeType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { ManagedPolicy, PermissionsBoundary, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

jest.setTimeout(60_000);

const EVENTS = 'https://mesh.example.com/schedule/events';
const directory = realpathSync(mkdtempSync(join(tmpdir(), 'real-stacks-test-')));
const code = join(directory, 'code');
let apps = 0;
let emulator: Server;
const received: string[] = [];

beforeAll(async () => {
  process.env['CDK_VALIDATION'] = 'false';
  mkdirSync(code);
  const package_ = dirname(require.resolve('aws4fetch'));
  copyFileSync(join(package_, 'aws4fetch.cjs.js'), join(code, 'aws4fetch.js'));
  writeFileSync(
    join(code, 'index.js'),
    `const { AwsClient } = require('./aws4fetch.js');
    const { env } = process;
    const client = new AwsClient({
      accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY, region: env.AWS_REGION, retries: 0,
    });
    async function call(service, target, input, url = env.AWS_ENDPOINT_URL) {
      const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.0' };
      const init = { method: 'POST', headers, body: JSON.stringify(input), aws: { service } };
      return (await client.fetch(url, init)).json();
    }
    exports.handler = async ({ requestContext }) => {
      const caller = requestContext.authorizer.lambda.clientName;
      const put = await call('dynamodb', 'DynamoDB_20120810.PutItem', {
        TableName: env.TABLE, Item: { id: { S: caller } },
      });
      const sent = await call('sqs', 'AmazonSQS.SendMessage', { QueueUrl: env.QUEUE, MessageBody: caller }, env.QUEUE);
      const encrypted = await call('kms', 'TrentService.Encrypt', { KeyId: env.KEY, Plaintext: 'eA==' });
      const version = env.AWS_LAMBDA_FUNCTION_VERSION;
      return { statusCode: 200, body: JSON.stringify({ caller, host: env.HOST, version, put, sent, key: encrypted.KeyId }) };
    };`,
  );
  emulator = createServer(async (request, response) => {
    received.push(`${request.headers['x-amz-target']} ${await text(request)}`);
    response.end('{"MessageId":"of the emulator"}');
  });
  await new Promise<void>((resolve) => emulator.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  emulator.close();
  rmSync(directory, { recursive: true });
});

/**
 * A stack of a queue, a table, a key, and a parameter, and one of a mesh. Its service runs as an alias, with a permissions
 * boundary and a role of the first stack's permissions. The secret of its client has the key.
 */
function appOfTwoStacks({ mayEncrypt = true } = {}): App {
  apps += 1;
  const app = new App({ outdir: join(directory, String(apps)) });
  const data = new Stack(app, 'Data');
  const jobs = new Queue(data, 'Jobs', { deadLetterQueue: { queue: new Queue(data, 'DeadJobs'), maxReceiveCount: 3 } });
  const table = new Table(data, 'Events', {
    partitionKey: { name: 'id', type: AttributeType.STRING },
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const key = new kms.Key(data, 'Key', { alias: 'alias/events', removalPolicy: RemovalPolicy.DESTROY });
  new StringParameter(data, 'Host', { parameterName: '/events/host', stringValue: 'events.example.com' });

  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  mesh.addClient('mail', { encryptionKey: key });
  const service = new lambda.Function(stack, 'Schedule', {
    runtime: lambda.Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: lambda.Code.fromAsset(code),
    environment: {
      TABLE: table.tableName,
      QUEUE: jobs.queueUrl,
      KEY: 'alias/events',
      HOST: StringParameter.valueForStringParameter(stack, '/events/host'),
    },
  });
  table.grantWriteData(service);
  jobs.grantSendMessages(service);
  if (mayEncrypt) key.grantEncrypt(service);
  const statements = ['dynamodb:*', 'sqs:*', 'kms:*', 'logs:*'].map(
    (action) => new PolicyStatement({ actions: [action], resources: ['*'] }),
  );
  PermissionsBoundary.of(service).apply(new ManagedPolicy(stack, 'Boundary', { statements }));
  const live = new lambda.Alias(stack, 'Live', { aliasName: 'live', version: service.currentVersion });
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(live) }).allowAllClients();
  stack.addStackDependency(data);
  return app;
}

async function within<T>(deploying: Promise<Sandbox>, work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await deploying;
  try {
    return await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

const call = async (sandbox: Sandbox) => {
  const response = await sandbox.fetch('mail', EVENTS);
  expect(response.status).toBe(200);
  return response.json();
};

test('an app of two stacks with a queue, a table, a key, and an alias comes up, and one line says what stands in', async () => {
  await within(Sandbox.deploy(appOfTwoStacks()), async (sandbox) => {
    expect(sandbox.notices).toEqual([
      'stands in: AWS::SQS::Queue Data/DeadJobs/Resource',
      'stands in: AWS::SQS::Queue Data/Jobs/Resource',
    ]);
    const key = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::KMS::Key');
    expect(await call(sandbox)).toEqual({
      caller: 'mail',
      host: 'events.example.com',
      version: '1',
      put: {},
      sent: { __type: 'UnknownService', message: 'the sandbox does not support sqs:SendMessage' },
      key: key?.attributes['Arn'],
    });

    await sandbox.update(appOfTwoStacks({ mayEncrypt: false }));
    const answer = await call(sandbox);
    expect(answer).toMatchObject({ caller: 'mail', put: {} });
    expect(answer).not.toHaveProperty('key');
    await sandbox.destroy();
    expect(sandbox.resources).toEqual({});
  });
});

test('calls of services that are not there go to another emulator', async () => {
  const fallbackEndpoint = `http://127.0.0.1:${(emulator.address() as AddressInfo).port}`;
  await within(Sandbox.deploy(appOfTwoStacks(), { fallbackEndpoint }), async (sandbox) => {
    expect(await call(sandbox)).toMatchObject({ put: {}, sent: { MessageId: 'of the emulator' } });
    expect(received).toEqual([expect.stringMatching(/^AmazonSQS\.SendMessage .*"MessageBody":"mail"/)]);
  });
});

test('a stack comes with those that it depends on, and no others', async () => {
  const stacksOf = (sandbox: Sandbox) =>
    [...new Set(Object.values(sandbox.resources).map(({ constructPath }) => constructPath?.split('/')[0]))].sort();
  const app = appOfTwoStacks();
  await within(Sandbox.deploy(app, { stack: 'Data' }), async (sandbox) => {
    expect(stacksOf(sandbox)).toEqual(['Data']);
  });
  await within(Sandbox.deploy(app, { stack: 'Mesh' }), async (sandbox) => {
    expect(stacksOf(sandbox)).toEqual(['Data', 'Mesh']);
  });
});

test('a strict sandbox refuses what stands in, and leaves nothing', async () => {
  await expect(Sandbox.deploy(appOfTwoStacks(), { strict: true })).rejects.toThrow(
    /^Data: resource \w+ has the type AWS::SQS::Queue, which the sandbox does not support$/,
  );
});

test('a missing permission for the key of a secret shows when its certificate is issued', async () => {
  const app = new App({ outdir: join(directory, 'without-key') });
  const stack = new Stack(app, 'Mesh');
  const key = new kms.Key(stack, 'Key');
  exampleMesh(stack).addClient('mail', { encryptionKey: kms.Key.fromKeyArn(stack, 'SameKey', key.keyArn) });
  const policy = key.node.defaultChild as kms.CfnKey;
  policy.keyPolicy = { ...JSON.parse(JSON.stringify(stack.resolve(policy.keyPolicy))), Statement: [] };
  policy.bypassPolicyLockoutSafetyCheck = true;
  await expect(Sandbox.deploy(app)).rejects.toThrow(/kms:(GenerateDataKey|Decrypt)/);
});

test('a mesh in a nested stack serves, and what a stack prints is there by its name', async () => {
  const app = new App({ outdir: join(directory, 'nested') });
  const stack = new Stack(app, 'Parent');
  const mesh = exampleMesh(new NestedStack(stack, 'Inner') as unknown as Stack);
  mesh.addClient('mail');
  await within(Sandbox.deploy(app), async (sandbox) => {
    expect(sandbox.clients.map(({ name }) => name)).toEqual(['mail']);
    expect((await sandbox.clientSecret('mail')).clientName).toBe('mail');
    expect((await sandbox.fetch('mail', EVENTS)).status).toBe(404);
    const paths = Object.values(sandbox.resources).map(({ constructPath }) => constructPath);
    expect(paths).toContain('Parent/Inner/Mesh/Client-mail/Secret/Resource');
    await sandbox.destroy();
    expect(sandbox.resources).toEqual({});
  });
});
