/**
 * The program of a function's process in Node.js. It is text, so it is the same in sources and bundles, and it starts
 * without loading any module of the sandbox. It is a file, because a program for `node --eval` gives ES modules a
 * `require` that they don't have on Lambda. It communicates by `ProcessMessage`, `InvocationMessage`, and `TimeMessage`
 * over IPC. Its only argument is a `ProgramArgument`.
 *
 * Handlers are found and called as in Lambda's runtime: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html
 */
export const PROGRAM = String.raw`
'use strict';
const surroundings = require('./surroundings.cjs');
const { existsSync, readFileSync } = require('node:fs');
const Module = require('node:module');
const { basename, dirname, join } = require('node:path');
const { pathToFileURL } = require('node:url');
const { format } = require('node:util');
const { isStreaming, runStreaming } = require('./streaming.cjs');
const moduleResolution = require('./module-resolution.cjs');

const send = (message) => process.connected && process.send(message);
// Without a parent there are no more invocations.
process.on('disconnect', () => process.exit());

const { outside, moduleSources } = JSON.parse(process.argv[2]);
process.argv.splice(2);
surroundings.start(outside, send);

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

// Runtimes before Node.js 24 call handlers with a callback.
const hasCallbacks = Number(/nodejs(\d+)/.exec(process.env.AWS_EXECUTION_ENV)?.[1]) < 24;

const taskRoot = process.env.LAMBDA_TASK_ROOT;
const resolutionOptions = { taskRoot, sources: [dirname(taskRoot), ...moduleSources] };
const resolution = moduleResolution(resolutionOptions);
resolution.patchRequire();
if (Module.registerHooks) Module.registerHooks({ resolve: resolution.resolve });

async function importModule(file) {
  // Takes a thread, so CommonJS handlers on these versions of Node.js go without it.
  if (!Module.registerHooks) {
    Module.register(pathToFileURL(join(__dirname, 'module-hooks.mjs')), { data: resolutionOptions });
  }
  return import(pathToFileURL(file));
}

function isEsModule(file) {
  if (!file.endsWith('.js')) return file.endsWith('.mjs');
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest)) return JSON.parse(readFileSync(manifest, 'utf8')).type === 'module';
    if (folder === taskRoot || folder === dirname(folder)) return false;
  }
}

async function loadModule(file) {
  try {
    return isEsModule(file) ? await importModule(file) : require(file);
  } catch (error) {
    if (error?.code !== 'MODULE_NOT_FOUND') throw error;
    throw failure('Runtime.ImportModuleError', 'Error: ' + error.message);
  }
}

async function loadHandler(name) {
  const [, moduleName, exported] = /^([^.]+)\.(.+)$/.exec(basename(name)) ?? [];
  if (!exported) throw failure('Runtime.MalformedHandlerName', 'Bad handler ' + name);
  const stem = join(taskRoot, dirname(name), moduleName);
  const file = [stem + '.js', stem + '.mjs', stem + '.cjs'].find(existsSync);
  if (!file) throw failure('Runtime.ImportModuleError', "Error: Cannot find module '" + moduleName + "'");
  const handler = exported.split('.').reduce((scope, key) => scope?.[key], await loadModule(file));
  if (typeof handler !== 'function') {
    throw failure('Runtime.HandlerNotFound', name + ' is undefined or not exported');
  }
  if (!hasCallbacks && !isStreaming(handler) && handler.length > 2) {
    throw failure('Runtime.CallbackHandlerDeprecated', name + ' takes a callback, which Lambda no longer calls');
  }
  return handler;
}

let onEmptyEventLoop;
process.on('beforeExit', () => {
  const run = onEmptyEventLoop;
  onEmptyEventLoop = undefined;
  run?.();
});

/** Callbacks and methods of the context: https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html */
function runWithCallback(handler, event, context) {
  return new Promise((resolve, reject) => {
    let waitsForEmptyEventLoop = true;
    const done = (error, result) => (error === undefined || error === null ? resolve(result) : reject(error));
    const callback = (error, result) => {
      const isPostponed = (error === undefined || error === null) && waitsForEmptyEventLoop;
      if (isPostponed) onEmptyEventLoop = () => resolve(result);
      else done(error, result);
    };
    Object.defineProperty(context, 'callbackWaitsForEmptyEventLoop', {
      get: () => waitsForEmptyEventLoop,
      set: (value) => {
        waitsForEmptyEventLoop = value;
      },
      enumerable: true,
    });
    Object.assign(context, { done, succeed: (result) => done(null, result), fail: (error) => done(error ?? 'handled') });
    // A handler that never answers has answered null when nothing is left to run.
    onEmptyEventLoop = () => resolve(null);
    process.channel.unref();
    const result = isStreaming(handler) ? runStreaming(handler, event, context) : handler(event, context, callback);
    if (typeof result?.then === 'function') result.then(context.succeed, context.fail);
  }).finally(() => {
    onEmptyEventLoop = undefined;
    process.channel?.ref();
  });
}

function run(handler, event, context) {
  if (hasCallbacks) return runWithCallback(handler, event, context);
  return isStreaming(handler) ? runStreaming(handler, event, context) : handler(event, context);
}

async function invoke(handler, invocation) {
  requestId = invocation.requestId;
  surroundings.update(invocation.outside);
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
    const result = await run(handler, JSON.parse(invocation.event), context);
    send(isStreaming(handler) ? result : { type: 'answer', result: JSON.stringify(result) ?? 'null' });
  } catch (error) {
    send({ type: 'error', error: describe(error) });
  }
}

loadHandler(process.env._HANDLER).then(
  (handler) => {
    process.on('message', (message) => {
      if ('event' in message) void invoke(handler, message);
      else surroundings.letTimePass(message.clockOffset);
    });
    send({ type: 'ready' });
  },
  (error) => process.send({ type: 'error', error: describe(error) }, () => process.exit(1)),
);
`;
