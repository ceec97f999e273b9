// Packages the built library for Python, Java, Go, and .NET into dist/jsii/.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Commands that show whether the programs are installed that build the package of each language. */
const PROGRAMS = {
  python: { python3: ['-m', 'ensurepip', '--version'] },
  java: { mvn: ['--version'], javac: ['-version'] },
  go: { go: ['version'] },
  dotnet: { dotnet: ['--version'] },
};

/** Where rosetta leaves the examples in the other languages, and pacmak looks for them. */
const TRANSLATIONS = '.jsii.tabl.json';

/** Maven keeps what it downloads here, and not in the user's repository, where a package that was never released would stay. */
const MAVEN_REPOSITORY = join('node_modules', '.cache', 'maven');

function missingFor(language) {
  const missing = Object.entries(PROGRAMS[language]).filter(
    ([program, options]) => spawnSync(program, options, { stdio: 'ignore' }).status !== 0,
  );
  return missing.map(([program]) => program);
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
const missing = Object.fromEntries(Object.keys(PROGRAMS).map((language) => [language, missingFor(language)]));
const [built, leftOut] = [true, false].map((isBuilt) =>
  Object.keys(PROGRAMS).filter((language) => (missing[language].length === 0) === isBuilt),
);
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
