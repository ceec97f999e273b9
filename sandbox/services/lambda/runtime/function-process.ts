import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import {
  BOOTSTRAP,
  type FunctionFailure,
  type InvocationMessage,
  type Outside,
  type ProcessMessage,
  type TimeMessage,
} from './bootstrap';

/** A function failed. `message` is the `errorMessage` that Lambda returns. */
export class FunctionError extends Error {
  override readonly name = 'FunctionError';

  constructor(readonly failure: FunctionFailure) {
    super(failure.errorMessage);
  }

  get errorType(): string {
    return this.failure.errorType;
  }

  get errorMessage(): string {
    return this.failure.errorMessage;
  }
}

export interface ProcessOptions {
  /** The absolute path of the code's directory, where the process runs. */
  readonly directory: string;
  /** The whole environment. Nothing is added. */
  readonly environment: Readonly<Record<string, string>>;
  /** While the handler loads. */
  readonly outside: Outside;
  /** `console` calls. */
  onLog(level: string, text: string, requestId: string | undefined): void;
  /** Lines on standard output and error that don't come from `console`. */
  onOutput(line: string): void;
  /** The handler waits. It goes on as soon as `letTimePass` has advanced the clock so far. */
  onWait(milliseconds: number): void;
}

interface Settle {
  resolve(result: string): void;
  reject(error: FunctionError): void;
}

/** An execution environment of a function: a child process that serves one invocation at a time. */
export class FunctionProcess {
  /** Rejects with `FunctionError` if the handler can't be loaded. */
  readonly ready: Promise<unknown>;
  /** Resolves after the process has ended. */
  readonly ended: Promise<void>;
  private readonly child: ChildProcess;
  /** The current work of the process: loading the handler, and then each invocation. */
  private settle: Settle = { resolve: () => undefined, reject: () => undefined };
  private invocation: InvocationMessage | undefined;
  private timePassed: () => void = () => undefined;

  constructor(private readonly options: ProcessOptions) {
    this.child = spawn(process.execPath, ['--eval', BOOTSTRAP, JSON.stringify(options.outside)], {
      cwd: options.directory,
      env: options.environment,
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      windowsHide: true,
    });
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()).once('error', () => resolve()));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => options.onOutput(line));
    }

    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Prevents an unhandled rejection. The caller of `invoke` gets the failure.
    this.ready.catch(() => undefined);
    this.child.on('message', (message: ProcessMessage) => this.receive(message));
    this.child.once('close', (code, signal) => this.fail(exitReason(code, signal)));
    this.child.on('error', (error) => this.fail(`Runtime couldn't start: ${error.message}`));
  }

  get isAlive(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The current invocation. Undefined if there is none. */
  get current(): Pick<InvocationMessage, 'event' | 'deadline'> | undefined {
    return this.invocation;
  }

  /** The result of the handler in JSON. @throws FunctionError */
  invoke(invocation: InvocationMessage): Promise<string> {
    this.invocation = invocation;
    return new Promise<string>((resolve, reject) => {
      this.settle = { resolve, reject };
      this.child.send(invocation, (error) => {
        if (error) this.fail(`Runtime can't be reached: ${error.message}`);
      });
    }).finally(() => {
      this.invocation = undefined;
    });
  }

  /**
   * Advances the clock of the process. Resolves after the timers that became due have run, or the process has ended.
   */
  async letTimePass(message: TimeMessage): Promise<void> {
    const passed = new Promise<void>((resolve) => {
      this.timePassed = resolve;
    });
    this.child.send(message, (error) => error && this.timePassed());
    await Promise.race([passed, this.ended]);
  }

  /** Kills the process without cleanup, as Lambda does. */
  async end(): Promise<void> {
    if (this.isAlive) this.child.kill('SIGKILL');
    await this.ended;
  }

  private receive(message: ProcessMessage): void {
    if (message.type === 'log') this.options.onLog(message.level, message.text, message.requestId);
    else if (message.type === 'time-passed') this.timePassed();
    else if (message.type === 'wait') this.options.onWait(message.milliseconds);
    else if (message.type === 'error') this.settle.reject(new FunctionError(message.error));
    else this.settle.resolve(message.type === 'answer' ? message.result : '');
  }

  private fail(reason: string): void {
    this.settle.reject(new FunctionError({ errorType: 'Runtime.ExitError', errorMessage: `Error: ${reason}` }));
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html */
function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `Runtime exited with error: exit status ${code}`;
  return `Runtime exited with error: signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
}
