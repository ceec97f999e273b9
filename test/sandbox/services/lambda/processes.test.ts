import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { CallLog } from '../../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../../sandbox/endpoint/server';
import { TOY_SECRET, toySecretsManager } from '../../endpoint/toy-services';
import { FunctionCloud, isRunning } from './function-cloud';

const RETURN_PID = 'return process.pid;';

async function assertEnds(pid: number): Promise<void> {
  // The test's timeout stops it when the process does not end.
  while (isRunning(pid)) await sleep(10);
}

test('closing ends every process, those that serve an invocation included', async () => {
  const cloud = new FunctionCloud();
  const idle = await cloud.createFunction(RETURN_PID);
  const pid = (await cloud.lambda.invoke(idle.physicalId, {})) as number;
  const hanging = await cloud.createFunction('console.log(process.pid); await new Promise(() => {});', { Timeout: 60 });
  const invocation = expect(cloud.lambda.invoke(hanging.physicalId, {})).rejects.toMatchObject({
    errorType: 'Runtime.ExitError',
  });
  while (!/INFO/.test(cloud.logOf(hanging))) await sleep(5);
  const hangingPid = Number(/INFO\t(\d+)/.exec(cloud.logOf(hanging))?.[1]);

  await cloud.lambda.close();
  await invocation;
  expect(isRunning(pid)).toBe(false);
  expect(isRunning(hangingPid)).toBe(false);
  await expect(cloud.lambda.invoke(hanging.physicalId, {})).rejects.toThrow();
});

test('a deleted function ends its processes once its last invocation has ended', async () => {
  const cloud = new FunctionCloud();
  const slow = await cloud.createFunction('await new Promise((r) => setTimeout(r, 100)); return process.pid;');
  const invocation = cloud.lambda.invoke(slow.physicalId, {});
  await cloud.lambda.resourceTypes['AWS::Lambda::Function']?.delete(
    { stackName: 'mesh', stackId: 'mesh', logicalId: 'Thing', properties: {} },
    slow,
  );
  await assertEnds((await invocation) as number);
  await cloud.lambda.close();
});

test('processes end by themselves when the sandbox is killed, run from a bundle', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'sandbox-'));
  const outfile = join(directory, 'index.js');
  const source = `
    import { FunctionCloud } from './function-cloud';
    const cloud = new FunctionCloud();
    cloud.createFunction('${RETURN_PID}')
      .then((created) => cloud.lambda.invoke(created.physicalId, {}))
      .then((pid) => process.send?.(pid));`;
  await build({
    stdin: { contents: source, resolveDir: __dirname, loader: 'ts' },
    outfile,
    bundle: true,
    platform: 'node',
    minify: true,
    logLevel: 'error',
  });
  // Killed, it can't clean up: what it writes goes with the test's own directory.
  const env = { ...process.env, TMPDIR: directory, TEMP: directory };
  const sandbox = fork(outfile, { stdio: 'ignore', execArgv: [], env });
  const [pid] = (await once(sandbox, 'message')) as [number];
  expect(isRunning(pid)).toBe(true);

  sandbox.kill('SIGKILL');
  await assertEnds(pid);
  await rm(directory, { recursive: true });
});

describe('the AWS SDK inside a function', () => {
  const sdk = createRequire(__filename).resolve('@aws-sdk/client-secrets-manager');
  const readSecret = `
    const { SecretsManagerClient, GetSecretValueCommand } = require(${JSON.stringify(sdk)});
    return new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: 'toy' })).then(
      ({ SecretString }) => SecretString,
      (error) => error.name,
    );`;

  test("reaches the sandbox as the function's role, whose policies decide", async () => {
    const cloud = await start();
    const allowed = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: TOY_SECRET };
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowed } }],
    });
    const reader = await cloud.createFunction(readSecret, { Role: role });
    const stranger = await cloud.createFunction(readSecret);
    await expect(cloud.lambda.invoke(reader.physicalId, {})).resolves.toBe('toy');
    await expect(cloud.lambda.invoke(stranger.physicalId, {})).resolves.toBe('AccessDeniedException');
    await cloud.close();
  });

  test('is killed with its process by a call that is to kill it, and only the process that made the call is', async () => {
    const cloud = await start();
    const allowed = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: TOY_SECRET };
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowed } }],
    });
    const body = `if (event.wait) return new Promise((r) => setTimeout(r, 1500)); ${readSecret}`;
    const reader = await cloud.createFunction(body, { Role: role, Timeout: 30 });
    const fault = { service: 'secretsmanager', operation: 'GetSecretValue', fault: 'killed', times: 1 } as const;
    const injected = cloud.faults.inject(fault);
    const waiting = cloud.lambda.invoke(reader.physicalId, { wait: true });
    await expect(cloud.lambda.invoke(reader.physicalId, {})).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining('signal: killed'),
    });
    await waiting;
    expect(injected.applied).toBe(1);
    expect(cloud.calls.calls).toMatchObject([{ outcome: 'unanswered', fault: 'killed', principal: role }]);
    await cloud.close();
  });

  async function start() {
    const endpoint = await Endpoint.listen();
    const cloud = new FunctionCloud({ endpointUrl: endpoint.url });
    const { iam, faults, clock, lambda } = cloud;
    const calls = new CallLog();
    endpoint.serve({
      apis: [toySecretsManager],
      iam,
      faults,
      clock,
      calls,
      killProcessOf: (accessKeyId) => lambda.killProcessOf(accessKeyId),
      receiveCustomResourceResponse: () => false,
    });
    return Object.assign(cloud, {
      calls,
      close: async () => {
        await lambda.close();
        await endpoint.close();
      },
    });
  }
});
