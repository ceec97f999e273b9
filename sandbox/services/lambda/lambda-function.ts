import { randomUUID } from 'node:crypto';
import type { FunctionConfiguration } from './function-configuration';
import { FunctionError, type FunctionProcess } from './function-process';

/** Lambda gives a function ten seconds to load. https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html */
const INIT_TIMEOUT_SECONDS = 10;
/** Processes of one function at a time; further invocations wait. AWS has a thousand, a laptop has not. */
const MAX_PROCESSES = 10;

const TIMED_OUT = Symbol('timed out');

/** A function that takes invocations: each has a process for itself, which then serves the next one. */
export class LambdaFunction {
  private readonly processes = new Set<FunctionProcess>();
  private readonly idle: FunctionProcess[] = [];
  private readonly invocations = new Set<Promise<string>>();
  /** Wakes invocations that wait for a process. */
  private readonly waiting: (() => void)[] = [];
  private closed = false;

  constructor(
    readonly configuration: FunctionConfiguration,
    private readonly startProcess: () => FunctionProcess,
    private readonly log: (line: string) => void,
  ) {
    // The first process loads while the rest of the stack is made.
    this.idle.push(this.start());
  }

  /**
   * @param event JSON
   * @returns JSON
   * @throws FunctionError when the function fails, crashes, or takes longer than its timeout
   */
  async invoke(event: string): Promise<string> {
    const invocation = this.serve(event);
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
    for (const wake of this.waiting.splice(0)) wake();
    await Promise.all([...this.processes].map((process) => process.end()));
  }

  private async serve(event: string): Promise<string> {
    const process = await this.take();
    try {
      return await this.run(process, event);
    } finally {
      this.release(process);
    }
  }

  private async run(process: FunctionProcess, event: string): Promise<string> {
    const { arn, timeoutSeconds, memorySizeMb } = this.configuration;
    const requestId = randomUUID();
    const startedAt = performance.now();
    this.log(`START RequestId: ${requestId} Version: $LATEST`);
    try {
      await within(INIT_TIMEOUT_SECONDS, process, process.ready);
      const deadline = Date.now() + timeoutSeconds * 1000;
      return await within(timeoutSeconds, process, process.invoke({ event, requestId, deadline, functionArn: arn }));
    } catch (error) {
      this.log(`${requestId}\tERROR\tInvoke Error\t${JSON.stringify((error as FunctionError).failure)}`);
      throw error;
    } finally {
      const duration = (performance.now() - startedAt).toFixed(2);
      this.log(`END RequestId: ${requestId}`);
      this.log(`REPORT RequestId: ${requestId}\tDuration: ${duration} ms\tMemory Size: ${memorySizeMb} MB`);
    }
  }

  private async take(): Promise<FunctionProcess> {
    while (!this.closed) {
      for (let process = this.idle.pop(); process !== undefined; process = this.idle.pop()) {
        if (process.isAlive) return process;
        this.processes.delete(process);
      }
      if (this.processes.size < MAX_PROCESSES) return this.start();
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    throw new FunctionError({ errorType: 'ResourceNotFoundException', errorMessage: 'the function is gone' });
  }

  private release(process: FunctionProcess): void {
    if (process.isAlive) this.idle.push(process);
    else this.processes.delete(process);
    this.waiting.shift()?.();
  }

  private start(): FunctionProcess {
    const process = this.startProcess();
    this.processes.add(process);
    return process;
  }
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
  const errorMessage = `Task timed out after ${seconds.toFixed(2)} seconds`;
  throw new FunctionError({ errorType: 'Sandbox.Timedout', errorMessage });
}
