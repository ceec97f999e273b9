/** The libraries of the example programs in Java, and the command that runs a program from its source. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from './example-programs';

/** Where the libraries of earlier runs are: with them, a run needs no network. */
const CACHE = join(__dirname, '..', '..', 'node_modules', '.cache', 'interop');

/** Where the examples say that Maven copies their libraries to. */
const LIBRARIES = join('target', 'dependency');

/** A compiler that optimizes less, and one thread that collects garbage. */
export const JAVA_FAST_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC'] as const;

/** A file or directory of the cache, which is made if it isn't there. @param make is given where to make it */
export function cached(name: string, make: (target: string) => void): string {
  const path = join(CACHE, name);
  if (!existsSync(path)) {
    const target = `${path}.${process.pid}`;
    mkdirSync(CACHE, { recursive: true });
    make(target);
    renameSync(target, path);
  }
  return path;
}

/**
 * Runs Maven, one at a time: its local repository is not for several. What it leaves in the working directory would keep a later
 * run from unpacking the same archive.
 */
export function maven(...options: readonly string[]): void {
  const command = ['mvn', '--quiet', '--batch-mode', '--no-transfer-progress', ...options];
  const cwd = mkdtempSync(join(CACHE, 'maven-'));
  try {
    execFileSync('flock', [join(CACHE, 'maven.lock'), ...command], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  } finally {
    rmSync(cwd, { recursive: true });
  }
}

/** Adds the libraries of its `pom.xml` to a copied example. */
export function addJavaLibraries(directory: string): void {
  const project = join(directory, 'pom.xml');
  const hash = createHash('sha256').update(readFileSync(project)).digest('hex').slice(0, 16);
  const libraries = cached(`libraries-${hash}`, (target) =>
    maven('--file', project, 'dependency:copy-dependencies', `-DoutputDirectory=${target}`),
  );
  mkdirSync(join(directory, 'target'));
  symlinkSync(libraries, join(directory, LIBRARIES));
}

export function runJava(directory: string, program: string): Command {
  return ['java', ...JAVA_FAST_START, '-cp', join(directory, LIBRARIES, '*'), join(directory, `${program}.java`)];
}
