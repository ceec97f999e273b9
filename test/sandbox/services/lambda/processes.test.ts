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

  const opened: { readonly lambda: FunctionCloud['lambda']; readonly endpoint: Endpoint }[] = [];
  afterEach(async () => {
    for (const { lambda, endpoint } of opened.splice(0)) {
      await lambda.close();
      await endpoint.close();
    }
  });

  const allowedToRead = { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: TOY_SECRET };

  test("reaches the sandbox as the function's role, whose policies decide", async () => {
    const cloud = await start();
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowedToRead } }],
    });
    const reader = await cloud.createFunction(readSecret, { Role: role });
    const stranger = await cloud.createFunction(readSecret);
    await expect(cloud.lambda.invoke(reader.physicalId, {})).resolves.toBe('toy');
    await expect(cloud.lambda.invoke(stranger.physicalId, {})).resolves.toBe('AccessDeniedException');
  });

  test('is killed with its process by a call that is to kill it, and only the process that made the call is', async () => {
    const cloud = await start();
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowedToRead } }],
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
  });

  test('reaches its own deadline when a call is slow, which takes no real time', async () => {
    const cloud = await start();
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowedToRead } }],
    });
    // Four ways to wait for less than the timeout, and one for longer.
    const body = `
      const { setTimeout: pause } = require('node:timers/promises');
      const left = context.getRemainingTimeInMillis();
      const fired = [];
      const note = (name) => () => fired.push(name);
      setTimeout(note('setTimeout'), left - 4000);
      pause(left - 3000).then(note('pause'));
      pause(left - 3000, undefined, { signal: AbortSignal.timeout(left - 3500) }).catch((e) => fired.push(e.name));
      clearTimeout(setTimeout(note('cleared'), 1000));
      setTimeout(note('too late'), left + 60000).unref();
      const timeUp = new Promise((resolve) => setTimeout(resolve, left - 2000, 'time is up'));
      const outcome = await Promise.race([timeUp, (async () => { ${readSecret} })()]);
      return { outcome, fired, left: context.getRemainingTimeInMillis() };`;
    const reader = await cloud.createFunction(body, { Role: role, Timeout: 900 });
    const call = { service: 'secretsmanager', operation: 'GetSecretValue', fault: 'slow', times: 1 } as const;
    cloud.faults.inject({ ...call, delay: 1_000_000 });
    const before = cloud.clock.now().getTime();

    const result = await cloud.lambda.invoke(reader.physicalId, {});

    expect(result).toEqual({ outcome: 'time is up', fired: ['setTimeout', 'AbortError', 'pause'], left: 0 });
    expect(cloud.clock.now().getTime()).toBeGreaterThanOrEqual(before + 900_000);
    expect(cloud.calls.calls).toEqual([]);
    await cloud.clock.advance(100_000);
    while (cloud.calls.calls.length === 0) await sleep(10);
    expect(cloud.calls.calls).toMatchObject([{ operation: 'GetSecretValue', outcome: 'succeeded', fault: 'slow' }]);
  });

  test('waits for a slow call that ends before its deadline', async () => {
    const cloud = await start();
    const role = await cloud.createRole({
      Policies: [{ PolicyName: 'read', PolicyDocument: { Version: '2012-10-17', Statement: allowedToRead } }],
    });
    const reader = await cloud.createFunction(readSecret, { Role: role, Timeout: 900 });
    cloud.faults.inject({ service: 'secretsmanager', operation: 'GetSecretValue', fault: 'slow', delay: 800_000 });
    await expect(cloud.lambda.invoke(reader.physicalId, {})).resolves.toBe('toy');
  });

  async function start() {
    const endpoint = await Endpoint.listen();
    const cloud = new FunctionCloud({ endpointUrl: endpoint.url });
    const { iam, faults, clock, lambda } = cloud;
    const calls = new CallLog();
    endpoint.serve({
      accounts: [{ apis: [toySecretsManager], iam }],
      faults,
      clock,
      calls,
      killProcessOf: (accessKeyId) => lambda.killProcessOf(accessKeyId),
      letTimePass: (caller, milliseconds) => lambda.letTimePass(caller, milliseconds),
      receiveCustomResourceResponse: () => false,
    });
    opened.push({ lambda, endpoint });
    return Object.assign(cloud, { calls });
  }
});
