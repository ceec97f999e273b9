import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, CustomResource, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket, EventType } from 'aws-cdk-lib/aws-s3';
import { BucketDeployment, Source } from 'aws-cdk-lib/aws-s3-deployment';
import { LambdaDestination } from 'aws-cdk-lib/aws-s3-notifications';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId, Provider } from 'aws-cdk-lib/custom-resources';
import { AwsClient } from 'aws4fetch';
import { Sandbox } from '../../sandbox';
import { testWith } from '../programs';

jest.setTimeout(60_000);

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'custom-resources-test-')));
let apps = 0;

beforeAll(() => {
  process.env['CDK_VALIDATION'] = 'false';
});

afterAll(() => rmSync(directory, { recursive: true }));

function newApp(): App {
  apps += 1;
  return new App({ outdir: join(directory, String(apps)) });
}

/** Runs the stack that `declare` fills. */
async function withStack(declare: (stack: Stack) => void, work: (sandbox: Sandbox) => Promise<void> | void) {
  const app = newApp();
  declare(new Stack(app, 'App'));
  const sandbox = await Sandbox.deploy(app);
  try {
    await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

const inline = (stack: Stack, id: string, code: string, runtime = Runtime.NODEJS_24_X) =>
  new LambdaFunction(stack, id, { runtime, handler: 'index.handler', code: Code.fromInline(code) });

/** Calls S3 in the sandbox as its operator. */
async function s3(sandbox: Sandbox, path: string, init: RequestInit = {}): Promise<Response> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const client = new AwsClient({ ...credentials, region: 'us-east-1', service: 's3', retries: 0 });
  return client.fetch(`${sandbox.endpoint}${path}`, init);
}

test('autoDeleteObjects empties the bucket when the stack is destroyed', async () => {
  const declare = (stack: Stack) => {
    const bucket = new Bucket(stack, 'Files', {
      bucketName: 'files-of-mail',
      versioned: true,
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    });
    new CfnOutput(stack, 'Name', { value: bucket.bucketName });
  };
  await withStack(declare, async (sandbox) => {
    expect(sandbox.notices).toEqual([]);
    for (const body of ['one', 'two']) {
      expect((await s3(sandbox, '/files-of-mail/letter', { method: 'PUT', body })).status).toBe(200);
    }
    await sandbox.destroy();
    expect((await s3(sandbox, '/files-of-mail?list-type=2')).status).toBe(404);
  });
});

test('without autoDeleteObjects, the bucket that is not empty stays, as on AWS', async () => {
  const declare = (stack: Stack) =>
    void new Bucket(stack, 'Files', { bucketName: 'files-of-mail', removalPolicy: RemovalPolicy.DESTROY });
  await withStack(declare, async (sandbox) => {
    await s3(sandbox, '/files-of-mail/letter', { method: 'PUT', body: 'one' });
    await expect(sandbox.destroy()).rejects.toThrow('The bucket you tried to delete is not empty');
  });
});

test.each([
  ['in Node.js 24', Runtime.NODEJS_24_X, 'async (event, context)', 'await '],
  ['in Node.js 22', Runtime.NODEJS_22_X, 'async (event, context)', 'await '],
  ['in Node.js 22 with a callback', Runtime.NODEJS_22_X, '(event, context, callback)', ''],
])('the cfn-response module answers %s', async (_case, runtime, parameters, wait) => {
  const code = `const response = require('cfn-response');
    exports.handler = ${parameters} => {
      ${wait}response.send(event, context, response.SUCCESS, { Said: 'hello ' + event.ResourceProperties.To }, 'greeting');
    };`;
  await withStack(
    (stack) => {
      const serviceToken = inline(stack, 'Function', code, runtime).functionArn;
      const greeting = new CustomResource(stack, 'Greeting', { serviceToken, properties: { To: 'mail' } });
      new CfnOutput(stack, 'Said', { value: greeting.getAttString('Said') });
    },
    (sandbox) => expect(sandbox.outputs).toEqual({ Said: 'hello mail' }),
  );
});

testWith('python3')('the cfnresponse module answers in Python, and its failures fail the stack', async () => {
  const declare = (status: string) => (stack: Stack) => {
    const code = `import cfnresponse
def handler(event, context):
    status = cfnresponse.${status} if event['RequestType'] == 'Create' else cfnresponse.SUCCESS
    cfnresponse.send(event, context, status, {'Said': 'hello'}, 'greeting', reason='lost my voice')`;
    const serviceToken = inline(stack, 'Function', code, Runtime.PYTHON_3_13).functionArn;
    const greeting = new CustomResource(stack, 'Greeting', { serviceToken });
    new CfnOutput(stack, 'Said', { value: greeting.getAttString('Said') });
  };
  await withStack(declare('SUCCESS'), (sandbox) => expect(sandbox.outputs).toEqual({ Said: 'hello' }));
  await expect(withStack(declare('FAILED'), () => undefined)).rejects.toThrow('lost my voice');
});

test('AwsCustomResource makes its call, with the permissions of its role alone', async () => {
  const declare = (action: string) => (stack: Stack) => {
    const policy = AwsCustomResourcePolicy.fromSdkCalls({ resources: [`arn:aws:ssm:*:*:parameter/greeting`] });
    const parameters = { Name: `/${action}`, Value: 'hello', Type: 'String' };
    const onCreate = {
      service: 'SSM',
      action: 'putParameter',
      parameters,
      physicalResourceId: PhysicalResourceId.of('greeting'),
    };
    new AwsCustomResource(stack, 'Put', { installLatestAwsSdk: false, onCreate, policy });
  };
  await withStack(declare('greeting'), (sandbox) => expect(sandbox.notices).toEqual([]));
  await expect(withStack(declare('other'), () => undefined)).rejects.toThrow(
    /not authorized to perform: ssm:PutParameter/,
  );
});

test('values go from a stack of another Region to those that refer to them', async () => {
  const app = newApp();
  const account = '123456789012';
  const far = new Stack(app, 'Far', { env: { account, region: 'eu-west-1' }, crossRegionReferences: true });
  const near = new Stack(app, 'Near', { env: { account, region: 'us-east-1' }, crossRegionReferences: true });
  const { bucketArn } = new Bucket(far, 'Files');
  new CfnOutput(near, 'Files', { value: bucketArn });
  const sandbox = await Sandbox.deploy(app);
  try {
    expect(sandbox.notices).toEqual(['runs in us-east-1, the Region of the sandbox, and not in eu-west-1: stack Far']);
    expect(sandbox.outputs['Files']).toMatch(/^arn:aws:s3:::far-/);
  } finally {
    await sandbox.close();
  }
});

const onEvent = "exports.handler = async () => ({ PhysicalResourceId: 'greeting' });";

test('the provider framework fails by the name of what its function needs of the AWS SDK', async () => {
  const declare = (stack: Stack) => {
    const { serviceToken } = new Provider(stack, 'Provider', { onEventHandler: inline(stack, 'OnEvent', onEvent) });
    new CustomResource(stack, 'Greeting', { serviceToken });
  };
  await expect(withStack(declare, () => undefined)).rejects.toThrow("Cannot find package '@aws-sdk/client-lambda'");
});

test('what the sandbox does not have for custom resources of the CDK stands in', async () => {
  await withStack(
    (stack) => {
      const bucket = new Bucket(stack, 'Files');
      new BucketDeployment(stack, 'Deployment', { destinationBucket: bucket, sources: [Source.data('letter', 'one')] });
      bucket.addEventNotification(EventType.OBJECT_CREATED, new LambdaDestination(inline(stack, 'Notified', onEvent)));
    },
    ({ notices }) =>
      expect(notices.filter((notice) => notice.startsWith('stands in: Custom::'))).toEqual([
        'stands in: Custom::CDKBucketDeployment App/Deployment/CustomResource/Default',
        'stands in: Custom::S3BucketNotifications App/Files/Notifications/Resource',
      ]),
  );
});
