import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(__dirname, '..', '..');
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** `npm` through the script that runs it, which needs no shell on any platform. */
function npm(cwd: string, ...args: string[]): string {
  const cli = process.env.npm_execpath;
  const [program, first] = cli === undefined ? ['npm', []] : [process.execPath, [cli]];
  return execFileSync(program, [...first, ...args], { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

/** Node in `cwd` with nothing of the repository's environment on its path. */
function node(cwd: string, ...args: string[]): string {
  const environment = { ...process.env, NODE_PATH: '', CDK_VALIDATION: 'false' };
  return execFileSync(process.execPath, args, { cwd, encoding: 'utf8', env: environment });
}

let directory: string;
let files: readonly string[];

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-package-'));
  const [packed] = JSON.parse(npm(root, 'pack', '--json', '--pack-destination', directory).replace(/^[^[]*/s, ''));
  files = packed.files.map((file: { path: string }) => file.path);
  mkdirSync(join(directory, 'app'));
  writeFileSync(join(directory, 'app', 'package.json'), JSON.stringify({ name: 'app', private: true }));
  const wanted = ['aws-cdk-lib', 'constructs', 'typescript', '@types/node'];
  const versions = wanted.map((name) => `${name}@${devDependencies[name]}`);
  npm(join(directory, 'app'), 'install', '--no-audit', '--no-fund', join(directory, packed.filename), ...versions);
}, 300_000);

afterAll(() => rmSync(directory, { recursive: true, force: true }));

const app = () => join(directory, 'app');

test('the tarball holds what users run and nothing of tests or sources', () => {
  for (const needed of [
    '.jsii',
    'README.md',
    'LICENSE',
    'API.md',
    'assets/authorizer/index.js',
    'assets/certificate-issuer/index.js',
    'assets/truststore-publisher/index.js',
    'dist/lib/index.js',
    'dist/lib/index.d.ts',
    'dist/client/index.js',
    'dist/client/index.d.ts',
    'dist/sandbox/index.js',
    'dist/sandbox/index.d.ts',
    'dist/bin/mtls-mesh.js',
  ]) {
    expect(files).toContain(needed);
  }
  expect(files.filter((file) => /^(test|bench|examples|scripts|lambda|\.ci)\//.test(file))).toEqual([]);
  expect(files.filter((file) => /(?<!\.d)\.ts$|\.map$|tsbuildinfo$/.test(file))).toEqual([]);
});

test('an app outside the repository synthesizes a mesh without esbuild or Docker, and the sandbox runs it', () => {
  writeFileSync(join(app(), 'run.js'), readFileSync(join(__dirname, 'run-in-sandbox.js')));
  expect(JSON.parse(node(app(), 'run.js'))).toEqual({ status: 200, caller: 'mail', refused: true });
}, 120_000);

test('the client entry point loads nothing of the CDK', () => {
  const script = `require('cdk-mtls-service-mesh/client');
    console.log(JSON.stringify(Object.keys(require.cache).filter((path) => /aws-cdk-lib|constructs/.test(path))))`;
  expect(JSON.parse(node(app(), '-e', script))).toEqual([]);
});

test('a TypeScript program that uses every public class type-checks against the declarations', () => {
  writeFileSync(join(app(), 'every-class.ts'), readFileSync(join(__dirname, 'every-class.ts.txt')));
  const exported = Object.keys(JSON.parse(node(app(), '-p', `JSON.stringify(require('cdk-mtls-service-mesh'))`)));
  const program = readFileSync(join(app(), 'every-class.ts'), 'utf8');
  for (const name of exported) expect(program).toContain(name);
  const options = ['--noEmit', '--strict', '--module', 'node20', '--types', 'node'];
  node(app(), 'node_modules/typescript/bin/tsc', ...options, 'every-class.ts');
}, 120_000);

test('API.md says what the docstrings say', () => {
  const generated = join(directory, 'API.md');
  node(root, 'node_modules/jsii-docgen/bin/jsii-docgen', '-o', generated);
  expect(readFileSync(join(root, 'API.md'), 'utf8')).toBe(readFileSync(generated, 'utf8'));
}, 120_000);

const COMMAND = 'node_modules/cdk-mtls-service-mesh/dist/bin/mtls-mesh.js';

test('the command explains itself', () => {
  expect(node(app(), COMMAND, '--help')).toContain('up [options]');
});

/** Each is a bundle of its own, which has to be there. */
test.each([
  ['up', ['--app', 'nowhere.out']],
  ['list', ['--mesh', 'mesh.example.com']],
  ['request', ['--client', 'mail', '--url', 'http://127.0.0.1:9/']],
])('the command %s gets as far as what it can not reach', (name, options) => {
  const env = {
    ...process.env,
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'example',
    AWS_MAX_ATTEMPTS: '1',
  };
  const { status, stderr } = spawnSync(process.execPath, [COMMAND, name, ...options], {
    cwd: app(),
    env,
    encoding: 'utf8',
  });
  expect(stderr).toMatch(/^error: /m);
  expect(stderr).not.toContain('Cannot find module');
  expect(status).toBe(1);
});
