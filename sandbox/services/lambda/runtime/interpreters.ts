import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RuntimeDirectory } from './runtime-directory';

/** How to start the processes of a function. */
export interface Interpreter {
  readonly command: string;
  readonly programArguments: readonly string[];
  /** How the process exchanges messages: IPC of Node.js, or lines of JSON. */
  readonly channel: 'ipc' | 'lines';
}

const SECONDS_TO_ANSWER = 10;

/** The Node.js of the sandbox, and the Python of this machine. Both run functions of any version. */
export class Interpreters {
  private readonly pythons = new Map<string, Promise<string>>();

  constructor(private readonly directory: RuntimeDirectory) {}

  /** @param runtime such as `nodejs24.x` or `python3.13` */
  async of(runtime: string): Promise<Interpreter> {
    const { nodeProgram, pythonProgram } = this.directory;
    if (!isPython(runtime)) return { command: process.execPath, programArguments: [nodeProgram], channel: 'ipc' };
    const command = this.pythons.get(runtime) ?? findPython(runtime);
    this.pythons.set(runtime, command);
    // Compiled modules would change the assets in cdk.out.
    return { command: await command, programArguments: ['-u', '-B', pythonProgram], channel: 'lines' };
  }
}

export function isPython(runtime: string): boolean {
  return runtime.startsWith('python');
}

/**
 * The path of an interpreter, with the packages of an active virtual environment. The names are those of the runtime,
 * such as `python3.13`, and then of any Python 3. `python3` if there is none, so a function fails with this name.
 */
async function findPython(runtime: string): Promise<string> {
  const windowsName = process.platform === 'win32' ? ['python'] : [];
  for (const name of [runtime, 'python3', ...windowsName]) {
    try {
      const program = 'import sys; assert sys.version_info.major == 3; print(sys.executable)';
      const { stdout } = await promisify(execFile)(name, ['-c', program], {
        env: process.env,
        timeout: SECONDS_TO_ANSWER * 1000,
      });
      return stdout.trim();
    } catch {
      // The next name.
    }
  }
  return 'python3';
}
