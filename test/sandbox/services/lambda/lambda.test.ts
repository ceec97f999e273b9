import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { devNull, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '../../../../sandbox/cloudformation/resource-type';
import { AccessDenied } from '../../../../sandbox/endpoint/api';
import { requestFor, resourceType } from '../resource-request';
import { FunctionCloud, isRunning } from './function-cloud';

let cloud: FunctionCloud;

beforeEach(() => {
  cloud = new FunctionCloud();
});

afterEach(() => cloud.lambda.close());

describe('an invocation', () => {
  test('hands the event over and answers the result, by ARN or name', async () => {
    const echo = await cloud.createFunction('return { event };');
    const event = { text: 'grüße', list: [1, null], nested: { a: true } };
    await expect(cloud.lambda.invoke(String(echo.attributes.Arn), event)).resolves.toEqual({ event });
    await expect(cloud.lambda.invoke(echo.physicalId, 'text')).resolves.toEqual({ event: 'text' });
  });

  test('answers null when the handler returns nothing', async () => {
    const silent = await cloud.createFunction('');
    await expect(cloud.lambda.invoke(silent.physicalId, {})).resolves.toBeNull();
  });

  test('describes itself in the context object', async () => {
    const described = await cloud.createFunction(
      'return { ...context, remaining: context.getRemainingTimeInMillis() };',
      { FunctionName: 'issuer', MemorySize: 256, Timeout: 5 },
    );
    const context = (await cloud.lambda.invoke(described.physicalId, {})) as { remaining: number };
    expect(context).toMatchObject({
      awsRequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      functionName: 'issuer',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:issuer',
      logGroupName: '/aws/lambda/issuer',
      logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      memoryLimitInMB: '256',
    });
    expect(context.remaining).toBeGreaterThan(3000);
    expect(context.remaining).toBeLessThanOrEqual(5000);
  });

  test('has a process for itself while it runs, and leaves it to the next one', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'invocations-'));
    try {
      // Each invocation waits until as many processes have begun one.
      const counting = await cloud.createFunction(
        `const { readdirSync, writeFileSync } = require('node:fs');
        writeFileSync(event.directory + '/' + process.pid, '');
        while (readdirSync(event.directory).length < 3) await new Promise((r) => setTimeout(r, 5));
        globalThis.count = (globalThis.count ?? 0) + 1;
        return [process.pid, globalThis.count];`,
        { Timeout: 60 },
      );
      const invoke = () => cloud.lambda.invoke(counting.physicalId, { directory }) as Promise<[number, number]>;
      const together = await Promise.all([invoke(), invoke(), invoke()]);
      expect(new Set(together.map(([pid]) => pid)).size).toBe(3);
      const [pid, count] = await invoke();
      expect(together.map(([one]) => one)).toContain(pid);
      expect(count).toBe(2);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  test('waits for a process when there are as many as one function may have', async () => {
    const slow = await cloud.createFunction('await new Promise((r) => setTimeout(r, 5)); return process.pid;');
    const pids = await Promise.all(Array.from({ length: 30 }, () => cloud.lambda.invoke(slow.physicalId, {})));
    expect(new Set(pids).size).toBeLessThanOrEqual(10);
  });
});

describe('the time inside', () => {
  const TELL = `const given = new Date(0);
    return {
      now: Date.now(), date: new Date().getTime(), text: Date.parse(Date()), given: given.getTime(),
      same: given instanceof Date && given.constructor === Date, utc: Date.UTC(2000, 0),
    };`;
  const HOUR = 3_600_000;

  test("is the sandbox's, in every way that Date tells it, and given dates stay what they are", async () => {
    const telling = await cloud.createFunction(TELL);
    await cloud.lambda.invoke(telling.physicalId, {});
    await cloud.clock.advance(1000 * HOUR);
    const earliest = Date.now() + 1000 * HOUR;
    const told = (await cloud.lambda.invoke(telling.physicalId, {})) as Record<string, number>;
    const latest = Date.now() + 1000 * HOUR;
    for (const time of [told.now, told.date, told.text]) {
      // A date's text has no milliseconds.
      expect(Number(time)).toBeGreaterThanOrEqual(earliest - 1000);
      expect(Number(time)).toBeLessThanOrEqual(latest);
    }
    expect(told).toMatchObject({ given: 0, same: true, utc: Date.UTC(2000, 0) });
  });

  test('is the sandbox’s while the code loads, and the deadline is told by it', async () => {
    await cloud.clock.advance(1000 * HOUR);
    const earliest = Date.now() + 1000 * HOUR;
    const telling = await cloud.createFunction('', {
      Timeout: 900,
      Code: {
        ZipFile: `const loadedAt = Date.now();
          exports.handler = async (event, context) => ({ loadedAt, left: context.getRemainingTimeInMillis() });`,
      },
    });
    const told = (await cloud.lambda.invoke(telling.physicalId, {})) as { loadedAt: number; left: number };
    expect(told.loadedAt).toBeGreaterThanOrEqual(earliest);
    expect(told.loadedAt).toBeLessThanOrEqual(Date.now() + 1000 * HOUR);
    expect(told.left).toBeGreaterThan(0);
    expect(told.left).toBeLessThanOrEqual(900_000);
  });
});

test('time that a function waits by scheduler.wait passes at once, by the clock of all', async () => {
  const waiting = await cloud.createFunction(
    `const { scheduler } = require('node:timers/promises');
     const before = Date.now();
     await scheduler.wait(100_000);
     await scheduler.wait(20_000, { signal: new AbortController().signal });
     return Date.now() - before;`,
    { Timeout: 900 },
  );
  const before = cloud.clock.now().getTime();

  const waited = await cloud.lambda.invoke(waiting.physicalId, {});

  expect(waited).toBeGreaterThanOrEqual(120_000);
  expect(cloud.clock.now().getTime() - before).toBeGreaterThanOrEqual(120_000);
});

describe('an asynchronous invocation', () => {
  const attempts = (created: Resource) => cloud.logOf(created).match(/START RequestId: \S+/g) ?? [];

  test('runs again under the same request id until it succeeds', async () => {
    const failing = await cloud.createFunction(
      "globalThis.count = (globalThis.count ?? 0) + 1; if (globalThis.count < 3) throw new Error('not yet');",
    );
    await cloud.lambda.invokeAsynchronously(failing.physicalId, {});
    expect(attempts(failing)).toHaveLength(3);
    expect(new Set(attempts(failing)).size).toBe(1);
  });

  test('is given up after the third failure, with what that one failed with', async () => {
    const failing = await cloud.createFunction("throw new Error('never');");
    await expect(cloud.lambda.invokeAsynchronously(failing.physicalId, {})).rejects.toThrow('never');
    expect(attempts(failing)).toHaveLength(3);
  });
});

describe('a fault', () => {
  const DO_WORK = "console.log('work is done'); return process.pid;";

  test.each([
    ['killed', { errorType: 'Runtime.ExitError', errorMessage: expect.stringContaining('signal: killed') }],
    ['timed-out', { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 3.00 seconds' }],
  ] as const)(
    'that ends an invocation as %s strikes when its work is done, and as often as it is told to',
    async (fault, error) => {
      const working = await cloud.createFunction(DO_WORK);
      const before = (await cloud.lambda.invoke(working.physicalId, {})) as number;
      const injected = cloud.faults.inject({ service: 'lambda', function: working.physicalId, fault, times: 1 });
      await expect(cloud.lambda.invoke(working.physicalId, {})).rejects.toMatchObject(error);
      expect(isRunning(before)).toBe(false);
      expect(cloud.logOf(working).match(/work is done/g)).toHaveLength(2);
      expect(injected.applied).toBe(1);
      await expect(cloud.lambda.invoke(working.physicalId, {})).resolves.not.toBe(before);
      expect(injected.applied).toBe(1);
    },
  );

  test('strikes the function that it names by ARN and the events that match, until it is removed', async () => {
    const working = await cloud.createFunction(DO_WORK);
    const other = await cloud.createFunction(DO_WORK);
    const injected = cloud.faults.inject({
      service: 'lambda',
      function: String(working.attributes.Arn),
      fault: 'killed',
      match: (event) => event === 'unlucky',
    });
    await cloud.lambda.invoke(working.physicalId, 'lucky');
    await cloud.lambda.invoke(other.physicalId, 'unlucky');
    await expect(cloud.lambda.invoke(working.physicalId, 'unlucky')).rejects.toThrow('killed');
    injected.remove();
    await cloud.lambda.invoke(working.physicalId, 'unlucky');
    expect(injected.applied).toBe(1);
  });

  test('is over at the third attempt of an asynchronous invocation when it strikes twice', async () => {
    const working = await cloud.createFunction(DO_WORK);
    cloud.faults.inject({ service: 'lambda', function: working.physicalId, fault: 'killed', times: 2 });
    await cloud.lambda.invokeAsynchronously(working.physicalId, {});
    expect(cloud.logOf(working).match(/work is done/g)).toHaveLength(3);
  });
});

describe('a failure', () => {
  test('of the handler gives type, message and trace', async () => {
    const failing = await cloud.createFunction("throw new TypeError('bad');");
    await expect(cloud.lambda.invoke(failing.physicalId, {})).rejects.toMatchObject({
      errorType: 'TypeError',
      errorMessage: 'bad',
      failure: { trace: expect.arrayContaining(['TypeError: bad']) },
    });
    expect(cloud.logOf(failing)).toContain('Invoke Error\t{"errorType":"TypeError"');
  });

  test('that is no Error still has a type', async () => {
    const failing = await cloud.createFunction("throw 'text';");
    await expect(cloud.lambda.invoke(failing.physicalId, {})).rejects.toMatchObject({
      errorType: 'string',
      errorMessage: 'text',
    });
  });

  test('to keep to the size of events and results is told by name', async () => {
    const echo = await cloud.createFunction('return "x".repeat(event.length ?? 0);');
    const limit = 6 * 1024 * 1024;
    await expect(cloud.lambda.invoke(echo.physicalId, { length: limit })).resolves.toHaveLength(limit);
    await expect(cloud.lambda.invoke(echo.physicalId, { length: limit + 200 })).rejects.toMatchObject({
      errorType: 'Function.ResponseSizeTooLarge',
    });
    await expect(cloud.lambda.invoke(echo.physicalId, 'x'.repeat(limit))).rejects.toMatchObject({
      code: 'RequestTooLargeException',
      status: 413,
    });
  });

  test('to serialise the result is the function’s own', async () => {
    const circular = await cloud.createFunction('const a = {}; a.a = a; return a;');
    await expect(cloud.lambda.invoke(circular.physicalId, {})).rejects.toMatchObject({ errorType: 'TypeError' });
  });

  test('to end in time kills the process, and the next invocation gets a new one', async () => {
    const hanging = await cloud.createFunction('if (event.hang) for (;;); return process.pid;', { Timeout: 1 });
    const pid = (await cloud.lambda.invoke(hanging.physicalId, {})) as number;
    await expect(cloud.lambda.invoke(hanging.physicalId, { hang: true })).rejects.toMatchObject({
      errorType: 'Sandbox.Timedout',
      errorMessage: 'Task timed out after 1.00 seconds',
    });
    expect(isRunning(pid)).toBe(false);
    await expect(cloud.lambda.invoke(hanging.physicalId, {})).resolves.not.toBe(pid);
  });

  test.each([
    ['exits', 'process.exit(3);', 'exit status 3'],
    ['is killed', "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});", 'signal: killed'],
    [
      'throws where nobody catches',
      "setImmediate(() => { throw new Error('late'); }); await new Promise(() => {});",
      'exit status',
    ],
  ])('of a process that %s is Runtime.ExitError', async (_case, body, reason) => {
    const crashing = await cloud.createFunction(`if (event.crash) { ${body} } return 'alive';`);
    await expect(cloud.lambda.invoke(crashing.physicalId, { crash: true })).rejects.toMatchObject({
      errorType: 'Runtime.ExitError',
      errorMessage: expect.stringContaining(reason),
    });
    await expect(cloud.lambda.invoke(crashing.physicalId, {})).resolves.toBe('alive');
  });

  test.each([
    ['a module that is missing', 'missing.handler', '', 'Runtime.ImportModuleError'],
    ['a handler that is not exported', 'index.missing', '', 'Runtime.HandlerNotFound'],
    ['a handler without a dot', 'index', '', 'Runtime.MalformedHandlerName'],
    ['code that throws', 'index.handler', "throw new RangeError('at start');", 'RangeError'],
    ['code with a syntax error', 'index.handler', 'const;', 'SyntaxError'],
    [
      'a handler that takes a callback',
      'index.handler',
      'exports.handler = (a, b, callback) => callback();',
      'Runtime.CallbackHandlerDeprecated',
    ],
  ])('to load %s reaches whoever invokes', async (_case, handler, code, errorType) => {
    const broken = await cloud.createFunction('', { Handler: handler, Code: { ZipFile: code } });
    await expect(cloud.lambda.invoke(broken.physicalId, {})).rejects.toMatchObject({ errorType });
    await expect(cloud.lambda.invoke(broken.physicalId, {})).rejects.toMatchObject({ errorType });
  });
});

describe('the environment of a function', () => {
  const LEAKS = {
    AWS_PROFILE: 'production',
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'users-own',
    AWS_SESSION_TOKEN: 'users-own',
    AWS_ENDPOINT_URL_S3: 'https://s3.example.com',
    AWS_REGION: 'eu-central-1',
    NODE_OPTIONS: '--no-warnings',
    HTTPS_PROXY: 'http://proxy.example.com',
    LEAK: 'users-own',
  };
  const before = { ...process.env };

  beforeEach(() => Object.assign(process.env, LEAKS));

  afterEach(() => {
    process.env = { ...before };
  });

  test("holds the template's variables and Lambda's, and nothing of the sandbox's own", async () => {
    const role = await cloud.createRole();
    const telling = await cloud.createFunction('return process.env;', {
      FunctionName: 'issuer',
      Role: role,
      Environment: { Variables: { TRUST_DOMAIN: 'mesh.example.com' } },
    });
    const environment = (await cloud.lambda.invoke(telling.physicalId, {})) as Record<string, string>;
    expect(environment).toMatchObject({
      TRUST_DOMAIN: 'mesh.example.com',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: 'issuer',
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
      AWS_CONFIG_FILE: devNull,
      AWS_SHARED_CREDENTIALS_FILE: devNull,
      AWS_EC2_METADATA_DISABLED: 'true',
      TZ: 'UTC',
    });
    expect(cloud.iam.principalOf(String(environment.AWS_ACCESS_KEY_ID))).toBe(role);
    for (const [name, value] of Object.entries(LEAKS)) expect(environment[name]).not.toBe(value);
    for (const name of ['AWS_PROFILE', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL_S3', 'NODE_OPTIONS', 'LEAK', 'HOME']) {
      if (process.platform !== 'win32') expect(environment).not.toHaveProperty(name);
    }
  });

  test('refuses a variable that Lambda sets itself', async () => {
    const reserved = { Environment: { Variables: { AWS_REGION: 'eu-central-1' } } };
    await expect(cloud.createFunction('', reserved)).rejects.toThrow('AWS_REGION is reserved');
  });

  test('has at most 4 KB', async () => {
    const withSize = (bytes: number) => ({ Environment: { Variables: { KEY: 'ä'.repeat((bytes - 10) / 2) } } });
    await expect(cloud.createFunction('', withSize(4_096))).resolves.toBeDefined();
    await expect(cloud.createFunction('', withSize(4_098))).rejects.toThrow(
      'Environment.Variables must have at most 4 KB as JSON, got 4098 bytes',
    );
  });
});

describe('the log of a function', () => {
  test('holds what it prints between START and END, in order', async () => {
    const printing = await cloud.createFunction("console.log('first', { a: 1 }); console.error('second');");
    await cloud.lambda.invoke(printing.physicalId, {});
    const lines = cloud.logOf(printing).split('\n');
    expect(lines[0]).toMatch(/^START RequestId: [0-9a-f-]{36} Version: \$LATEST$/);
    expect(lines[1]).toMatch(/^\S+Z\t[0-9a-f-]{36}\tINFO\tfirst \{ a: 1 \}$/);
    expect(lines[2]).toMatch(/\tERROR\tsecond$/);
    expect(lines[3]).toMatch(/^END RequestId/);
    expect(lines[4]).toMatch(/^REPORT RequestId: .*\tDuration: [\d.]+ ms/);
  });

  test('holds what a crash prints', async () => {
    const crashing = await cloud.createFunction(
      "setImmediate(() => { throw new Error('late'); }); await new Promise(() => {});",
    );
    await expect(cloud.lambda.invoke(crashing.physicalId, {})).rejects.toThrow();
    expect(cloud.logOf(crashing)).toContain('Error: late');
  });

  test('goes to the group that the template names', async () => {
    const printing = await cloud.createFunction("console.log('here');", {
      LoggingConfig: { LogGroup: '/mesh/issuer' },
    });
    await cloud.lambda.invoke(printing.physicalId, {});
    expect(cloud.logs.lines('/mesh/issuer').join('\n')).toContain('here');
  });

  test('is lost, and says so, when the role may not write it', async () => {
    const role = await cloud.createRole({ ManagedPolicyArns: [] });
    const printing = await cloud.createFunction("console.log('here');", { Role: role });
    await cloud.lambda.invoke(printing.physicalId, {});
    expect(cloud.logOf(printing)).toMatch(
      /^the function's log is lost: .* not authorized to perform: logs:PutLogEvents/,
    );
    expect(cloud.logOf(printing)).not.toContain('here');
  });
});

describe('the code of a function', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'function-asset-'));
    cloud = new FunctionCloud({ assets: { 'asset.zip': directory, 'file.zip': join(directory, 'index.mjs') } });
    await writeFile(join(directory, 'index.mjs'), 'export const nested = { handler: async () => "module" };');
    await writeFile(join(directory, 'plain.cjs'), 'exports.handler = async () => __dirname;');
  });

  afterEach(() => rm(directory, { recursive: true }));

  const Code = { S3Bucket: 'assets', S3Key: 'asset.zip' };

  test('comes from the asset that its object key names, as it stands there', async () => {
    const module = await cloud.createFunction('', { Code, Handler: 'index.nested.handler' });
    await expect(cloud.lambda.invoke(module.physicalId, {})).resolves.toBe('module');
    const plain = await cloud.createFunction('', { Code, Handler: 'plain.handler' });
    await expect(cloud.lambda.invoke(plain.physicalId, {})).resolves.toBe(directory);
  });

  test.each([
    ['is unknown', { S3Key: 'other.zip' }, 'there is no asset other.zip'],
    ['is a file', { S3Key: 'file.zip' }, 'directories only'],
  ])('refuses an asset that %s', async (_case, change, message) => {
    await expect(cloud.createFunction('', { Code: { ...Code, ...change } })).rejects.toThrow(message);
  });

  test('is deleted with the function when it was inline, and left alone when it was an asset', async () => {
    const inline = await cloud.createFunction('return __dirname;');
    const asset = await cloud.createFunction('', { Code, Handler: 'plain.handler' });
    const written = (await cloud.lambda.invoke(inline.physicalId, {})) as string;
    expect(existsSync(written)).toBe(true);
    await cloud.lambda.invoke(asset.physicalId, {});
    await cloud.lambda.close();
    expect(existsSync(written)).toBe(false);
    expect(existsSync(join(directory, 'plain.cjs'))).toBe(true);
  });
});

