import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, aws_lambda as lambda, Stack, Stage } from 'aws-cdk-lib';
import { readAssembly } from '../../../sandbox/cloudformation/assembly';
import { readTemplate } from '../../../sandbox/cloudformation/template';

const directory = realpathSync(mkdtempSync(join(tmpdir(), 'assembly-test-')));
const outdir = join(directory, 'cdk.out');

beforeAll(() => {
  process.env['CDK_VALIDATION'] = 'false';
  const code = join(directory, 'code');
  mkdirSync(code);
  writeFileSync(join(code, 'index.js'), 'exports.handler = async () => 1;');
  const app = new App({ outdir });
  for (const [scope, stackName] of [
    [app, 'mesh'],
    [new Stage(app, 'Production'), 'mesh-production'],
  ] as const) {
    new lambda.Function(new Stack(scope, 'Mesh', { stackName }), 'Function', {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromAsset(code),
    });
  }
  app.synth();
});

afterAll(() => rmSync(directory, { recursive: true }));

test.each([
  ['its name', 'mesh', 'mesh'],
  ['its construct path', 'Mesh', 'mesh'],
  ['its name in a stage', 'mesh-production', 'mesh-production'],
  ['its construct path in a stage', 'Production/Mesh', 'mesh-production'],
])('finds a stack by %s', (_, name, stackName) => {
  expect(readAssembly(outdir, name).stackName).toBe(stackName);
});

test.each(['mesh', 'mesh-production'])('finds the code of the functions of %s by its key in the bucket', (name) => {
  const { template, fileAssets } = readAssembly(outdir, name);
  const functions = Object.values(readTemplate(template).resources).filter(
    ({ type }) => type === 'AWS::Lambda::Function',
  );
  const code = functions[0]?.properties['Code'] as { S3Key: string };
  expect(require(join(fileAssets.get(code.S3Key) ?? '', 'index.js'))).toHaveProperty('handler');
});

test.each([
  ['mesh', 'Mesh/Function/Resource'],
  ['mesh-production', 'Production/Mesh/Function/Resource'],
])('knows which construct of %s made a resource', (name, path) => {
  const { template, constructPaths } = readAssembly(outdir, name);
  const functions = Object.values(readTemplate(template, constructPaths).resources).filter(
    ({ type }) => type === 'AWS::Lambda::Function',
  );
  expect(functions[0]?.constructPath).toBe(path);
});

test('an unknown name, or none where there are several stacks, is answered with those there are', () => {
  expect(() => readAssembly(outdir, 'mash')).toThrow(/exactly one stack must be called mash; .* has .*mesh-production/);
  expect(() => readAssembly(outdir)).toThrow(/one stack must be named; .* has mesh-production, mesh|mesh, mesh-prod/);
});

test('a directory that holds no assembly is refused', () => {
  expect(() => readAssembly(directory, 'mesh')).toThrow('must be the output of cdk synth, but it has no manifest.json');
});

test.each([
  ['no JSON', '{', 'manifest.json must be JSON'],
  ['a list', '[]', 'must have an object here'],
  ['artifacts that are text', '{"artifacts":"x"}', 'must have an object here'],
  [
    'a stack without a template',
    '{"artifacts":{"S":{"type":"aws:cloudformation:stack","properties":{}}}}',
    'templateFile in a cloud assembly must be a string',
  ],
  [
    'a template that is not there',
    '{"artifacts":{"S":{"type":"aws:cloudformation:stack","properties":{"templateFile":"gone.json"}}}}',
    'gone.json must be readable',
  ],
])('a manifest that is or has %s is refused', (name, manifest, message) => {
  const broken = join(directory, name);
  mkdirSync(broken);
  writeFileSync(join(broken, 'manifest.json'), manifest);
  expect(() => readAssembly(broken)).toThrow(message);
});
