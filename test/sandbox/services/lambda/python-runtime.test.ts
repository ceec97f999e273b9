import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Properties, Resource } from '../../../../sandbox/cloudformation/resource-type';
import { describeWith } from '../../../programs';
import { FunctionCloud, isRunning } from './function-cloud';

let cloud: FunctionCloud;
let code: string;

beforeEach(async () => {
  code = await mkdtemp(join(tmpdir(), 'python-code-'));
  cloud = new FunctionCloud({ assets: { 'asset.zip': code } });
});

afterEach(async () => {
  await cloud.lambda.close();
  await rm(code, { recursive: true });
});

const PYTHON = { Runtime: 'python3.13', Handler: 'index.handler' };

async function create(ZipFile: string, properties: Properties = {}): Promise<Resource> {
  return cloud.createFunction('', { ...PYTHON, Code: { ZipFile }, ...properties });
}

async function run(ZipFile: string, event: unknown = {}, properties: Properties = {}): Promise<unknown> {
  return cloud.lambda.invoke((await create(ZipFile, properties)).physicalId, event);
}

test('without Python, an invocation fails by name, and the deployment does not', async () => {
  const before = process.env['PATH'];
  process.env['PATH'] = code;
  try {
    const created = await create('def handler(event, context): return 1', {
      Environment: { Variables: { PATH: code } },
    });
    await expect(cloud.lambda.invoke(created.physicalId, {})).rejects.toThrow(/python3 .*isn't installed/);
  } finally {
    process.env['PATH'] = before;
  }
});

describeWith('python3')('a handler in Python', () => {
  test('gets the event and answers in JSON', async () => {
    const event = { text: 'grüße', list: [1, null], nested: { a: true } };
    await expect(run('def handler(event, context): return {"event": event}', event)).resolves.toEqual({ event });
    await expect(run('def handler(event, context): pass')).resolves.toBeNull();
  });

  test.each(['path/to/module.run', 'path.to.module.run'])('is found by %s', async (Handler) => {
    const file = join(code, 'path', 'to', 'module.py');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'import beside\ndef run(event, context): return beside.NAME');
    await writeFile(join(code, 'beside.py'), 'NAME = "beside"');

    await expect(run('', {}, { Handler, Code: { S3Bucket: 'assets', S3Key: 'asset.zip' } })).resolves.toBe('beside');
    expect(existsSync(join(code, '__pycache__'))).toBe(false);
  });

  test('is described in the context object and the environment', async () => {
    const handler = `
import os
def handler(event, context):
    names = [name for name in dir(context) if not name.startswith('_')]
    values = {name: getattr(context, name) for name in names}
    remaining = values.pop('get_remaining_time_in_millis')()
    values.pop('log')('by the context')
    return {**values, 'remaining': remaining, 'region': os.environ['AWS_REGION'], 'task': os.environ['LAMBDA_TASK_ROOT'],
            'here': os.getcwd(), 'engine': os.environ['AWS_EXECUTION_ENV']}`;
    const created = await create(handler, { FunctionName: 'mailer', Timeout: 30, MemorySize: 256 });
    const told = (await cloud.lambda.invoke(created.physicalId, {})) as Record<string, unknown>;

    expect(told).toMatchObject({
      aws_request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      client_context: null,
      engine: 'AWS_Lambda_python3.13',
      function_name: 'mailer',
      function_version: '$LATEST',
      identity: null,
      invoked_function_arn: 'arn:aws:lambda:us-east-1:123456789012:function:mailer',
      log_group_name: '/aws/lambda/mailer',
      memory_limit_in_mb: '256',
      region: 'us-east-1',
    });
    expect(told['here']).toBe(told['task']);
    expect(told['remaining']).toBeGreaterThan(0);
    expect(told['remaining']).toBeLessThanOrEqual(30_000);
    expect(cloud.logOf(created)).toContain('by the context');
  });

  test("is told the sandbox's time", async () => {
    await cloud.clock.advance(1000 * 3_600_000);
    const handler = `
import datetime, time
from datetime import datetime as imported
def handler(event, context):
    given = imported.fromtimestamp(0, datetime.timezone.utc)
    now = datetime.datetime.now(datetime.timezone.utc)
    return [time.time(), now.timestamp(), imported.now().timestamp(), given.isoformat(), isinstance(given, imported)]`;
    const earliest = Date.now() / 1000 + 3_600_000;
    const [...times] = (await run(handler)) as unknown[];
    expect(times.splice(3)).toEqual(['1970-01-01T00:00:00+00:00', true]);
    for (const time of times) {
      expect(time).toBeGreaterThanOrEqual(earliest - 1);
      expect(time).toBeLessThanOrEqual(Date.now() / 1000 + 3_600_001);
    }
  });

  test('has its log: what it prints, what it logs from the level of warnings, and its failure', async () => {
    const handler = `
import logging, sys
def handler(event, context):
    print('printed', 1)
    print('to the other stream', file=sys.stderr)
    logging.info('below the level')
    logging.warning('logged %s', 'once')
    sys.stdout.write('no newline')
    raise ValueError('bad value')`;
    const created = await create(handler);

    await expect(cloud.lambda.invoke(created.physicalId, {})).rejects.toMatchObject({
      failure: {
        errorType: 'ValueError',
        errorMessage: 'bad value',
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        stackTrace: [expect.stringMatching(/^ {2}File ".*index\.py", line 9, in handler\n {4}raise ValueError/)],
      },
    });
    const lines = cloud.logOf(created).split('\n');
    expect(lines[0]).toMatch(/^START RequestId/);
    expect(lines.slice(1, 3)).toEqual(['printed 1', 'to the other stream']);
    expect(lines[3]).toMatch(/^\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[0-9a-f-]{36}\tlogged once$/);
    expect(lines[4]).toBe('no newline');
    expect(lines[5]).toBe('[ERROR] ValueError: bad value');
    expect(lines[6]).toBe('Traceback (most recent call last):');
    expect(cloud.logOf(created)).not.toContain('below the level');
  });

  test.each([
    ['a missing module', '', 'missing.handler', 'Runtime.ImportModuleError', "Unable to import module 'missing'"],
    ['a missing import', 'import nowhere', 'index.handler', 'Runtime.ImportModuleError', "No module named 'nowhere'"],
    ['a missing function', 'x = 1', 'index.handler', 'Runtime.HandlerNotFound', "Handler 'handler' missing"],
    ['a handler without a dot', '', 'index', 'Runtime.MalformedHandlerName', "Bad handler 'index'"],
    ['a syntax error', 'def', 'index.handler', 'Runtime.UserCodeSyntaxError', "Syntax error in module 'index'"],
    ['code that fails to load', '1 / 0', 'index.handler', 'ZeroDivisionError', 'division by zero'],
    [
      'an answer that is no JSON',
      'def handler(event, context): return {1, 2}',
      'index.handler',
      'Runtime.MarshalError',
      'Unable to marshal response',
    ],
  ])('fails with Lambda’s error for %s', async (_case, text, Handler, errorType, message) => {
    await expect(run(text, {}, { Handler })).rejects.toMatchObject({
      errorType,
      errorMessage: expect.stringContaining(message),
    });
  });

  test('that exits or takes too long ends its process, and the next invocation gets a new one', async () => {
    const handler = `
import os, sys, time
def handler(event, context):
    if event.get('exit'): sys.exit(3)
    if event.get('hang'): time.sleep(60)
    return os.getpid()`;
    const { physicalId } = await create(handler, { Timeout: 1 });
    const pid = (await cloud.lambda.invoke(physicalId, {})) as number;
    await expect(cloud.lambda.invoke(physicalId, { exit: true })).rejects.toThrow('exit status 3');
    expect(isRunning(pid)).toBe(false);
    await expect(cloud.lambda.invoke(physicalId, { hang: true })).rejects.toThrow('Task timed out after 1.00 seconds');
    await expect(cloud.lambda.invoke(physicalId, {})).resolves.toEqual(expect.any(Number));
  });

  test('cannot read the messages of the sandbox as its input', async () => {
    const handler = `
import sys
def handler(event, context): return sys.stdin.read()`;
    await expect(run(handler, { secret: 1 })).resolves.toBe('');
  });

  test('ends with the sandbox', async () => {
    const { physicalId } = await create('import os\ndef handler(event, context): return os.getpid()');
    const pid = (await cloud.lambda.invoke(physicalId, {})) as number;
    await cloud.lambda.close();
    while (isRunning(pid)) await sleep(10);
  });

  test('runs in the Python that is active', async () => {
    const python = execFileSync('python3', ['-c', 'import sys; print(sys.prefix)']);
    await expect(run('import sys\ndef handler(event, context): return sys.prefix')).resolves.toBe(
      String(python).trim(),
    );
  });
});
