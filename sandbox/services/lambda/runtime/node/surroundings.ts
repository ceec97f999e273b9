/**
 * The time and the network of a function's process, as a CommonJS module.
 *
 * `Date` returns the sandbox's time as of the start of the invocation. Timers run in real time until a `TimeMessage`
 * advances the clock. Timers that are due then fire immediately. While a handler waits by `scheduler.wait` of
 * `node:timers/promises`, the parent sends such a message, so that nobody has to wait in real time. OpenSSL and other
 * native code use real time. Connections to port 443 of a host that the sandbox serves go to the sandbox. All others
 * are unchanged.
 */
export const SURROUNDINGS = `
'use strict';
const { Socket } = require('node:net');

let outside = { clockOffset: 0, servedHosts: {} };
let send;
exports.start = (first, sendToParent) => {
  outside = first;
  send = sendToParent;
};
exports.update = (next) => {
  outside = next;
};

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

exports.letTimePass = (clockOffset) => {
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
};

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
  const host = String(options?.host).toLowerCase();
  const isServed = Number(options?.port) === 443 && Object.hasOwn(outside.servedHosts, host);
  return isServed ? { ...options, host: '127.0.0.1', port: outside.servedHosts[host] } : options;
}
`;
