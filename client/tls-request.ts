import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { ClientSecret } from '../mesh/client-secret';
import { Cancellation } from './cancellation';
import { TlsRequestError } from './errors';
import { type FetchInput, type OutgoingRequest, readArguments, signalOf } from './outgoing-request';

/** The credentials of a client. Every `ClientSecret` contains them. */
export type TlsCredentials = Pick<ClientSecret, 'certificate' | 'certificateChain' | 'privateKey'>;

/** An address to connect to. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

export interface TlsTrust {
  /** @default - no client certificate */
  readonly credentials?: TlsCredentials;
  /**
   * PEM of the certificate authorities that must have issued the servers' certificates.
   * @default - the authorities that Node.js trusts
   */
  readonly certificateAuthorities?: string;
}

export interface TlsRequestOptions extends TlsTrust {
  /**
   * The address to connect to. Server name and Host header stay those of the URL.
   * @default - the URL's host
   */
  readonly connectTo?: Destination;
  /**
   * Replaces `credentials` and `certificateAuthorities`.
   * @default - one connection for this request
   */
  readonly agent?: Agent;
  /**
   * How long a request may take until the response is complete, in milliseconds.
   * @default - no limit
   */
  readonly timeout?: number;
}

/** Statuses without a body (https://fetch.spec.whatwg.org/#null-body-status). */
const NULL_BODY = [204, 205, 304];
/** Statuses that `redirect` is about (https://fetch.spec.whatwg.org/#redirect-status). */
const REDIRECTS = [301, 302, 303, 307, 308];
/** As in the global agent of Node.js: servers close idle connections, and not all announce it. Milliseconds. */
export const IDLE_TIMEOUT = 5000;

/**
 * Sends one HTTPS request with a client certificate; arguments and result are those of `fetch`. Redirects are not followed
 * and bodies are not decompressed. The body of a `Request` is read into memory; a stream as `init.body` is not.
 *
 * @throws TypeError when the URL is not https, or `fetch` would not accept the arguments
 * @throws TlsRequestError when there is no response
 * @throws the reason of `init.signal` when that aborts, and a `TimeoutError` after `timeout`
 */
export function requestOverTls(
  input: FetchInput,
  init: RequestInit = {},
  options: TlsRequestOptions = {},
): Promise<Response> {
  return withCancellation(input, init, options.timeout, async (cancellation) => {
    const request = await readArguments(input, init, cancellation);
    const agent = options.agent ?? createTlsAgent(createTlsContext(options), { keepAlive: false });
    return toResponse(await sendOverTls(request, agent, options.connectTo), request);
  });
}

/** Cancels what `work` does, and the response that it returns, by the signal of the arguments and after the timeout. */
export async function withCancellation(
  input: FetchInput,
  init: RequestInit,
  timeout: number | undefined,
  work: (cancellation: Cancellation) => Promise<Response>,
): Promise<Response> {
  const cancellation = new Cancellation(signalOf(input, init), timeout);
  try {
    return await work(cancellation);
  } catch (error) {
    cancellation.release();
    throw error;
  }
}

/** Resolves when the status and headers have arrived. Throws as `requestOverTls`. */
export function sendOverTls(request: OutgoingRequest, agent: Agent, connectTo?: Destination): Promise<IncomingMessage> {
  const { url, method, headers, cancellation } = request;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const outgoing = httpsRequest({
    hostname: connectTo?.host ?? host,
    port: connectTo?.port ?? (url.port || 443),
    servername: serverNameOf(host),
    path: url.pathname + url.search,
    method,
    headers,
    signal: cancellation.signal,
    agent,
  });
  const response = responseTo(outgoing, cancellation.signal);
  sendBody(outgoing, request.body);
  return response;
}

/** Options of Node's `tls` and `https`, in PEM. */
export interface TlsOptions {
  /** The certificate with its chain. */
  readonly cert?: string;
  readonly key?: string;
  /** @default - the authorities that Node.js trusts */
  readonly ca?: string;
}

export function tlsOptionsOf({ credentials, certificateAuthorities }: TlsTrust): TlsOptions {
  return {
    // Left out rather than undefined, so that it replaces nothing where options are merged.
    ...(certificateAuthorities !== undefined && { ca: certificateAuthorities }),
    ...(credentials && {
      cert: `${credentials.certificate}\n${credentials.certificateChain}`,
      key: credentials.privateKey,
    }),
  };
}

/** The TLS context of all connections with these credentials. */
export function createTlsContext(trust: TlsTrust): SecureContext {
  return createSecureContext(tlsOptionsOf(trust));
}

export function createTlsAgent(secureContext: SecureContext, { keepAlive }: { readonly keepAlive: boolean }): Agent {
  return new Agent({ keepAlive, timeout: IDLE_TIMEOUT, secureContext });
}

/** The name for the extension `server_name`: no address, and without the dot of the root (RFC 6066, section 3). */
export function serverNameOf(host: string): string {
  return isIP(host) ? '' : host.replace(/\.$/, '');
}

function responseTo(outgoing: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (cause) => {
      const host = String(outgoing.getHeader('host'));
      reject(signal.aborted ? signal.reason : new TlsRequestError(host, cause, outgoing.reusedSocket));
    });
  });
}

function sendBody(outgoing: ClientRequest, body: OutgoingRequest['body']): void {
  if (Buffer.isBuffer(body)) {
    outgoing.end(body.length ? body : undefined);
    return;
  }
  const source = Readable.fromWeb(body);
  source.on('error', (error) => outgoing.destroy(error));
  outgoing.on('close', () => source.destroy());
  source.pipe(outgoing);
}

/** The response of `fetch`. Its body fails with the reason of the cancellation when that comes before its end. */
export function toResponse(incoming: IncomingMessage, request: OutgoingRequest): Response {
  const { url, method, redirect, cancellation } = request;
  const { statusCode: status = 0, statusMessage = STATUS_CODES[status] } = incoming;
  if (redirect === 'error' && REDIRECTS.includes(status)) {
    incoming.destroy();
    throw new TypeError(`${url.host} answered with a redirect, which "redirect: error" forbids`);
  }
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  incoming.once('close', () => cancellation.release());
  const bodiless = method === 'HEAD' || NULL_BODY.includes(status);
  if (bodiless) incoming.resume();
  const body = bodiless
    ? null
    : Readable.toWeb(incoming).pipeThrough(new TransformStream(), { signal: cancellation.signal });
  return withUrl(new Response(body, { status, statusText: statusMessage, headers }), url);
}

/** The constructor of `Response` takes no URL. */
function withUrl(response: Response, url: URL): Response {
  const { origin, pathname, search } = url;
  return Object.defineProperties(response, {
    url: { value: origin + pathname + search },
    clone: { value: () => withUrl(Response.prototype.clone.call(response), url) },
  });
}
