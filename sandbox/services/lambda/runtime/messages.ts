/** A message of a function's process to its parent. */
export type ProcessMessage =
  /** The handler is loaded. */
  | { readonly type: 'ready' }
  /** A line of `console`. */
  | { readonly type: 'log'; readonly requestId?: string; readonly level: string; readonly text: string }
  /** A line of the log as it stands. */
  | { readonly type: 'output'; readonly line: string }
  /** `result` is JSON. */
  | { readonly type: 'answer'; readonly result: string }
  /** What a streaming handler wrote, in base64. */
  | { readonly type: 'stream'; readonly bytes: string; readonly contentType: string }
  /** The timers that became due by a `TimeMessage` have run. */
  | { readonly type: 'time-passed' }
  /** The handler waits. */
  | { readonly type: 'wait'; readonly milliseconds: number }
  /** The handler failed, or couldn't be loaded before the first invocation. */
  | { readonly type: 'error'; readonly error: FunctionFailure };

/**
 * An error in Lambda's format.
 * https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html
 * https://docs.aws.amazon.com/lambda/latest/dg/python-exceptions.html
 */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  /** Of Node.js. */
  readonly trace?: readonly string[];
  /** Of Python. */
  readonly stackTrace?: readonly string[];
  /** Of Python. */
  readonly requestId?: string;
}

/** The port on 127.0.0.1 of each host name that the sandbox serves at port 443. */
export type ServedHosts = Readonly<Record<string, number>>;

/** The state of the sandbox that a function's process needs. */
export interface Outside {
  /** How far the sandbox's clock is ahead of real time. Milliseconds. */
  readonly clockOffset: number;
  readonly servedHosts: ServedHosts;
}

/** The only argument of a function's program, in JSON. */
export interface ProgramArgument {
  /** While the handler loads. */
  readonly outside: Outside;
  /** Directories, in or above whose `node_modules` the packages are that Lambda's runtime supplies. */
  readonly moduleSources: readonly string[];
}

/** An invocation, of which a process runs one at a time. */
export interface InvocationMessage {
  /** JSON. */
  readonly event: string;
  /** In milliseconds since 1970, by the sandbox's clock. */
  readonly deadline: number;
  readonly outside: Outside;
  readonly requestId: string;
  readonly functionArn: string;
}

/** Makes time pass immediately for the invocation in the process. */
export interface TimeMessage {
  /** The new value in `Outside`. */
  readonly clockOffset: number;
}
