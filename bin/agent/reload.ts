import { spawn } from 'node:child_process';

/** The command did not succeed. */
export class ReloadError extends Error {
  override readonly name = 'ReloadError';
}

/** The time limit of the command, and between the request to end and the end. Milliseconds. */
const TIME_LIMIT = 30_000;
const GRACE = 2_000;
/** How long the pipes may stay open after the end. Milliseconds. */
const PIPES_OPEN = 200;
/** The last characters that the command has printed, which the error quotes. */
const QUOTED = 1_000;

export interface ReloadSubject {
  readonly client: string;
  /** Absolute. */
  readonly directory: string;
}

/** Runs the command with which a program takes new files, never two at once. */
export class ReloadCommand {
  private previous: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly command: string,
    private readonly timeLimit = TIME_LIMIT,
  ) {}

  /**
   * Runs the command in the platform's shell, with `MTLS_MESH_CLIENT` and `MTLS_MESH_DIRECTORY` in its environment.
   * @throws ReloadError if it does not end with 0 within the time limit
   */
  async run(subject: ReloadSubject, signal: AbortSignal): Promise<void> {
    const turn = this.previous.then(() => this.runNow(subject, signal));
    this.previous = turn.catch(() => undefined);
    return turn;
  }

  private runNow({ client, directory }: ReloadSubject, signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw new ReloadError('the agent ends');
    return new Promise((resolve, reject) => {
      const child = spawn(this.command, {
        shell: true,
        // A group of its own, so that what the shell has started ends with it.
        detached: process.platform !== 'win32',
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, MTLS_MESH_CLIENT: client, MTLS_MESH_DIRECTORY: directory },
      });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          output = (output + text).slice(-QUOTED);
        });
      }
      let problem: string | undefined;
      const end = (reason: string) => {
        problem ??= reason;
        kill(child.pid, 'SIGTERM');
        setTimeout(() => kill(child.pid, 'SIGKILL'), GRACE).unref();
      };
      const timer = setTimeout(() => end(`it did not end within ${this.timeLimit / 1000} seconds`), this.timeLimit);
      const onAbort = () => end('the agent ends');
      signal.addEventListener('abort', onAbort, { once: true });
      child.once('error', (cause) => finish(new ReloadError(`the command can't be run: ${cause.message}`, { cause })));
      const ended = (code: number | null, killedBy: NodeJS.Signals | null) => {
        child.stdout.destroy();
        child.stderr.destroy();
        const reason = problem ?? (code === 0 ? undefined : `it ended with ${killedBy ?? `exit code ${code}`}`);
        const printed = output.trim() === '' ? '' : `: ${output.trim()}`;
        finish(reason === undefined ? undefined : new ReloadError(`${reason}${printed}`));
      };
      child.once('close', ended);
      // What runs on in the background keeps the pipes open.
      child.once('exit', (...result) => setTimeout(ended, PIPES_OPEN, ...result));
      function finish(error: ReloadError | undefined): void {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        if (error === undefined) resolve();
        else reject(error);
      }
    });
  }
}

/** The process and those that it has started. */
function kill(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // It has ended.
  }
}
