/** The test for Jest in the page on the sandbox, as users run it: by Jest, with the package as it ships. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { commandLines, killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';

jest.setTimeout(120_000);

const repository = join(__dirname, '..', '..');
let project: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'jest-snippet-'));
  const installed = join(project, 'node_modules', 'cdk-mtls-service-mesh');
  mkdirSync(dirname(installed), { recursive: true });
  symlinkSync(repository, installed, 'junction');
  mkdirSync(join(project, 'tmp'));
  const transformer = join(repository, 'test', 'esbuild-transformer.cjs');
  writeFileSync(join(project, 'jest.config.json'), JSON.stringify({ transform: { '\\.ts$': transformer } }));

  const app = new App({ outdir: join(project, 'cdk.out') });
  const stack = new Stack(app, 'ScheduleMesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  app.synth();
});

afterAll(async () => {
  await killRuns();
  rmSync(project, { recursive: true, force: true });
});

const snippet = () => {
  const page = readFileSync(join(repository, 'docs', 'sandbox.md'), 'utf8');
  const snippets = [...page.matchAll(/^```m?ts[^\n]*\n(.*?)^```/gms)].map(([, text = '']) => text);
  return snippets.filter((text) => text.includes('beforeAll('));
};

/** Runs the snippet after a change, with the app that it names. Ends only when Jest ends by itself. */
async function run(change: (text: string) => string): Promise<Run> {
  const [text = ''] = snippet();
  const temporary = join(project, 'tmp');
  const app = `const app = ${JSON.stringify(join(project, 'cdk.out'))};\n`;
  writeFileSync(join(project, 'mesh.test.ts'), text.replace(/^(?!import )/m, `${app}$&`).replace(/^.*$/s, change));
  const jest = join(repository, 'node_modules', 'jest', 'bin', 'jest.js');
  const environment = { PATH: process.env['PATH'], TMPDIR: temporary, TEMP: temporary, TMP: temporary };
  const ended = new Run(process.execPath, [jest, '--ci'], project, environment);
  await ended.ended();
  expect(ended.stderr).not.toContain('did not exit');
  expect(commandLines().filter((line) => line.includes(temporary))).toEqual([]);
  return ended;
}

test('there is one', () => {
  expect(snippet()).toHaveLength(1);
});

test('passes', async () => {
  const { process, stderr } = await run((text) => text);
  expect([process.exitCode, stderr]).toEqual([0, expect.stringContaining('1 passed')]);
});

test.each([
  ['an expectation fails', 'toBe(200)', 'toBe(201)', 'Expected: 201'],
  ['a call fails', "fetch('mail'", "fetch('nobody'", 'there must be a client "nobody"'],
  ['the stack can not be deployed', "'ScheduleMesh'", "'Nowhere'", 'Nowhere'],
])('ends and says so when %s', async (_what, from, to, message) => {
  const { process, stderr } = await run((text) => text.replace(from, to));
  expect([process.exitCode, stderr]).toEqual([1, expect.stringContaining('1 failed')]);
  expect(stderr).toContain(message);
});
