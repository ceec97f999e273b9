import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { App, CfnOutput, CfnParameter, CustomResource, aws_lambda as lambda, Stack } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { MeshIntegration } from '../../lib';
import { DeploymentError, Sandbox, type StackEvent, TlsRequestError } from '../../sandbox';
import { exampleMesh } from '../example-mesh';
import { testWith } from '../programs';

const run = promisify(execFile);
const directory = mkdtempSync(join(tmpdir(), 'sandbox-test-'));
let apps = 0;

beforeAll(() => {
  process.env['CDK_VALIDATION'] = 'false';
  // Temporary files of other tests' sandboxes are none of these tests' business.
  process.env['TMPDIR'] = directory;
});

afterAll(() => rmSync(directory, { recursive: true }));

/** An app with one stack. */
function appWith(stackName: string, build: (stack: Stack) => void): App {
  apps += 1;
  const app = new App({ outdir: join(directory, String(apps)) });
  build(new Stack(app, stackName));
  return app;
}

/** Runs `work` with a sandbox, which is closed in any case. */
async function within<T>(deploying: Promise<Sandbox>, work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
  const sandbox = await deploying;
  try {
    return await work(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** Of the only resource of that type. */
function physicalId(sandbox: Sandbox, type: string): string {
  const [id, ...others] = Object.values(sandbox.resources).flatMap((one) => (one.type === type ? one.physicalId : []));
  if (id === undefined || others.length > 0) throw new Error(`the stack must have one resource of the type ${type}`);
  return id;
}

/** What this process has running or listening. */
function running(): readonly string[] {
  return process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap' || name === 'TCPServerWrap');
}

/** Node lets go of what has ended a moment later. */
async function nothingIsLeft(): Promise<void> {
  for (let tries = 0; tries < 100 && running().length > 0; tries += 1) await setTimeout(20);
  expect(running()).toEqual([]);
  expect(readdirSync(directory).filter((name) => name.startsWith('function-code-'))).toEqual([]);
}

describe('a stack with a custom resource', () => {
  /** Its function answers with what `expression` gives, as JavaScript over `event`. */
  const greetings = (
    greeting: string,
    expression = "{ Status: 'SUCCESS', Data: { Greeting: event.ResourceProperties.Greeting } }",
  ) =>
    appWith('Greetings', (stack) => {
      const handler = new lambda.Function(stack, 'Function', {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: lambda.Code.fromInline(`exports.handler = async (event) => {
          console.log('asked to', event.RequestType);
          const { StackId, RequestId, LogicalResourceId } = event;
          const answer = { StackId, RequestId, LogicalResourceId, PhysicalResourceId: 'greeting', ...${expression} };
          await fetch(event.ResponseURL, { method: 'PUT', body: JSON.stringify(answer) });
        };`),
      });
      const place = new CfnParameter(stack, 'Place', { default: 'world' });
      const resource = new CustomResource(stack, 'Greeting', {
        serviceToken: handler.functionArn,
        properties: { Greeting: `${greeting} ${place.valueAsString}` },
      });
      new CfnOutput(stack, 'Said', { value: resource.getAttString('Greeting') });
    });

  test('is made, updated with the parameters it had, destroyed, and leaves nothing when it is closed', async () => {
    const events: StackEvent[] = [];
    const onEvent = (event: StackEvent) => events.push(event);
    const deploying = Sandbox.deploy(greetings('hello'), { parameters: { Place: 'moon' }, onEvent });
    await within(deploying, async (sandbox) => {
      expect(sandbox.outputs).toEqual({ Said: 'hello moon' });
      expect(events.at(-1)).toMatchObject({ logicalId: 'Greetings', status: 'CREATE_COMPLETE' });
      expect(events.map(({ constructPath }) => constructPath)).toContain('Greetings/Greeting/Default');

      await sandbox.update(greetings('good night'));
      expect(sandbox.outputs).toEqual({ Said: 'good night moon' });
      expect(Object.values(sandbox.logs()).flat().join('\n')).toMatch(/asked to Create(.|\n)*asked to Update/);

      await sandbox.destroy();
      expect(sandbox.resources).toEqual({});
      await sandbox.close();
    });
    await nothingIsLeft();
  });

  test('that fails is named by its construct, with the reason and the log of its function, and leaves nothing', async () => {
    const failing = Sandbox.deploy(greetings('hello', "{ Status: 'FAILED', Reason: 'lost my voice' }"));
    const error: unknown = await failing.catch((failure) => failure);
    expect(error).toBeInstanceOf(DeploymentError);
    expect(error).toMatchObject({
      message: expect.stringMatching(
        /^Greetings\/Greeting\/Default \(AWS::CloudFormation::CustomResource\): lost my voice\n/,
      ),
      failure: { logicalId: 'Greeting', reason: 'lost my voice' },
      logLines: expect.arrayContaining([expect.stringContaining('asked to Create')]),
    });
    await nothingIsLeft();
  });

  test('whose creation fails is created by the next update, and again after it was destroyed', async () => {
    const app = greetings('hello');
    await within(Sandbox.prepare(app), async (sandbox) => {
      expect(sandbox.resources).toEqual({});
      const fault = sandbox.inject({
        service: 'cloudformation',
        operation: 'CustomResourceAnswer',
        fault: 'failed-before',
        times: 1,
      });
      await expect(sandbox.update(app)).rejects.toBeInstanceOf(DeploymentError);
      expect(fault.applied).toBe(1);
      expect(sandbox.resources).toEqual({});

      await sandbox.update(app);
      expect(sandbox.outputs).toEqual({ Said: 'hello world' });

      await sandbox.destroy();
      await sandbox.update(app, { parameters: { Place: 'moon' } });
      expect(sandbox.outputs).toEqual({ Said: 'hello moon' });
    });
  });

  test('whose function dies is tried as often as Lambda tries, and fails then, not after the hour that AWS waits', async () => {
    const dying = Sandbox.deploy(
      greetings('hello', '(() => { if (event.RequestType === "Create") process.exit(3); })()'),
    );
    const error = await dying.catch((failure) => failure);
    expect(error).toBeInstanceOf(DeploymentError);
    expect(error.message).toContain('the function failed before it answered');
    expect(error.logLines.filter((line: string) => line.startsWith('START'))).toHaveLength(3);
  });

  test('survives that its answer gets lost, since Lambda runs its function again', async () => {
    await within(Sandbox.deploy(greetings('hello')), async (sandbox) => {
      const fault = sandbox.inject({
        service: 'cloudformation',
        operation: 'CustomResourceAnswer',
        fault: 'failed-before',
        times: 1,
      });
      // The function's own fetch takes any answer for success, so that nothing but its death makes it run again.
      const killed = sandbox.inject({
        service: 'lambda',
        function: physicalId(sandbox, 'AWS::Lambda::Function'),
        fault: 'killed',
        times: 1,
      });
      const answers = () => sandbox.calls.filter(({ operation }) => operation === 'CustomResourceAnswer');
      const before = answers().length;
      await sandbox.update(greetings('good night'));
      expect(sandbox.outputs).toEqual({ Said: 'good night world' });
      expect([fault.applied, killed.applied]).toEqual([1, 1]);
      expect(answers().slice(before)).toMatchObject([
        { outcome: 'InternalError', fault: 'failed-before' },
        { outcome: 'succeeded', fault: undefined },
      ]);
    });
  });

  test('is rolled back when every attempt is killed', async () => {
    await within(Sandbox.deploy(greetings('hello')), async (sandbox) => {
      sandbox.inject({
        service: 'cloudformation',
        operation: 'CustomResourceAnswer',
        fault: 'failed-before',
        times: 3,
      });
      sandbox.inject({
        service: 'lambda',
        function: physicalId(sandbox, 'AWS::Lambda::Function'),
        fault: 'timed-out',
        times: 3,
      });
      await expect(sandbox.update(greetings('good night'))).rejects.toThrow('Task timed out after 3.00 seconds');
      expect(sandbox.outputs).toEqual({ Said: 'hello world' });
    });
  });

  test('keeps what it had when an update fails', async () => {
    await within(Sandbox.deploy(greetings('hello')), async (sandbox) => {
      const mute = greetings(
        'hi',
        "{ Status: event.ResourceProperties.Greeting === 'hi world' ? 'FAILED' : 'SUCCESS', Reason: 'mute' }",
      );
      await expect(sandbox.update(mute)).rejects.toThrow('Greetings/Greeting/Default');
      expect(sandbox.outputs).toEqual({ Said: 'hello world' });
    });
  });
});

test('a type that a strict sandbox does not support is refused by name before anything is made', async () => {
  const events: StackEvent[] = [];
  const app = appWith('Queues', (stack) => {
    new Queue(stack, 'Events');
  });
  await expect(Sandbox.deploy(app, { strict: true, onEvent: (event) => events.push(event) })).rejects.toThrow(
    /^Queues: resource Events\w+ has the type AWS::SQS::Queue, which the sandbox does not support$/,
  );
  expect(events).toEqual([]);
});

describe('a mesh', () => {
  const EVENTS = 'https://mesh.example.com/schedule/events';

  const meshOf = (...clients: readonly string[]) =>
    appWith('ScheduleMesh', (stack) => {
      const mesh = exampleMesh(stack);
      const handler = new lambda.Function(stack, 'Schedule', {
        runtime: lambda.Runtime.NODEJS_24_X,
        handler: 'index.handler',
        code: lambda.Code.fromInline(`exports.handler = async (event) => ({
          statusCode: 200,
          body: JSON.stringify({ caller: event.headers['x-mesh-client-name'], body: event.body }),
        });`),
      });
      mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(handler) }).allowAllClients();
      for (const client of clients) mesh.addClient(client);
    });

  test('serves its clients and nobody else, takes a new client in an update, and goes without a trace', async () => {
    await within(Sandbox.deploy(meshOf('mail')), async (sandbox) => {
      const answer = await sandbox.fetch('mail', EVENTS, { method: 'POST', body: 'Meetup' });
      expect(await answer.json()).toEqual({ caller: 'mail', body: 'Meetup' });
      await expect(sandbox.fetch(undefined, EVENTS)).rejects.toThrow(TlsRequestError);
      await expect(sandbox.fetch('social', EVENTS)).rejects.toThrow(
        'there must be a client "social"; the mesh has mail',
      );

      const { serialNumber } = await sandbox.clientSecret('mail');
      await sandbox.update(meshOf('mail', 'social'));
      expect(sandbox.clients).toEqual([
        { name: 'mail', spiffeId: 'spiffe://mesh.example.com/mail', secretId: expect.stringContaining(':secret:') },
        { name: 'social', spiffeId: 'spiffe://mesh.example.com/social', secretId: expect.any(String) },
      ]);
      expect((await sandbox.clientSecret('mail')).serialNumber).toBe(serialNumber);
      expect(await (await sandbox.fetch('social', EVENTS)).json()).toMatchObject({ caller: 'social' });

      await sandbox.update(meshOf('social'));
      await expect(sandbox.clientSecret('mail')).rejects.toThrow('the mesh has social');

      await sandbox.destroy();
      expect(sandbox.resources).toEqual({});
      await expect(sandbox.fetch(undefined, EVENTS)).rejects.toThrow();
    });
    await nothingIsLeft();
  });

  test('lives on by its own clock: certificates expire unless their rotation, which is due by then, succeeds', async () => {
    const DAY = 86_400_000;
    await within(Sandbox.deploy(meshOf('mail', 'social')), async (sandbox) => {
      await sandbox.advance(0);
      const before = await sandbox.clientSecret('mail');
      const social = sandbox.clients.find(({ name }) => name === 'social')?.secretId;
      const [issuer = ''] = Object.values(sandbox.resources).flatMap(({ type, properties }) =>
        type === 'AWS::SecretsManager::RotationSchedule' ? String(properties['RotationLambdaARN']) : [],
      );
      sandbox.inject({
        service: 'lambda',
        function: issuer,
        fault: 'killed',
        match: (event) => (event as { readonly SecretId?: string }).SecretId === social,
      });
      const begin = sandbox.now.getTime();
      await sandbox.advance(8 * DAY);
      expect(sandbox.now.getTime()).toBeGreaterThanOrEqual(begin + 8 * DAY);

      expect((await sandbox.clientSecret('mail')).serialNumber).not.toBe(before.serialNumber);
      expect(await (await sandbox.fetch('mail', EVENTS)).json()).toMatchObject({ caller: 'mail' });
      await expect(sandbox.fetch(before, EVENTS)).rejects.toThrow(TlsRequestError);
      await expect(sandbox.fetch('social', EVENTS)).rejects.toThrow(TlsRequestError);

      const rotations = sandbox.events.filter(({ source }) => source === 'aws.secretsmanager');
      expect(rotations.map(({ detail }) => detail['eventName'])).toEqual(
        expect.arrayContaining(['RotationSucceeded', 'RotationFailed']),
      );
      expect(sandbox.events).toContainEqual(expect.objectContaining({ detailType: 'Scheduled Event' }));
    });
  }, 120_000);

  const withAws = testWith('aws');
  withAws('is read by the aws command with the environment that the sandbox gives', async () => {
    await within(Sandbox.deploy(meshOf('mail')), async (sandbox) => {
      const [client] = sandbox.clients;
      const { stdout } = await run(
        'aws',
        ['secretsmanager', 'get-secret-value', '--secret-id', String(client?.secretId), '--output', 'json'],
        { env: { PATH: process.env['PATH'], ...sandbox.environment() } },
      );
      expect(JSON.parse(JSON.parse(stdout).SecretString)).toEqual(await sandbox.clientSecret('mail'));
    });
  });
});

test('the environment of a stack without a mesh is that of AWS alone', async () => {
  const app = new App();
  new Queue(new Stack(app, 'Alone'), 'Jobs');
  const alone = await Sandbox.deploy(app);
  expect(Object.keys(alone.environment()).filter((name) => name.startsWith('MTLS_MESH'))).toEqual([]);
  await alone.close();
});