describe('a template', () => {
  test.each([
    ['a runtime other than Node.js and Python', { Runtime: 'java21' }, 'Runtime'],
    ['code of a kind that it does not support', { Code: { ImageUri: 'image' } }, 'Code.ImageUri'],
    ['logs in a format that there is not', { LoggingConfig: { LogFormat: 'XML' } }, 'LoggingConfig.LogFormat'],
  ])('that asks for %s fails by that name', async (_case, change, named) => {
    await expect(cloud.createFunction('', change)).rejects.toThrow(named);
  });

  test('that asks for logs in JSON gets text, and a line that says so', async () => {
    const LoggingConfig = { LogFormat: 'JSON', ApplicationLogLevel: 'FATAL', SystemLogLevel: 'WARN' };
    const printing = await cloud.createFunction("console.log('here');", { LoggingConfig });
    await cloud.lambda.invoke(printing.physicalId, {});
    expect(cloud.logOf(printing)).toMatch(/INFO\there/);
    const type = resourceType(cloud.lambda, 'AWS::Lambda::Function');
    expect(type.notices?.({ LoggingConfig })).toEqual(['ignores LogFormat JSON and logs text']);
  });

  test('puts a function into a VPC if its role may manage the network interfaces, and says that it has no network', async () => {
    const VpcConfig = { SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-1'] };
    await expect(cloud.createFunction('', { VpcConfig })).rejects.toThrow(
      'The provided execution role does not have permissions to call CreateNetworkInterface on EC2',
    );
    // A function that leaves its VPC has an empty list.
    await cloud.createFunction('', { FunctionName: 'left', VpcConfig: { SubnetIds: [], SecurityGroupIds: [] } });

    const policy = 'arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole';
    const Role = await cloud.createRole({ ManagedPolicyArns: [policy] });
    const inside = await cloud.createFunction('return 1;', { Role, VpcConfig });
    await expect(cloud.lambda.invoke(inside.physicalId, {})).resolves.toBe(1);
    const type = resourceType(cloud.lambda, 'AWS::Lambda::Function');
    expect(type.notices?.({ VpcConfig })).toEqual(['ignores the network of VpcConfig']);
    expect(type.notices?.({})).toEqual([]);
  });

  test('cannot give a function a role that Lambda may not assume', async () => {
    const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'ec2.amazonaws.com' } };
    const role = await cloud.createRole({ AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: trust } });
    await expect(cloud.createFunction('', { Role: role })).rejects.toThrow('cannot be assumed by lambda.amazonaws.com');
  });

  test('replaces the code of a function while earlier invocations come to their end', async () => {
    const type = resourceType(cloud.lambda, 'AWS::Lambda::Function');
    const before = await cloud.functionProperties("await new Promise((r) => setTimeout(r, 300)); return 'before';");
    const created = await type.create(requestFor(before));
    const running = cloud.lambda.invoke(created.physicalId, {});
    const after = { ...before, ...(await cloud.functionProperties("return 'after';")) };
    await expect(type.update(requestFor(after), created, before)).resolves.toEqual(created);
    await expect(cloud.lambda.invoke(created.physicalId, {})).resolves.toBe('after');
    await expect(running).resolves.toBe('before');
  });

  test('deletes a function that is gone already', async () => {
    const created = await cloud.createFunction('');
    const type = resourceType(cloud.lambda, 'AWS::Lambda::Function');
    await type.delete(requestFor({}), created);
    await expect(type.delete(requestFor({}), created)).resolves.toBeUndefined();
    await expect(cloud.lambda.invoke(created.physicalId, {})).rejects.toThrow('Function not found');
  });
});

