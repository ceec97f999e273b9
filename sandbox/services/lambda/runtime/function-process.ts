import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Interpreter } from './interpreters';
import type { FunctionFailure, InvocationMessage, ProcessMessage, ProgramArgument, TimeMessage } from './messages';

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const LOG_TAIL_BYTES = 4_096;

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
  readonly interpreter: Interpreter;
  readonly argument: ProgramArgument;
  /** Adds a line to the log stream of the process. */
  log(line: string): void;
  /** A line for a `console` call. */
  consoleLine(level: string, text: string, requestId: string | undefined): string;
  /** The handler waits. It goes on as soon as `letTimePass` has advanced the clock so far. */
  onWait(milliseconds: number): void;
}

/** What an invocation answers: JSON, or what a streaming handler wrote. */
export interface FunctionResult {
  readonly body: Buffer;
  readonly contentType: string;
}

interface Settle {
  resolve(result: FunctionResult): void;
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
  private tail = Buffer.alloc(0);

  constructor(private readonly options: ProcessOptions) {
    const { command, programArguments, channel } = options.interpreter;
    this.child = spawn(command, [...programArguments, JSON.stringify(options.argument)], {
      cwd: options.directory,
      env: options.environment,
      stdio: channel === 'ipc' ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['pipe', 'pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.ended = new Promise((resolve) => this.child.once('exit', () => resolve()).once('error', () => resolve()));
    for (const stream of [this.child.stdout, this.child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.log(line));
    }

    this.ready = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    // Prevents an unhandled rejection. The caller of `invoke` gets the failure.
    this.ready.catch(() => undefined);
    this.listen();
    this.child.once('close', (code, signal) => this.fail(exitReason(code, signal)));
    this.child.on('error', (error) => this.fail(`Runtime couldn't start: ${startFailure(error, command)}`));
  }

  get isAlive(): boolean {
    return this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The current invocation. Undefined if there is none. */
  get current(): Pick<InvocationMessage, 'event' | 'deadline'> | undefined {
    return this.invocation;
  }

  /** Adds a line to the log stream of the process. */
  log(line: string): void {
    this.tail = Buffer.concat([this.tail, Buffer.from(`${line}\n`)]).subarray(-LOG_TAIL_BYTES);
    this.options.log(line);
  }

  /** The last 4 KB of the log since the last call. */
  takeLogTail(): Buffer {
    const { tail } = this;
    this.tail = Buffer.alloc(0);
    return tail;
  }

  /** The result of the handler. @throws FunctionError */
  invoke(invocation: InvocationMessage): Promise<FunctionResult> {
    this.invocation = invocation;
    return new Promise<FunctionResult>((resolve, reject) => {
      this.settle = { resolve, reject };
      this.send(invocation, (error) => this.fail(`Runtime can't be reached: ${error.message}`));
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
    this.send(message, () => this.timePassed());
    await Promise.race([passed, this.ended]);
  }

  /** Kills the process without cleanup, as Lambda does. */
  async end(): Promise<void> {
    if (this.isAlive) this.child.kill('SIGKILL');
    await this.ended;
  }

  private receive(message: ProcessMessage): void {
    const { consoleLine, onWait } = this.options;
    if (message.type === 'log') this.log(consoleLine(message.level, message.text, message.requestId));
    else if (message.type === 'output') this.log(message.line);
    else if (message.type === 'time-passed') this.timePassed();
    else if (message.type === 'wait') onWait(message.milliseconds);
    else if (message.type === 'error') this.settle.reject(new FunctionError(message.error));
    else this.settle.resolve(resultOf(message));
  }

  private listen(): void {
    if (this.options.interpreter.channel === 'ipc') {
      this.child.on('message', (message: ProcessMessage) => this.receive(message));
      return;
    }
    const [input, , , output] = this.child.stdio;
    // The end of the process is what reports a broken pipe.
    input?.on('error', () => undefined);
    if (output) createInterface({ input: output as Readable }).on('line', (line) => this.receive(JSON.parse(line)));
  }

  private send(message: InvocationMessage | TimeMessage, onFailure: (error: Error) => void): void {
    const settled = (error?: Error | null) => error && onFailure(error);
    if (this.options.interpreter.channel === 'ipc') this.child.send(message, settled);
    else (this.child.stdin as Writable).write(`${JSON.stringify(message)}\n`, settled);
  }

  private fail(reason: string): void {
    this.settle.reject(new FunctionError({ errorType: 'Runtime.ExitError', errorMessage: `Error: ${reason}` }));
  }
}

function resultOf(message: ProcessMessage): FunctionResult {
  if (message.type === 'stream') {
    return { body: Buffer.from(message.bytes, 'base64'), contentType: message.contentType };
  }
  return { body: Buffer.from(message.type === 'answer' ? message.result : ''), contentType: 'application/json' };
}

function startFailure(error: NodeJS.ErrnoException, command: string): string {
  return error.code === 'ENOENT'
    ? `the sandbox needs ${command} for this function, and it isn't installed`
    : error.message;
}

/** https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html */
function exitReason(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal === null) return `Runtime exited with error: exit status ${code}`;
  return `Runtime exited with error: signal: ${signal === 'SIGKILL' ? 'killed' : signal}`;
}
