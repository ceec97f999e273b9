// Compiles every TypeScript example of README.md and the docstrings of lib/, client/, and sandbox/.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import rosetta from 'jsii-rosetta';

const FIXTURE = readFileSync(join('rosetta', 'readme-runtime.ts-fixture'), 'utf8');

/** The examples of constructs in README.md and lib/, which are in the jsii assembly. */
function compileAssembly() {
  const rosettaCommand = join('node_modules', 'jsii-rosetta', 'bin', 'jsii-rosetta');
  const { status } = spawnSync(process.execPath, [rosettaCommand, 'extract', '--strict', '--directory', '.', '.'], {
    stdio: 'inherit',
  });
  // The next run would reuse these results even if the client or the sandbox has changed.
  rmSync('.jsii.tabl.json', { force: true });
  return status === 0;
}

/**
 * The examples of client/ and sandbox/, which jsii doesn't compile. In README.md their language is `mts`: jsii translates
 * `ts` to other languages, which have neither.
 */
function compileRuntimeExamples() {
  const sources = ['client', 'sandbox'].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const examples = [
    ...sources.flatMap((fileName) => examplesIn(fileName, docstringsOf(fileName), 'ts')),
    ...examplesIn('README.md', readFileSync('README.md', 'utf8'), 'mts'),
  ];
  for (const wanted of ['client', 'sandbox', 'README.md']) {
    const found = examples.some(({ location }) => location.api.fileName.startsWith(wanted));
    if (!found) throw new Error(`found no examples in ${wanted}`);
  }
  const compiler = new rosetta.Translator(true);
  for (const example of examples) compiler.translate(example, []);
  const errors = compiler.diagnostics.filter(({ isError }) => isError);
  for (const { formattedMessage } of errors) console.error(formattedMessage);
  console.log(`${examples.length} examples of client and sandbox, ${errors.length} errors`);
  return errors.length === 0;
}

function docstringsOf(fileName) {
  const docstrings = readFileSync(fileName, 'utf8').match(/\/\*\*.*?\*\//gs) ?? [];
  return docstrings.join('\n').replace(/^ *\* ?/gm, '');
}

function examplesIn(fileName, markdown, language) {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, example]) =>
    rosetta.typeScriptSnippetFromVisibleSource(withFixture(example), { api: { api: 'file', fileName } }, true),
  );
}

function withFixture(example) {
  const isImport = (line) => line.startsWith('import ');
  const lines = example.split('\n');
  const statements = lines.filter((line) => !isImport(line)).join('\n');
  return [...lines.filter(isImport), FIXTURE.replace('/// here', () => statements)].join('\n');
}

const results = [compileAssembly(), compileRuntimeExamples()];
process.exitCode = results.every(Boolean) ? 0 : 1;
