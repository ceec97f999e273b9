// Packages the built library for Python, Java, Go, and .NET into dist/jsii/.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What the package of each language is built with, and a command that succeeds where it is installed. */
const PROGRAMS = {
  python: { 'python3 with venv': ['python3', '-m', 'ensurepip', '--version'] },
  java: { mvn: ['mvn', '--version'], javac: ['javac', '-version'] },
  go: { go: ['go', 'version'] },
  dotnet: { dotnet: ['dotnet', '--version'] },
};

/** Where rosetta leaves the examples in the other languages, and pacmak looks for them. */
const TRANSLATIONS = '.jsii.tabl.json';

/** Maven keeps what it downloads here, and not in the user's repository, where a package that was never released would stay. */
const MAVEN_REPOSITORY = join('node_modules', '.cache', 'maven');

function missingFor(language) {
  return Object.entries(PROGRAMS[language])
    .filter(([, [program, ...options]]) => spawnSync(program, options, { stdio: 'ignore' }).status !== 0)
    .map(([name]) => name);
}

function node(script, ...options) {
  const { status } = spawnSync(process.execPath, [join('node_modules', ...script), ...options], {
    // The library is already built. `npm pack` would build it again.
    env: { ...process.env, npm_config_ignore_scripts: 'true' },
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error(`${script.at(-1)} failed`);
}

function pack(languages, ...options) {
  if (languages.length === 0) return;
  const always = ['--no-npmignore', '--rosetta-unknown-snippets', 'fail', '--maven-local-repository', MAVEN_REPOSITORY];
  node(['jsii-pacmak', 'bin', 'jsii-pacmak'], ...always, ...options, '--targets', ...languages);
}

rmSync(join('dist', 'jsii'), { recursive: true, force: true });
const languages = Object.keys(PROGRAMS);
const missing = Object.fromEntries(languages.map((language) => [language, missingFor(language)]));
const built = languages.filter((language) => missing[language].length === 0);
const leftOut = languages.filter((language) => missing[language].length > 0);
try {
  node(['jsii-rosetta', 'bin', 'jsii-rosetta'], 'extract', '--strict', '--directory', '.', '.');
  pack(built);
  pack(leftOut, '--code-only');
} finally {
  rmSync(TRANSLATIONS, { force: true });
}
writeFileSync(join('dist', 'jsii', 'missing.json'), JSON.stringify(missing));
for (const language of built) console.log(`${language}: built`);
for (const language of leftOut) {
  const programs = missing[language].join(' and ');
  console.log(
    `${language}: only the source code, in dist/jsii/${language}. To build the package, install ${programs}.`,
  );
}
