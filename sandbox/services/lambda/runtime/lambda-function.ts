import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../clock';
import { AwsError } from '../../../endpoint/api';
import type { Faults, InvocationFaultKind } from '../../../faults';
import type { FunctionConfiguration } from './function-configuration';
import { FunctionError, type FunctionProcess, type FunctionResult } from './function-process';
import { isPython } from './interpreters';
import type { FunctionFailure, Outside } from './messages';
import type { Preloading } from './preloading';

/**
 * The time limit for loading a function. Lambda then loads it again within the timeout of the first invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const INIT_TIMEOUT_SECONDS = 10;
/**
 * The maximum number of processes of a function. Further invocations wait. AWS allows a thousand, which is too many for
 * a laptop.
 */
const MAX_PROCESSES = 10;
/** The time between the start of two processes, as a multiple of the time that the first one took to load. */
const WAIT_FACTOR = 4;

/**
 * Of the event and of the result, in JSON. The latter may be a little larger.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MAX_EVENT_BYTES = 6 * 1024 * 1024;
const MAX_RESULT_BYTES = MAX_EVENT_BYTES + 100;

const TIMED_OUT = Symbol('timed out');

export interface LambdaFunctionOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly faults: Pick<Faults, 'ofInvocation'>;
  readonly preloading: Preloading;
  outside(): Outside;
  startProcess(): FunctionProcess;
}

/** What the caller of an invocation learns beside its result. */
export interface InvocationRecord {
  /** The version that ran: a number, or `$LATEST`. */
  readonly version: string;
  /** The last 4 KB of its log. */
  readonly logTail: Buffer;
}

/** A process and the loading of its handler: `loaded` rejects with `FunctionError`. */
interface Environment {
  readonly process: FunctionProcess;
  readonly loaded: Promise<unknown>;
}

/** A function that serves invocations. Each invocation has a process for itself, which then serves the next one. */
export class LambdaFunction {
  private readonly environments = new Set<Environment>();
  /** Whether an environment is starting, so no other should start yet. */
  private starting = false;
  /** Loaded environments without an invocation. */
  private readonly idle: Environment[] = [];
  private readonly invocations = new Set<Promise<FunctionResult>>();
  /** The invocations that wait for an environment. They get undefined if there will be none. */
  private readonly waiting: ((environment: Environment | undefined) => void)[] = [];
  private closed = false;

  constructor(
    readonly configuration: FunctionConfiguration,
    private readonly options: LambdaFunctionOptions,
  ) {
    options.preloading.add(() => {
      if (this.environments.size === 0 && !this.closed) this.start();
    });
  }

  /** The number of current invocations. */
  get running(): number {
    return this.invocations.size;
  }

  /**
   * @param event in JSON
   * @param requestId Lambda's ID of the invocation, which is the same for all attempts of an asynchronous invocation
   * @param invokedArn the ARN in the invocation, which can be that of an alias
   * @param onEnd called before the invocation resolves or rejects, if the function ran
   * @throws FunctionError if the function fails, crashes, or exceeds its timeout or the size of results
   * @throws AwsError `RequestTooLargeException` for an event that is too large
   */
  async invoke(
    event: string,
    requestId: string = randomUUID(),
    invokedArn: string = this.configuration.arn,
    onEnd?: (record: InvocationRecord) => void,
  ): Promise<FunctionResult> {
    const size = Buffer.byteLength(event);
    if (size > MAX_EVENT_BYTES) {
      const reason = `${size} byte payload is too large for the RequestResponse invocation type (limit ${MAX_EVENT_BYTES} bytes)`;
      throw new AwsError('RequestTooLargeException', reason, 413);
    }
    const invocation = this.serve(event, requestId, invokedArn, onEnd);
    this.invocations.add(invocation);
    this.options.preloading.track(invocation);
    return invocation.finally(() => this.invocations.delete(invocation));
  }

  /** Closes after the current invocations have ended. */
  async retire(): Promise<void> {
    await Promise.allSettled(this.invocations);
    await this.close();
  }

  /** Kills all processes. */
  async close(): Promise<void> {
    this.closed = true;
    for (const take of this.waiting.splice(0)) take(undefined);
    await Promise.all([...this.environments].map(({ process }) => process.end()));
  }

  private async serve(
    event: string,
    requestId: string,
    invokedArn: string,
    onEnd?: (record: InvocationRecord) => void,
  ): Promise<FunctionResult> {
    const environment = await this.take();
    if (environment === undefined) {
      throw new FunctionError({ errorType: 'ResourceNotFoundException', errorMessage: 'the function is gone' });
    }
    try {
      return await this.run(environment, event, requestId, invokedArn);
    } finally {
      onEnd?.({ version: this.configuration.version, logTail: environment.process.takeLogTail() });
      this.offer(environment);
    }
  }

