// Compiles every TypeScript example of README.md and the docstrings of lib/, client/, and sandbox/.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import rosetta from 'jsii-rosetta';

const FIXTURE = readFileSync(join('rosetta', 'readme-runtime.ts-fixture'), 'utf8');

/** The examples of README.md and lib/, which are in the jsii assembly. */
function compileAssembly() {
  const rosettaCommand = join('node_modules', 'jsii-rosetta', 'bin', 'jsii-rosetta');
  const { status } = spawnSync(process.execPath, [rosettaCommand, 'extract', '--strict', '--directory', '.', '.'], {
    stdio: 'inherit',
  });
  // The next run would reuse these results even if the client or the sandbox has changed.
  rmSync('.jsii.tabl.json', { force: true });
  return status === 0;
}

/** The examples of client/ and sandbox/, which jsii doesn't compile. */
function compileDocstrings(folders) {
  const examples = folders.flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => examplesIn(join(folder, name))),
  );
  if (examples.length === 0) throw new Error(`found no examples in ${folders.join(' and ')}`);
  const compiler = new rosetta.Translator(true);
  for (const example of examples) compiler.translate(example, []);
  const errors = compiler.diagnostics.filter(({ isError }) => isError);
  for (const { formattedMessage } of errors) console.error(formattedMessage);
  console.log(`${examples.length} examples of ${folders.join(' and ')}, ${errors.length} errors`);
  return errors.length === 0;
}

function examplesIn(fileName) {
  const docstrings = readFileSync(fileName, 'utf8').match(/\/\*\*.*?\*\//gs) ?? [];
  const markdown = docstrings.join('\n').replace(/^ *\* ?/gm, '');
  return [...markdown.matchAll(/^```ts\n(.*?)^```/gms)].map(([, example]) =>
    rosetta.typeScriptSnippetFromVisibleSource(withFixture(example), { api: { api: 'file', fileName } }, true),
  );
}

function withFixture(example) {
  const isImport = (line) => line.startsWith('import ');
  const lines = example.split('\n');
  const statements = lines.filter((line) => !isImport(line)).join('\n');
  return [...lines.filter(isImport), FIXTURE.replace('/// here', () => statements)].join('\n');
}

const results = [compileAssembly(), compileDocstrings(['client', 'sandbox'])];
process.exitCode = results.every(Boolean) ? 0 : 1;
