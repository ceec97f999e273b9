import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { LANGUAGES, missing, packages, root } from './languages';
import { RunningMesh } from './running-mesh';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const scratch = mkdtempSync(join(tmpdir(), 'mtls-mesh-languages-'));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs the command that synthesizes an app. */
function synthesize(command: string, cwd: string, output: string, environment = process.env) {
  const env = { ...environment, CDK_OUTDIR: output };
  const { status, stdout, stderr } = spawnSync(command, { cwd, env, encoding: 'utf8', shell: true });
  return { status, printed: `${stdout}${stderr}` };
}

function templateIn(output: string): unknown {
  return JSON.parse(readFileSync(join(output, 'ScheduleMesh.template.json'), 'utf8'));
}

/** The template of the same app in TypeScript. */
function typescriptTemplate(app: string): unknown {
  const output = join(scratch, `${app.replaceAll('/', '-')}.out`);
  if (!existsSync(output)) {
    const { status, printed } = synthesize(`npx tsx ${app}`, root, output);
    if (status !== 0) throw new Error(printed);
  }
  return templateIn(output);
}

const FILES = {
  python: [`cdk_mtls_service_mesh-${version}-py3-none-any.whl`, `cdk_mtls_service_mesh-${version}.tar.gz`],
  java: ['', '-javadoc', '-sources'].map((kind) =>
    join(
      'io/github/cdk-mtls-service-mesh/cdk-mtls-service-mesh',
      version,
      `cdk-mtls-service-mesh-${version}${kind}.jar`,
    ),
  ),
  go: ['cdkmtlsservicemesh/go.mod', `cdkmtlsservicemesh/jsii/cdk-mtls-service-mesh-${version}.tgz`],
};

test('the README is translated, but for the examples of Node.js', () => {
  const readme = readFileSync(join(packages, 'go', 'cdkmtlsservicemesh', 'README.md'), 'utf8');
  expect(readme).toContain('cdkmtlsservicemesh.NewMtlsServiceMesh(');
  expect(readme).not.toContain('const mesh = new MtlsServiceMesh(');
  expect(readme).toContain("import { MeshHttpClient } from 'cdk-mtls-service-mesh/client';");
});

test('the .NET package is complete, or its source code where there is no SDK', () => {
  const found = readdirSync(join(packages, 'dotnet'), { recursive: true }).map(String);
  const wanted =
    missing['dotnet']?.length === 0
      ? `CdkMtlsServiceMesh.${version}.nupkg`
      : join('CdkMtlsServiceMesh', 'CdkMtlsServiceMesh', 'MtlsServiceMesh.cs');
  expect(found).toContain(wanted);
});

/** The lines without their indentation, which differs where a page shows a part of a file. */
function linesOf(code: string): string {
  return code.replaceAll(/^\s+|\s+$/gm, '');
}

test('the code in docs/languages.md is that of the examples', () => {
  const page = readFileSync(join(root, 'docs', 'languages.md'), 'utf8');
  const blocks = [...page.matchAll(/^```(?!sh$)(\w+)\n(.*?)^```/gms)].map(([, , code]) => linesOf(String(code)));
  const files = LANGUAGES.flatMap(({ name, source }) =>
    [source, 'cdk.json', 'pom.xml', 'requirements.txt'].map((file) => join(root, 'examples', name, file)),
  );
  const examples = files.filter(existsSync).map((file) => linesOf(readFileSync(file, 'utf8')));
  expect(blocks).toHaveLength(8);
  expect(blocks.filter((block) => !examples.some((example) => example.includes(block)))).toEqual([]);
});

describe.each(LANGUAGES)('$name', ({ name, source, command, environment, install }) => {
  const available = missing[name]?.length === 0;
  const suffix = available ? '' : ` [left out: ${missing[name]?.join(', ')} not installed]`;
  const testBuilt = (title: string, run: jest.ProvidesCallback) =>
    (available ? test : test.skip)(`${title}${suffix}`, run);
  const directory = join(scratch, name);
  const env = { ...process.env, ...environment };
  const { app } = JSON.parse(readFileSync(join(root, 'examples', name, 'cdk.json'), 'utf8'));

  beforeAll(() => {
    if (!available) return;
    cpSync(join(root, 'examples', name), directory, { recursive: true });
    install(directory);
  });

  testBuilt('the package is complete', () => {
    const found = readdirSync(join(packages, name), { recursive: true }).map(String);
    for (const file of FILES[name]) expect(found).toContain(file);
  });

  testBuilt('the example synthesizes the template of TypeScript', () => {
    const output = join(directory, 'cdk.out');
    expect(synthesize(app, directory, output, env)).toMatchObject({ status: 0 });
    expect(templateIn(output)).toEqual(typescriptTemplate('examples/typescript/app.ts'));
  });

  testBuilt('the example runs in the sandbox and answers its clients only', async () => {
    const mesh = await RunningMesh.start(command, directory, env);
    try {
      const spiffeId = 'spiffe://mesh.example.com/social';
      expect(await mesh.get('/schedule', 'mail')).toMatchObject({ status: 200, body: { clientName: 'mail' } });
      expect(await mesh.get('/schedule/events', 'social')).toMatchObject({ status: 200, body: { spiffeId } });
      await expect(mesh.get('/schedule')).rejects.toThrow();
    } finally {
      await mesh.stop();
    }
  });

  testBuilt('a bad value is refused with the reason', () => {
    const file = join(directory, source);
    const original = readFileSync(file, 'utf8');
    const changed = original.replace('"mail"', '"../mail"');
    expect(changed).not.toBe(original);
    writeFileSync(file, changed);
    const { status, printed } = synthesize(app, directory, join(directory, 'refused.out'), env);
    expect(printed).toContain('ScheduleMesh/Mesh: client name must be a DNS label');
    expect(printed).toContain('got "../mail"');
    expect(status).not.toBe(0);
  });

  testBuilt('the library calls an integration that is written in this language', () => {
    cpSync(join(__dirname, 'own-integration', basename(source)), join(directory, source));
    const output = join(directory, 'own-integration.out');
    expect(synthesize(app, directory, output, env)).toMatchObject({ status: 0 });
    expect(templateIn(output)).toEqual(typescriptTemplate('test/languages/own-integration/app.ts'));
  });
});
