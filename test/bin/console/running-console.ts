import { tmpdir } from 'node:os';
import type { Sandbox } from '../../../sandbox';
import { COMMAND, Run } from '../shared/command';

/** The command as it ships, over a mesh in a sandbox. */
export class RunningConsole {
  private constructor(
    private readonly run: Run,
    readonly url: string,
  ) {}

  /** @param role the name of the operator's role. @default - all permissions */
  static async start(sandbox: Sandbox, role?: string): Promise<RunningConsole> {
    const environment = { PATH: process.env['PATH'], ...sandbox.environment(role === undefined ? {} : { role }) };
    const run = new Run(process.execPath, [COMMAND, 'console', '--json'], tmpdir(), environment);
    await run.prints(/\{"url":"[^"]+"\}\n/);
    return new RunningConsole(run, JSON.parse(run.stdout).url);
  }

  /** What it has printed. */
  get printed(): Pick<Run, 'stdout' | 'stderr'> {
    return this.run;
  }

  /** Ends it as Ctrl-C does. @returns the exit code */
  async stop(): Promise<number | null> {
    this.run.process.kill('SIGINT');
    return this.run.ended();
  }
}
