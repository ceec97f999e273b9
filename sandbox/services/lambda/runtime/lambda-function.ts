import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../../clock';
import type { Faults, InvocationFaultKind } from '../../../faults';
import type { Outside } from './bootstrap';
import type { FunctionConfiguration } from './function-configuration';
import { FunctionError, type FunctionProcess } from './function-process';

/**
 * Lambda gives a function ten seconds to load, and then loads it again within the timeout of its first invocation.
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
 */
const INIT_TIMEOUT_SECONDS = 10;
/** Processes of one function at a time; further invocations wait. AWS has a thousand, a laptop has not. */
const MAX_PROCESSES = 10;

const TIMED_OUT = Symbol('timed out');

export interface LambdaFunctionOptions {
  readonly clock: Pick<Clock, 'now'>;
  readonly faults: Pick<Faults, 'ofInvocation'>;
  outside(): Outside;
  startProcess(): FunctionProcess;
  log(line: string): void;
}

/** A process, and how loading its handler went: `loaded` rejects with `FunctionError`. */
interface Environment {
  readonly process: FunctionProcess;
  readonly loaded: Promise<unknown>;
}

/** A function that takes invocations: each has a process for itself, which then serves the next one. */
export class LambdaFunction {
  private readonly environments = new Set<Environment>();
  /** Whether one of them was started, and no other is to be yet. */
  private starting = false;
  /** Loaded, and without an invocation. */
  private readonly idle: Environment[] = [];
  private readonly invocations = new Set<Promise<string>>();
  /** Invocations that wait for an environment; undefined when there will be none. */
  private readonly waiting: ((environment: Environment | undefined) => void)[] = [];
  private closed = false;

  constructor(
    readonly configuration: FunctionConfiguration,
    private readonly options: LambdaFunctionOptions,
  ) {
    // The first process loads while the rest of the stack is made.
    this.start();
  }

  /**
   * @param event JSON
   * @param requestId what Lambda calls the invocation; the same for each attempt of an asynchronous one
   * @returns JSON
   * @throws FunctionError when the function fails, crashes, or takes longer than its timeout
   */
  async invoke(event: string, requestId: string = randomUUID()): Promise<string> {
    const invocation = this.serve(event, requestId);
    this.invocations.add(invocation);
    return invocation.finally(() => this.invocations.delete(invocation));
  }

  /** Closes once the invocations that run have ended. */
  async retire(): Promise<void> {
    await Promise.allSettled(this.invocations);
    await this.close();
  }

  /** Ends every process at once. */
  async close(): Promise<void> {
    this.closed = true;
    for (const take of this.waiting.splice(0)) take(undefined);
    await Promise.all([...this.environments].map(({ process }) => process.end()));
  }

  private async serve(event: string, requestId: string): Promise<string> {
    const environment = await this.take();
    if (environment === undefined) {
      throw new FunctionError({ errorType: 'ResourceNotFoundException', errorMessage: 'the function is gone' });
    }
    try {
      return await this.run(environment, event, requestId);
    } finally {
      this.offer(environment);
    }
  }

  private async run({ process, loaded }: Environment, event: string, requestId: string): Promise<string> {
    const { log, faults } = this.options;
    const { name, memorySizeMb } = this.configuration;
    const startedAt = performance.now();
    log(`START RequestId: ${requestId} Version: $LATEST`);
    try {
      await loaded;
      const fault = faults.ofInvocation(name, JSON.parse(event));
      const result = await this.call(process, event, requestId);
      if (fault === undefined) return result;
      await process.end();
      throw this.failureBy(fault.fault);
    } catch (error) {
      log(`${requestId}\tERROR\tInvoke Error\t${JSON.stringify((error as FunctionError).failure)}`);
      throw error;
    } finally {
      const duration = (performance.now() - startedAt).toFixed(2);
      log(`END RequestId: ${requestId}`);
      log(`REPORT RequestId: ${requestId}\tDuration: ${duration} ms\tMemory Size: ${memorySizeMb} MB`);
    }
  }

  private call(process: FunctionProcess, event: string, requestId: string): Promise<string> {
    const { clock, outside } = this.options;
    const { arn, timeoutSeconds } = this.configuration;
    const deadline = clock.now().getTime() + timeoutSeconds * 1000;
    const invocation = { event, requestId, deadline, outside: outside(), functionArn: arn };
    return within(timeoutSeconds, process, process.invoke(invocation));
  }

  private failureBy(fault: InvocationFaultKind): FunctionError {
    if (fault === 'timed-out') return timedOut(this.configuration.timeoutSeconds);
    const errorMessage = 'Error: Runtime exited with error: signal: killed';
    return new FunctionError({ errorType: 'Runtime.ExitError', errorMessage });
  }

  /** Whichever is free first: an environment that another invocation leaves, or a new one. */
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
   * One process loads at a time: on a laptop they would keep each other from getting ready. Then those that are there
   * get as much time again, in which they often serve who waits sooner than another could.
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
    void environment.loaded
      .then(
        () => {
          this.offer(environment);
          return pause(performance.now() - startedAt, undefined, { ref: false });
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

  /** Whoever takes it learns why its handler could not be loaded. */
  private handOverBroken(environment: Environment): void {
    const take = this.waiting.shift();
    if (take !== undefined) take(environment);
    else this.drop(environment);
  }

  /** Those that wait for an environment need another one then. */
  private drop(environment: Environment): void {
    this.environments.delete(environment);
    this.startIfNeeded();
  }
}

function timedOut(seconds: number): FunctionError {
  const errorMessage = `Task timed out after ${seconds.toFixed(2)} seconds`;
  return new FunctionError({ errorType: 'Sandbox.Timedout', errorMessage });
}

/** Kills the process when its work takes longer. */
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
