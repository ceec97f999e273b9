import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The command as it ships; the jest global setup bundles it from the sources at hand. */
export const COMMAND = join(__dirname, '..', '..', '..', 'dist', 'bin', 'mtls-mesh.js');

/** The command lines of all processes of this machine. Without `/proc`, it takes `ps`. */
export function commandLines(): readonly string[] {
  if (!existsSync('/proc/self/cmdline')) return execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).split('\n');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((id) => {
      try {
        return readFileSync(join('/proc', id, 'cmdline'), 'utf8')
          .replaceAll('\0', ' ')
          .trim();
      } catch {
        return ''; // It ended in between.
      }
    });
}

const runs = new Set<Run>();

/** Kills the processes that a failed test left running: they keep jest from ending. */
export async function killRuns(): Promise<void> {
  await Promise.all([...runs].map((run) => run.kill()));
}

/** A run of the command, with what it has printed so far. */
export class Run {
  stdout = '';
  stderr = '';
  readonly process: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(program: string, args: readonly string[], cwd: string, environment: NodeJS.ProcessEnv) {
    this.process = spawn(program, args, { cwd, env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.process.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.closed = once(this.process, 'close').finally(() => runs.delete(this));
    runs.add(this);
  }

  /** The exit code, once everything that it prints has been read; null when a signal ended it. */
  async ended(): Promise<number | null> {
    await this.closed;
    return this.process.exitCode;
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.closed;
  }

  /** Waits until what it has printed fits `pattern`; fails when it ends before. */
  async prints(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.stdout + this.stderr)) {
      const ended = await Promise.race([
        this.closed.then(() => true),
        new Promise((resolve) => setTimeout(resolve, 20)),
      ]);
      if (ended === true && !pattern.test(this.stdout + this.stderr)) {
        throw new Error(`ended before it printed ${pattern}:\n${this.stdout}${this.stderr}`);
      }
    }
  }
}