  private async run(
    { process, loaded }: Environment,
    event: string,
    requestId: string,
    invokedArn: string,
  ): Promise<FunctionResult> {
    const { faults } = this.options;
    const { name, version, memorySizeMb, runtime } = this.configuration;
    const log = (line: string) => process.log(line);
    const startedAt = performance.now();
    process.takeLogTail();
    log(`START RequestId: ${requestId} Version: ${version}`);
    try {
      await loaded;
      const fault = faults.ofInvocation(name, JSON.parse(event));
      const result = await this.call(process, event, requestId, invokedArn);
      if (result.body.length > MAX_RESULT_BYTES) throw tooLarge(result.body.length);
      if (fault === undefined) return result;
      await process.end();
      throw this.failureBy(fault.fault);
    } catch (error) {
      log(failureLine((error as FunctionError).failure, runtime, requestId));
      throw error;
    } finally {
      const duration = (performance.now() - startedAt).toFixed(2);
      log(`END RequestId: ${requestId}`);
      log(`REPORT RequestId: ${requestId}\tDuration: ${duration} ms\tMemory Size: ${memorySizeMb} MB`);
    }
  }

  private call(
    process: FunctionProcess,
    event: string,
    requestId: string,
    functionArn: string,
  ): Promise<FunctionResult> {
    const { clock, outside } = this.options;
    const { timeoutSeconds } = this.configuration;
    const deadline = clock.now().getTime() + timeoutSeconds * 1000;
    const invocation = { event, requestId, deadline, outside: outside(), functionArn };
    return within(timeoutSeconds, process, process.invoke(invocation));
  }

  private failureBy(fault: InvocationFaultKind): FunctionError {
    if (fault === 'timed-out') return timedOut(this.configuration.timeoutSeconds);
    const errorMessage = 'Error: Runtime exited with error: signal: killed';
    return new FunctionError({ errorType: 'Runtime.ExitError', errorMessage });
  }

  /** The first free environment: one whose invocation has ended, or a new one. */
  private async take(): Promise<Environment | undefined> {
    if (this.closed) return undefined;
    for (let environment = this.idle.pop(); environment !== undefined; environment = this.idle.pop()) {
      if (environment.process.isAlive) return environment;
      this.environments.delete(environment);
    }
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.startIfNeeded();
    });
  }

  /**
   * Loads one process at a time, because several would slow each other down on a laptop. Then waits `WAIT_FACTOR` times as
   * long, because an existing environment often becomes free sooner than another could load and warm up.
   */
  private startIfNeeded(): void {
    const isNeeded = this.waiting.length > 0 && !this.starting && !this.closed;
    if (isNeeded && this.environments.size < MAX_PROCESSES) this.start();
  }

  private start(): void {
    const process = this.options.startProcess();
    const seconds = Math.max(INIT_TIMEOUT_SECONDS, this.configuration.timeoutSeconds);
    const environment = { process, loaded: within(seconds, process, process.ready) };
    const startedAt = performance.now();
    this.environments.add(environment);
    this.starting = true;
    this.options.preloading.track(environment.loaded);
    void environment.loaded
      .then(
        () => {
          this.offer(environment);
          return pause(WAIT_FACTOR * (performance.now() - startedAt), undefined, { ref: false });
        },
        () => this.handOverBroken(environment),
      )
      .finally(() => {
        this.starting = false;
        this.startIfNeeded();
      });
  }

  private offer(environment: Environment): void {
    const take = environment.process.isAlive ? this.waiting.shift() : undefined;
    if (take !== undefined) take(environment);
    else if (environment.process.isAlive) this.idle.push(environment);
    else this.drop(environment);
  }

  /** The invocation that takes it gets the load error of the handler. */
  private handOverBroken(environment: Environment): void {
    const take = this.waiting.shift();
    if (take !== undefined) take(environment);
    else this.drop(environment);
  }

  /** Waiting invocations then need another environment. */
  private drop(environment: Environment): void {
    this.environments.delete(environment);
    this.startIfNeeded();
  }
}

function failureLine(failure: FunctionFailure, runtime: string, requestId: string): string {
  if (!isPython(runtime)) return `${requestId}\tERROR\tInvoke Error\t${JSON.stringify(failure)}`;
  const { errorType, errorMessage, stackTrace = [] } = failure;
  const trace = stackTrace.length > 0 ? `\nTraceback (most recent call last):\n${stackTrace.join('').trimEnd()}` : '';
  return `[ERROR] ${errorType}: ${errorMessage}${trace}`;
}

function tooLarge(size: number): FunctionError {
  const errorMessage = `Response payload size (${size} bytes) exceeded maximum allowed payload size (${MAX_RESULT_BYTES} bytes).`;
  return new FunctionError({ errorType: 'Function.ResponseSizeTooLarge', errorMessage });
}

function timedOut(seconds: number): FunctionError {
  const errorMessage = `Task timed out after ${seconds.toFixed(2)} seconds`;
  return new FunctionError({ errorType: 'Sandbox.Timedout', errorMessage });
}

/** Kills the process if its work takes longer. */
async function within<T>(seconds: number, process: FunctionProcess, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof TIMED_OUT>((resolve) => {
    timer = setTimeout(() => resolve(TIMED_OUT), seconds * 1000);
  });
  const outcome = await Promise.race([work, timeout]).finally(() => clearTimeout(timer));
  if (outcome !== TIMED_OUT) return outcome;
  await process.end();
  throw timedOut(seconds);
}
