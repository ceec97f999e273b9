import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Properties } from '../../../../sandbox/cloudformation/resource-type';
import { FunctionCloud } from './function-cloud';

let cloud: FunctionCloud;
/** An app with a `node_modules`, whose `cdk.out` holds the code of a function. */
let app: string;

beforeEach(async () => {
  app = await realpath(await mkdtemp(join(tmpdir(), 'app-')));
  cloud = new FunctionCloud({ assets: { 'asset.zip': join(app, 'cdk.out', 'asset') } });
  await write('cdk.out/asset/index.js', 'exports.handler = async () => 0;');
});

afterEach(async () => {
  await cloud.lambda.close();
  await rm(app, { recursive: true });
});

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(join(app, path)), { recursive: true });
  await writeFile(join(app, path), text);
}

async function installPackage(name: string, folder = '.'): Promise<void> {
  await write(`${folder}/node_modules/${name}/package.json`, JSON.stringify({ name, main: 'main.js' }));
  await write(`${folder}/node_modules/${name}/main.js`, `exports.found = '${folder}';`);
}

/** Calls a function of the asset. */
async function run(Handler: string, properties: Properties = {}): Promise<unknown> {
  const Code = { S3Bucket: 'assets', S3Key: 'asset.zip' };
  const { physicalId } = await cloud.createFunction('', { Code, Handler, ...properties });
  return cloud.lambda.invoke(physicalId, { name: 'mail' });
}

/** Calls a function that is given by its code. */
async function runInline(ZipFile: string, Runtime = 'nodejs22.x'): Promise<unknown> {
  const { physicalId } = await cloud.createFunction('', { Code: { ZipFile }, Runtime, Timeout: 5 });
  return cloud.lambda.invoke(physicalId, { name: 'mail' });
}

/** Modules that load a package in each way and answer where it was found. */
const WAYS: Readonly<Record<string, (name: string) => string>> = {
  'cjs require': (name) => `const { found } = require('${name}'); exports.handler = async () => found;`,
  'mjs import': (name) => `import { found } from '${name}'; export const handler = async () => found;`,
  'mjs import()': (name) => `export const handler = async () => (await import('${name}')).found;`,
  'mjs createRequire': (name) =>
    `import { createRequire } from 'node:module'; const { found } = createRequire(import.meta.url)('${name}'); export const handler = async () => found;`,
};

describe.each(Object.entries(WAYS))('a package, loaded by %s,', (way, module) => {
  const file = `way.${way.slice(0, 3)}`;

  test.each(['@aws-sdk/client-toy', '@smithy/toy'])('%s comes from the app, as Lambda supplies it', async (name) => {
    await installPackage(name);
    await write(`cdk.out/asset/${file}`, module(name));
    await expect(run('way.handler')).resolves.toBe('.');
  });

  test('that the function brings takes precedence', async () => {
    await installPackage('@aws-sdk/client-toy');
    await installPackage('@aws-sdk/client-toy', 'cdk.out/asset');
    await write(`cdk.out/asset/${file}`, module('@aws-sdk/client-toy'));
    await expect(run('way.handler')).resolves.toBe('cdk.out/asset');
  });

  test('that Lambda does not supply is not found in the app', async () => {
    await installPackage('left-behind');
    await write(`cdk.out/asset/${file}`, module('left-behind'));
    await expect(run('way.handler')).rejects.toThrow(
      /Cannot find package 'left-behind' .*must be in the code of the function/,
    );
  });

  test('that Lambda supplies and nobody installed fails by name', async () => {
    await write(`cdk.out/asset/${file}`, module('@aws-sdk/client-missing/nested'));
    await expect(run('way.handler')).rejects.toThrow(
      /Cannot find package '@aws-sdk\/client-missing' .*must be installed/,
    );
  });
});

test('the SDK of this repository is found by a function outside of it', async () => {
  await write(
    'cdk.out/asset/index.mjs',
    `import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
     export const handler = async () => new SecretsManagerClient().config.serviceId;`,
  );
  await rm(join(app, 'cdk.out/asset/index.js'));
  await expect(run('index.handler')).resolves.toBe('Secrets Manager');
});

test('a package can load its own parts, itself, and builtin modules', async () => {
  await write('cdk.out/asset/package.json', '{ "name": "own", "exports": "./part.js" }');
  await write('cdk.out/asset/part.js', "exports.part = require('fs') === require('node:fs');");
  await write(
    'cdk.out/asset/index.js',
    "exports.handler = async () => [require('./part').part, require('own').part, (await import('own')).part];",
  );
  await expect(run('index.handler')).resolves.toEqual([true, true, true]);
});

test('a missing module is an error of the import, as Lambda names it', async () => {
  await write('cdk.out/asset/index.js', "require('left-behind');");
  await expect(run('index.handler')).rejects.toMatchObject({ errorType: 'Runtime.ImportModuleError' });
});

test('an ES module has none of the names that only CommonJS has', async () => {
  const names = ['require', 'module', 'exports', '__filename', '__dirname'];
  const types = names.map((name) => `typeof ${name}`);
  const module = `await 0; export const handler = async () => [${types}];`;
  await write('cdk.out/asset/es.mjs', module);
  await write('cdk.out/asset/es-by-type/package.json', '{ "type": "module" }');
  await write('cdk.out/asset/es-by-type/index.js', module);

  await expect(run('es.handler')).resolves.toEqual(names.map(() => 'undefined'));
  await expect(run('es-by-type/index.handler')).resolves.toEqual(names.map(() => 'undefined'));
});

