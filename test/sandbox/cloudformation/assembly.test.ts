import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, aws_lambda as lambda, NestedStack, Stack, Stage, aws_s3 as s3 } from 'aws-cdk-lib';
import { type AssembledStack, readAssembly } from '../../../sandbox/cloudformation/assembly';
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

/** The only stack, or the last, which depends on the others. */
function stackOf(name: string): AssembledStack {
  const stack = readAssembly(outdir, name).at(-1);
  if (stack === undefined) throw new Error(`there must be a stack ${name}`);
  return stack;
}

test.each([
  ['its name', 'mesh', 'mesh'],
  ['its construct path', 'Mesh', 'mesh'],
  ['its name in a stage', 'mesh-production', 'mesh-production'],
  ['its construct path in a stage', 'Production/Mesh', 'mesh-production'],
])('finds a stack by %s', (_, name, stackName) => {
  expect(readAssembly(outdir, name).map((stack) => stack.stackName)).toEqual([stackName]);
});

test.each(['mesh', 'mesh-production'])('finds the code of the functions of %s by its key in the bucket', (name) => {
  const { template, fileAssets } = stackOf(name);
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
  const { template, constructPaths } = stackOf(name);
  const functions = Object.values(readTemplate(template, constructPaths).resources).filter(
    ({ type }) => type === 'AWS::Lambda::Function',
  );
  expect(functions[0]?.constructPath).toBe(path);
});

test('an unknown name is answered with the stacks there are', () => {
  expect(() => readAssembly(outdir, 'mash')).toThrow(
    /exactly one stack must be called mash; .* has .*mesh-production \(Production\/Mesh\)/,
  );
});

describe('an app of several stacks', () => {
  const several = join(directory, 'several');

  beforeAll(() => {
    const app = new App({ outdir: several });
    const [last, other, middle, first] = ['Last', 'Other', 'Middle', 'First'].map((id) => new Stack(app, id));
    if (!last || !other || !middle || !first) throw new Error('there must be four stacks');
    const bucket = new s3.Bucket(first, 'Bucket');
    const nested = new NestedStack(middle, 'Nested');
    new s3.Bucket(nested, 'Bucket', { bucketName: `${bucket.bucketName}-2` });
    new s3.Bucket(middle, 'Bucket');
    const inner = new NestedStack(nested, 'Inner');
    new s3.Bucket(inner, 'Bucket');
    last.addStackDependency(middle);
    new s3.Bucket(other, 'Bucket');
    new s3.Bucket(new Stack(new Stage(app, 'Test'), 'Only', { stackName: 'First' }), 'Bucket');
    app.synth();
  });

  const names = (name?: string) => readAssembly(several, name).map(({ stackName }) => stackName);

  test('a stack comes with those that it depends on, before it', () => {
    expect(names('Last')).toEqual(['First', 'Middle', 'Last']);
    expect(names('Middle')).toEqual(['First', 'Middle']);
    expect(names('Other')).toEqual(['Other']);
    expect(names('Test/Only')).toEqual(['First']);
  });

  test('all come without a name, unless two have the same', () => {
    expect(
      readAssembly(outdir)
        .map(({ stackName }) => stackName)
        .sort(),
    ).toEqual(['mesh', 'mesh-production']);
    expect(() => readAssembly(several)).toThrow(
      /one of the stacks called First must be chosen; .* First \(Test\/Only\)/,
    );
  });

  test('the paths of a nested stack are its own', () => {
    const middle = readAssembly(several, 'Middle').at(-1);
    const paths = [...(middle?.constructPaths.values() ?? [])];
    expect(paths).toContain('Middle/Bucket/Resource');
    const nested = paths.find((path) => path.endsWith('.NestedStackResource')) ?? '';
    const inNested = [...(middle?.nestedConstructPaths(nested).values() ?? [])];
    expect(inNested).toContain('Middle/Nested/Bucket/Resource');
    const inner = inNested.find((path) => path.endsWith('.NestedStackResource')) ?? '';
    expect([...(middle?.nestedConstructPaths(inner).values() ?? [])]).toEqual(['Middle/Nested/Inner/Bucket/Resource']);
  });
});

test('stacks that depend on each other are refused', () => {
  const circular = join(directory, 'circular');
  mkdirSync(circular);
  const stack = (dependency: string) => ({
    type: 'aws:cloudformation:stack',
    properties: { templateFile: 'x.json' },
    dependencies: [dependency],
  });
  writeFileSync(join(circular, 'manifest.json'), JSON.stringify({ artifacts: { A: stack('B'), B: stack('A') } }));
  expect(() => readAssembly(circular, 'A')).toThrow('the stack A depends on itself');
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
