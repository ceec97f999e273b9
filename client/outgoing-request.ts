import type { Cancellation } from './cancellation';

/** What `fetch` accepts as its first argument. */
export type FetchInput = string | URL | Request;

/** A request as it goes over the wire. */
export interface OutgoingRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream can be sent only once. */
  readonly body: Buffer | NonNullable<Request['body']>;
  /** How redirects are treated. They are never followed. */
  readonly redirect: Request['redirect'];
  readonly cancellation: Cancellation;
}

/**
 * Reads the arguments of `fetch`. A body is read into memory, unless `init.body` is a stream.
 *
 * @throws TypeError when the URL is not https, or `fetch` would not accept the arguments
 * @throws the reason of the cancellation
 */
export async function readArguments(
  input: FetchInput,
  init: RequestInit,
  cancellation: Cancellation,
): Promise<OutgoingRequest> {
  if (init.dispatcher) {
    throw new TypeError('fetch with a client certificate takes no "dispatcher", which would connect without it');
  }
  // The cancellation follows the signal. A second follower would stay on a signal that outlives the request.
  const request = new Request(input, { ...init, duplex: 'half', signal: null });
  const url = new URL(request.url);
  if (url.protocol !== 'https:') throw new TypeError(`the URL must be https, got ${url.protocol}`);
  const { method, redirect } = request;
  const body =
    isStream(init.body) && request.body ? request.body : Buffer.from(await cancellation.race(request.arrayBuffer()));
  return { url, method, headers: headersOf(request, url, body), body, redirect, cancellation };
}

/** The signal that cancels a request: `init.signal`, or that of the `Request`, as for `fetch`. */
export function signalOf(input: FetchInput, init: RequestInit): AbortSignal | null | undefined {
  return init.signal === undefined && input instanceof Request ? input.signal : init.signal;
}

/** Whether a body can be read only once. */
function isStream(body: RequestInit['body']): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

/** The length of a body is stated, whatever the method: Node.js leaves it out for DELETE. */
function headersOf(request: Request, { host }: URL, body: OutgoingRequest['body']): Record<string, string> {
  const { 'content-length': length, 'transfer-encoding': _, ...headers } = Object.fromEntries(request.headers);
  if (!Buffer.isBuffer(body)) {
    return { ...headers, host, ...(length ? { 'content-length': length } : { 'transfer-encoding': 'chunked' }) };
  }
  const hasLength = body.length > 0 || ['POST', 'PUT', 'PATCH'].includes(request.method);
  return { ...headers, host, ...(hasLength && { 'content-length': String(body.length) }) };
}