test("the environment has Lambda's directories and a path of programs", async () => {
  const { environment, argv, node } = (await runInline(
    `const { execFileSync } = require('node:child_process');
     const { existsSync } = require('node:fs');
     exports.handler = async () => ({
       environment: process.env,
       argv: [process.argv.length, existsSync(process.env.LAMBDA_RUNTIME_DIR)],
       node: execFileSync('node', ['--print', '1 + 1']).toString(),
     });`,
  )) as { environment: Record<string, string>; argv: unknown; node: string };

  expect(environment).toMatchObject({ LAMBDA_RUNTIME_DIR: expect.any(String), LAMBDA_TASK_ROOT: expect.any(String) });
  expect(argv).toEqual([2, true]);
  expect(node).toBe('2\n');
});

describe('a runtime with callbacks', () => {
  test.each([
    ['a callback', 'exports.handler = (event, context, callback) => callback(null, event.name);', 'mail'],
    ['a later callback', 'exports.handler = (e, c, callback) => { setTimeout(callback, 5, undefined, 7); };', 7],
    ['context.succeed', 'exports.handler = (event, context) => { context.succeed([event.name]); };', ['mail']],
    ['context.done', 'exports.handler = (event, context) => { context.done(null, 1); };', 1],
    ['a promise', 'exports.handler = async (event, context, callback) => callback.length;', 2],
    ['the first answer', 'exports.handler = (e, context) => { context.succeed(1); context.fail("late"); };', 1],
    [
      'null when nothing is left to run',
      'exports.handler = () => { setTimeout(() => {}, 5); return "ignored"; };',
      null,
    ],
    ['null for a promise that never settles', 'exports.handler = () => new Promise(() => {});', null],
    [
      'a callback after all else has run',
      'const log = []; exports.handler = (e, c, cb) => { setTimeout(() => log.push(1), 5); cb(null, log); };',
      [1],
    ],
    [
      'a callback at once when it does not wait for the event loop',
      `const log = [];
       exports.handler = (e, context, callback) => {
         context.callbackWaitsForEmptyEventLoop = false;
         setTimeout(() => log.push(1), 60_000);
         callback(null, log);
       };`,
      [],
    ],
  ])('answers by %s', async (_way, code, answer) => {
    await expect(runInline(code)).resolves.toEqual(answer);
  });

  test.each([
    ['a callback', 'exports.handler = (e, c, callback) => callback(new RangeError("far"));', 'RangeError', 'far'],
    ['context.fail', 'exports.handler = (e, context) => context.fail(new TypeError("bad"));', 'TypeError', 'bad'],
    ['context.fail with nothing', 'exports.handler = (e, context) => context.fail();', 'string', 'handled'],
    ['context.done', 'exports.handler = (e, context) => context.done("text");', 'string', 'text'],
    ['an exception', 'exports.handler = () => { throw new Error("thrown"); };', 'Error', 'thrown'],
    ['a rejection', 'exports.handler = async () => { throw new Error("rejected"); };', 'Error', 'rejected'],
  ])('fails by %s', async (_way, code, errorType, errorMessage) => {
    await expect(runInline(code)).rejects.toMatchObject({ errorType, errorMessage });
  });

  test('serves the next invocation in the same process', async () => {
    const { physicalId } = await cloud.createFunction('', {
      Code: { ZipFile: 'let n = 0; exports.handler = (e, c, callback) => callback(null, [process.pid, ++n]);' },
      Runtime: 'nodejs20.x',
    });
    const [pid, first] = (await cloud.lambda.invoke(physicalId, {})) as number[];
    expect(first).toBe(1);
    await expect(cloud.lambda.invoke(physicalId, {})).resolves.toEqual([pid, 2]);
  });
});

test('a runtime without callbacks has no methods of the context for them, and answers what a handler returns', async () => {
  const code =
    'exports.handler = (event, context) => [typeof context.succeed, "callbackWaitsForEmptyEventLoop" in context];';
  await expect(runInline(code, 'nodejs24.x')).resolves.toEqual(['undefined', false]);
});

describe('a handler that streams its response', () => {
  const stream = (body: string) =>
    `exports.handler = awslambda.streamifyResponse(async (event, stream, context) => { ${body} });`;

  test.each(['nodejs22.x', 'nodejs24.x'])('answers with all that it wrote on %s', async (runtime) => {
    const body = 'stream.write("{"); setTimeout(() => stream.end(`"id": "${context.functionName}"}`), 5);';
    await expect(runInline(stream(body), runtime)).resolves.toEqual({ id: expect.any(String) });
  });

  test('fails with what it throws', async () => {
    const body = 'stream.write("half"); throw new RangeError("broken");';
    await expect(runInline(stream(body))).rejects.toMatchObject({ errorType: 'RangeError' });
  });

  test('fails by name for a caller that needs JSON', async () => {
    await expect(runInline(stream('stream.end("plain");'))).rejects.toThrow('must use a function URL or Invoke');
  });
});
