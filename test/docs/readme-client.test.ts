/** The client's program in the README, as users run it, with the package as it ships, against a mesh in the sandbox. */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { transformSync } from 'esbuild';
import { Sandbox } from '../../sandbox';
import { killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { blocksOf, readPage } from './markdown';

jest.setTimeout(60_000);

const repository = join(__dirname, '..', '..');
let project: string;
let sandbox: Sandbox;

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'readme-client-'));
  const aws = join('@aws-sdk', 'client-secrets-manager');
  for (const [name, path] of [
    ['cdk-mtls-service-mesh', repository],
    [aws, join(repository, 'node_modules', aws)],
  ] as const) {
    const installed = join(project, 'node_modules', name);
    mkdirSync(dirname(installed), { recursive: true });
    symlinkSync(path, installed, 'junction');
  }
  const stack = new Stack(new App(), 'ScheduleMesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  sandbox = await Sandbox.deploy(stack.node.root as App);
});

afterAll(async () => {
  await killRuns();
  await sandbox?.close();
  rmSync(project, { recursive: true, force: true });
});

const programs = () => blocksOf(readPage('README.md'), 'mts').filter((text) => text.includes('new MeshHttpClient('));

/** The program, and a line that prints the answer and closes the client. */
const printing = () => `${programs().join('')}console.log(response.status, await response.text());\nmesh.close();\n`;

/** With `require`, and in a function, because CommonJS has no `await` outside of one. */
function asCommonJs(program: string): string {
  const imports = program.match(/^import .*$/gm) ?? [];
  const rest = program.replaceAll(/^import .*$/gm, '');
  return transformSync(`${imports.join('\n')}\nvoid (async () => {${rest}})();`, { format: 'cjs', loader: 'ts' }).code;
}

test('there is one', () => {
  expect(programs()).toHaveLength(1);
});

test.each([
  ['an ES module', 'program.mjs', (text: string) => transformSync(text, { format: 'esm', loader: 'ts' }).code],
  ['CommonJS', 'program.cjs', asCommonJs],
])('runs as %s', async (_format, file, convert) => {
  writeFileSync(join(project, file), convert(printing()));
  const run = new Run(process.execPath, [file], project, {
    PATH: process.env['PATH'],
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...sandbox.environment(),
  });
  expect([await run.ended(), run.stdout, run.stderr]).toEqual([0, '200 mail\n', '']);
});