describe('a permission', () => {
  const API = 'arn:aws:execute-api:us-east-1:123456789012:api1';
  const grant = (FunctionName: unknown, change: object = {}) =>
    resourceType(cloud.lambda, 'AWS::Lambda::Permission').create(
      requestFor({
        Action: 'lambda:InvokeFunction',
        FunctionName,
        Principal: 'apigateway.amazonaws.com',
        SourceArn: `${API}/authorizers/*`,
        ...change,
      }),
    );

  test('lets the service that it names invoke on behalf of the source that it names', async () => {
    const { attributes, physicalId } = await cloud.createFunction('');
    const arn = String(attributes.Arn);
    const mayInvoke = (service: string, source: string) => () => cloud.lambda.assertMayInvoke(arn, service, source);
    expect(mayInvoke('apigateway.amazonaws.com', `${API}/authorizers/a`)).toThrow(AccessDenied);
    const permission = await grant(physicalId);
    expect(mayInvoke('apigateway.amazonaws.com', `${API}/authorizers/a`)).not.toThrow();
    expect(mayInvoke('apigateway.amazonaws.com', `${API}/routes/a`)).toThrow(AccessDenied);
    expect(mayInvoke('apigateway.amazonaws.com', `${API.replace('api1', 'api2')}/authorizers/a`)).toThrow(AccessDenied);
    expect(mayInvoke('secretsmanager.amazonaws.com', `${API}/authorizers/a`)).toThrow(AccessDenied);
    await resourceType(cloud.lambda, 'AWS::Lambda::Permission').delete(requestFor({}), permission);
    expect(mayInvoke('apigateway.amazonaws.com', `${API}/authorizers/a`)).toThrow(AccessDenied);
  });

  test('for another account lets nobody of this one in', async () => {
    const { attributes } = await cloud.createFunction('');
    await grant(attributes.Arn, { SourceAccount: '210987654321' });
    expect(() =>
      cloud.lambda.assertMayInvoke(String(attributes.Arn), 'apigateway.amazonaws.com', `${API}/authorizers/a`),
    ).toThrow(AccessDenied);
  });

  test('is refused for a function that does not exist', async () => {
    await expect(grant('missing')).rejects.toThrow('function:missing');
  });
});
