// Compiles every TypeScript example of README.md, docs/, and the docstrings of lib/, client/, and sandbox/.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import rosetta from 'jsii-rosetta';

const RUNTIME = 'readme-runtime';
const PAGES = readdirSync('docs')
  .filter((name) => name.endsWith('.md'))
  .map((name) => join('docs', name));

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
 * The examples that jsii doesn't compile: those of docs/, client/, and sandbox/. In Markdown, the language of the last two is
 * `mts`: jsii translates `ts` to other languages, which have neither.
 */
function compileOtherExamples() {
  const sources = ['client', 'sandbox'].flatMap((folder) =>
    readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const examples = [
    ...sources.flatMap((fileName) => examplesIn(fileName, docstringsOf(fileName), 'ts')),
    ...['README.md', ...PAGES].flatMap((fileName) => examplesIn(fileName, readFileSync(fileName, 'utf8'), 'mts')),
    ...PAGES.flatMap((fileName) => constructExamplesIn(fileName, readFileSync(fileName, 'utf8'))),
  ];
  for (const wanted of ['client', 'sandbox', 'docs', 'README.md']) {
    const found = examples.some(({ location }) => location.api.fileName.startsWith(wanted));
    if (!found) throw new Error(`found no examples in ${wanted}`);
  }
  const compiler = new rosetta.Translator(true);
  for (const example of examples) compiler.translate(example, []);
  const errors = compiler.diagnostics.filter(({ isError }) => isError);
  for (const { formattedMessage } of errors) console.error(formattedMessage);
  console.log(`${examples.length} examples of docs, client, and sandbox, ${errors.length} errors`);
  return errors.length === 0;
}

function docstringsOf(fileName) {
  const docstrings = readFileSync(fileName, 'utf8').match(/\/\*\*.*?\*\//gs) ?? [];
  return docstrings.join('\n').replace(/^ *\* ?/gm, '');
}

function examplesIn(fileName, markdown, language) {
  return [...markdown.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, example]) =>
    snippet(fileName, example, RUNTIME),
  );
}

/** Examples that name their fixture, as jsii reads it from README.md. */
function constructExamplesIn(fileName, markdown) {
  return [...markdown.matchAll(/^```ts fixture=([a-z-]+)\n(.*?)^```/gms)].map(([, fixture, example]) =>
    snippet(fileName, example, fixture),
  );
}

function snippet(fileName, example, fixture) {
  return rosetta.typeScriptSnippetFromVisibleSource(
    withFixture(example, fixture),
    { api: { api: 'file', fileName } },
    true,
  );
}

function withFixture(example, fixture) {
  const isImport = (line) => line.startsWith('import ');
  const lines = example.split('\n');
  const statements = lines.filter((line) => !isImport(line)).join('\n');
  const surroundings = readFileSync(join('rosetta', `${fixture}.ts-fixture`), 'utf8');
  return [...lines.filter(isImport), surroundings.replace('/// here', () => statements)].join('\n');
}

const results = [compileAssembly(), compileOtherExamples()];
process.exitCode = results.every(Boolean) ? 0 : 1;
