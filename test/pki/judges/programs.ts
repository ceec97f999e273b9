import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for the files of the tests in one `describe`. It is removed after them. */
export class Files {
  private readonly directory = mkdtempSync(join(tmpdir(), 'judges-'));

  write(name: string, content: string | Uint8Array): string {
    const path = this.path(name);
    writeFileSync(path, content);
    return path;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

export interface Outcome {
  readonly status: number | null;
  /** Standard output and standard error. */
  readonly text: string;
  readonly stdout: string;
}

export function run(program: string, ...options: readonly string[]): Outcome {
  const { status, stdout, stderr, error } = spawnSync(program, options, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  if (error) throw error;
  return { status, text: `${stdout}${stderr}`, stdout };
}

/** Compiles the judge in Go. @returns the command that runs it */
export function goJudge(files: Files): readonly [string, ...string[]] {
  const program = files.path('judge');
  const { status, text } = run('go', 'build', '-o', program, join(__dirname, 'judge.go'));
  if (status !== 0) throw new Error(text);
  return [program];
}

/** Compiles the judge in Java. @returns the command that runs it */
export function javaJudge(files: Files): readonly [string, ...string[]] {
  const classes = files.path('classes');
  const { status, text } = run('javac', '-d', classes, join(__dirname, 'Judge.java'));
  if (status !== 0) throw new Error(text);
  return ['java', '-XX:TieredStopAtLevel=1', '-cp', classes, 'Judge'];
}
