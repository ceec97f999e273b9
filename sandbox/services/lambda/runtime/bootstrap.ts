/** A message of a function's process to its parent. */
export type ProcessMessage =
  /** The handler is loaded. */
  | { readonly type: 'ready' }
  | { readonly type: 'log'; readonly requestId?: string; readonly level: string; readonly text: string }
  /** `result` is JSON. */
  | { readonly type: 'answer'; readonly result: string }
  /** The timers that became due by a `TimeMessage` have run. */
  | { readonly type: 'time-passed' }
  /** The handler waits. */
  | { readonly type: 'wait'; readonly milliseconds: number }
  /** The handler failed, or couldn't be loaded before the first invocation. */
  | { readonly type: 'error'; readonly error: FunctionFailure };

/** An error in Lambda's format. https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html */
export interface FunctionFailure {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace?: readonly string[];
}

/** The domain names that the sandbox serves. */
export interface ServedDomains {
  readonly names: readonly string[];
  /** Their port on 127.0.0.1. */
  readonly port: number;
}

/** The state of the sandbox that a function's process needs. */
export interface Outside {
  /** How far the sandbox's clock is ahead of real time. Milliseconds. */
  readonly clockOffset: number;
  readonly servedDomains: ServedDomains;
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

/**
 * The program of a function's process, for `node --eval`. It is text, so it is the same in sources and bundles, and it
 * starts without loading any module of the sandbox. It communicates by `ProcessMessage`, `InvocationMessage`, and
 * `TimeMessage` over IPC.
 *
 * `Date` returns the sandbox's time as of the start of the invocation. Timers run in real time until a `TimeMessage`
 * advances the clock. Timers that are due then fire immediately. While a handler waits by `scheduler.wait` of
 * `node:timers/promises`, the parent sends such a message, so that nobody has to wait in real time. OpenSSL and other native code use real time.
 * Connections to port 443 of a domain that the sandbox serves go to the sandbox. All others are unchanged. The
 * program's only argument is the `Outside` in JSON, for the time while the handler loads.
 *
 * Handlers are found like in Lambda's runtime: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export const BOOTSTRAP = String.raw`
'use strict';
const { existsSync } = require('node:fs');
const { Socket } = require('node:net');
const { basename, dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');

const send = (message) => process.connected && process.send(message);
// Without a parent there are no more invocations.
process.on('disconnect', () => process.exit());

let outside = JSON.parse(process.argv[1]);
const RealDate = Date;
const realNow = RealDate.now;
RealDate.now = () => realNow() + outside.clockOffset;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, values, newTarget) =>
    Reflect.construct(target, values.length === 0 ? [RealDate.now()] : values, newTarget),
  apply: () => new Date().toString(),
});
RealDate.prototype.constructor = Date;

// Timers by their due time, without those of Node.js itself, such as the timers of sockets.
const timers = new Map();
const { setTimeout: realSetTimeout, clearTimeout: realClearTimeout } = globalThis;
globalThis.setTimeout = Object.assign((callback, milliseconds = 0, ...values) => {
  const fire = () => {
    timers.delete(timer);
    callback(...values);
  };
  const timer = realSetTimeout(fire, milliseconds);
  timers.set(timer, { due: Date.now() + Math.max(milliseconds, 0), fire });
  return timer;
}, realSetTimeout);
globalThis.clearTimeout = (timer) => {
  timers.delete(timer);
  realClearTimeout(timer);
};
Object.assign(require('node:timers'), { setTimeout, clearTimeout });
require('node:timers/promises').setTimeout = (milliseconds, value, { signal, ref = true } = {}) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(() => end(resolve, value), milliseconds);
    if (!ref) timer.unref();
    const abort = () => end(reject, new DOMException('The operation was aborted', { name: 'AbortError', cause: signal.reason }));
    const end = (settle, outcome) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      settle(outcome);
    };
    if (signal?.aborted) abort();
    else signal?.addEventListener('abort', abort);
  });
require('node:timers/promises').scheduler.wait = (milliseconds, options) => {
  const waited = require('node:timers/promises').setTimeout(milliseconds, undefined, options);
  send({ type: 'wait', milliseconds });
  return waited;
};
AbortSignal.timeout = (milliseconds) => {
  const controller = new AbortController();
  const error = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
  setTimeout(() => controller.abort(error), milliseconds).unref();
  return controller.signal;
};

function letTimePass(clockOffset) {
  outside = { ...outside, clockOffset };
  const now = Date.now();
  for (const [timer, { due, fire }] of [...timers].sort(([, one], [, other]) => one.due - other.due)) {
    const sooner = realSetTimeout(() => {
      if (!timers.has(timer)) return;
      realClearTimeout(timer);
      fire();
    }, Math.max(due - now, 0));
    if (!timer.hasRef()) sooner.unref();
  }
  realSetTimeout(() => send({ type: 'time-passed' }), 0);
}

// net, tls, http, and fetch open sockets with options, options in a list, or a port and a host.
const realConnect = Socket.prototype.connect;
Socket.prototype.connect = function connect(...given) {
  const [first, host] = given;
  if (Array.isArray(first)) first[0] = redirected(first[0]);
  else if (typeof first === 'object') given[0] = redirected(first);
  else if (typeof host === 'string') given.splice(0, 2, redirected({ port: first, host }));
  return realConnect.apply(this, given);
};

function redirected(options) {
  const { names, port } = outside.servedDomains;
  const isServed = Number(options?.port) === 443 && names.includes(String(options.host).toLowerCase());
  return isServed ? { ...options, host: '127.0.0.1', port } : options;
}

let requestId;
const LEVELS = { trace: 'TRACE', debug: 'DEBUG', log: 'INFO', info: 'INFO', warn: 'WARN', error: 'ERROR' };
for (const [method, level] of Object.entries(LEVELS)) {
  console[method] = (...values) => send({ type: 'log', requestId, level, text: format(...values) });
}

function failure(errorType, errorMessage) {
  return Object.assign(new Error(errorMessage), { name: errorType });
}

function describe(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: String(error), trace: [] };
  return { errorType: error.name, errorMessage: error.message, trace: String(error.stack).split('\n') };
}

async function loadModule(file) {
  if (file.endsWith('.mjs')) return import(pathToFileURL(file));
  try {
    return require(file);
  } catch (error) {
    if (error.code === 'ERR_REQUIRE_ESM') return import(pathToFileURL(file));
    throw error;
  }
}

async function loadHandler(name) {
  const [, moduleName, exported] = /^([^.]+)\.(.+)$/.exec(basename(name)) ?? [];
  if (!exported) throw failure('Runtime.MalformedHandlerName', 'Bad handler ' + name);
  const stem = join(process.env.LAMBDA_TASK_ROOT, dirname(name), moduleName);
  const file = [stem + '.js', stem + '.mjs', stem + '.cjs'].find(existsSync);
  if (!file) throw failure('Runtime.ImportModuleError', "Error: Cannot find module '" + moduleName + "'");
  const handler = exported.split('.').reduce((scope, key) => scope?.[key], await loadModule(file));
  if (typeof handler !== 'function') {
    throw failure('Runtime.HandlerNotFound', name + ' is undefined or not exported');
  }
  if (handler.length > 2) {
    throw failure('Runtime.CallbackHandlerDeprecated', name + ' takes a callback, which Lambda no longer calls');
  }
  return handler;
}

async function invoke(handler, invocation) {
  requestId = invocation.requestId;
  outside = invocation.outside;
  const context = {
    awsRequestId: requestId,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    invokedFunctionArn: invocation.functionArn,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    getRemainingTimeInMillis: () => Math.max(0, invocation.deadline - Date.now()),
  };
  try {
    const result = await handler(JSON.parse(invocation.event), context);
    send({ type: 'answer', result: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    send({ type: 'error', error: describe(error) });
  }
}

loadHandler(process.env._HANDLER).then(
  (handler) => {
    process.on('message', (message) => {
      if ('event' in message) invoke(handler, message);
      else letTimePass(message.clockOffset);
    });
    send({ type: 'ready' });
  },
  (error) => process.send({ type: 'error', error: describe(error) }, () => process.exit(1)),
);
`;
