import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { Run } from '../bin/shared/command';
import { app, node, packedFiles, root } from './packed';

const files = packedFiles();
const PACKAGE = 'node_modules/cdk-mtls-service-mesh';
const COMMAND = `${PACKAGE}/dist/bin/mtls-mesh.js`;

test('the tarball holds what users run and nothing of tests or sources', () => {
  for (const needed of [
    '.jsii',
    'README.md',
    'LICENSE',
    'API.md',
    'assets/authorizer/index.js',
    'assets/certificate-issuer/index.js',
    'assets/certificate-authority/index.js',
    'assets/truststore-publisher/index.js',
    'dist/lib/index.js',
    'dist/lib/index.d.ts',
    'dist/client/index.js',
    'dist/client/index.mjs',
    'dist/client/index.d.ts',
    'dist/client/index.d.mts',
    'dist/sandbox/index.js',
    'dist/sandbox/index.mjs',
    'dist/sandbox/index.d.ts',
    'dist/sandbox/index.d.mts',
    'examples/schedule/schedule-mesh-stack.ts',
    'dist/bin/mtls-mesh.js',
    'dist/bin/console/console.js',
    'dist/bin/console/page/index.html',
  ]) {
    expect(files).toContain(needed);
  }
  expect(files.filter((file) => /^(test|bench|scripts|lambda|\.ci)\//.test(file))).toEqual([]);
  expect(files.filter((file) => /(?<!\.d|^examples\/.*)\.ts$|\.map$|tsbuildinfo$/.test(file))).toEqual([]);
});

test('the relative links of the documents lead to files of the tarball', () => {
  const links = files
    .filter((file) => /^(docs\/)?[\w-]+\.md$/.test(file) && file !== 'API.md')
    .flatMap((file) => {
      const text = readFileSync(join(app(), PACKAGE, file), 'utf8');
      const targets = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, target = '']) => target);
      return targets.map((target) => join(dirname(file), target));
    });
  expect(links).toContain('docs/getting-started.md');
  expect(links).toContain('SECURITY.md');
  expect(links.filter((target) => !existsSync(join(app(), PACKAGE, target)))).toEqual([]);
});

test('the client entry point loads nothing of the CDK', () => {
  const script = `require('cdk-mtls-service-mesh/client');
    console.log(JSON.stringify(Object.keys(require.cache).filter((path) => /aws-cdk-lib|constructs/.test(path))))`;
  expect(JSON.parse(node(app(), '-e', script))).toEqual([]);
});

test('the program that is type-checked uses every public class', () => {
  const exported = Object.keys(JSON.parse(node(app(), '-p', `JSON.stringify(require('cdk-mtls-service-mesh'))`)));
  const program = readFileSync(join(__dirname, 'every-class.ts.txt'), 'utf8');
  for (const name of [...exported, ...clientExports()]) expect(program).toMatch(new RegExp(`\\b${name}\\b`));
});

/** Classes, functions, and types. */
function clientExports(): readonly string[] {
  const reference = readFileSync(join(app(), PACKAGE, 'docs/reference/client.md'), 'utf8');
  return [...reference.matchAll(/^## (\w+)/gm)].map(([, name = '']) => name);
}

test('API.md says what the docstrings say', () => {
  const generated = join(app(), 'API.md');
  node(root, 'node_modules/jsii-docgen/bin/jsii-docgen', '-o', generated);
  expect(readFileSync(join(root, 'API.md'), 'utf8')).toBe(readFileSync(generated, 'utf8'));
}, 120_000);

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

test('the console finds its page', async () => {
  // A registry without clients.
  const dynamoDb = createServer((_request, response) => {
    response.setHeader('content-type', 'application/x-amz-json-1.0').end(JSON.stringify({ Items: [], Count: 0 }));
  });
  await once(dynamoDb.listen(0, '127.0.0.1'), 'listening');
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${(dynamoDb.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-1',
  };
  const run = new Run(process.execPath, [COMMAND, 'console', '--mesh', 'mesh.example.com', '--json'], app(), env);
  try {
    await run.prints(/\{"url":"[^"]+"\}\n/);
    const { url } = JSON.parse(run.stdout);
    for (const file of ['', 'main.js', 'console.css', 'icon.svg']) {
      expect([file, (await fetch(url + file)).status]).toEqual([file, 200]);
    }
  } finally {
    await run.kill();
    dynamoDb.close();
  }
});
