import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { ClientSecret } from '../mesh/contract';
import { TlsRequestError } from './errors';

/** What a client shows in the handshake; a `ClientSecret` has it all. */
export type TlsCredentials = Pick<ClientSecret, 'certificate' | 'certificateChain' | 'privateKey'>;

/** Where to connect. */
export interface Destination {
  readonly host: string;
  readonly port: number;
}

export interface TlsTrust {
  /** @default - no client certificate */
  readonly credentials?: TlsCredentials;
  /** PEM of the authorities that servers must have their certificates from. @default - those that Node.js trusts */
  readonly certificateAuthorities?: string;
}

export interface TlsRequestOptions extends TlsTrust {
  /** Connect there instead of the URL's host; server name and Host header stay the URL's. @default - the URL's host */
  readonly connectTo?: Destination;
  /** Takes the place of `credentials` and `certificateAuthorities`. @default - one connection for this request */
  readonly agent?: Agent;
}

/** A status that has no body (https://fetch.spec.whatwg.org/#null-body-status). */
const NULL_BODY = [204, 205, 304];
/** As Node's global agent: servers close idle connections, and not all announce when. Milliseconds. */
const IDLE_TIMEOUT = 5000;

/**
 * One HTTPS request, with `fetch`'s arguments and answer, and a client certificate. Redirects are not followed and
 * bodies are not decompressed.
 *
 * @throws TypeError when the URL is not https, or `init` is not what `fetch` accepts
 * @throws TlsRequestError when there is no response
 * @throws the reason of `init.signal` when that aborts
 */
export async function requestOverTls(
  url: string | URL,
  init: RequestInit = {},
  options: TlsRequestOptions = {},
): Promise<Response> {
  const target = new URL(url);
  if (target.protocol !== 'https:') throw new TypeError(`the URL must be https, got ${target.protocol}`);
  const request = new Request(target, { ...init, duplex: 'half' });
  const body = isStream(init.body) ? request.body : Buffer.from(await request.arrayBuffer());
  const host = target.hostname.replace(/^\[|\]$/g, '');
  const outgoing = httpsRequest({
    hostname: options.connectTo?.host ?? host,
    port: options.connectTo?.port ?? (target.port || 443),
    servername: isIP(host) ? '' : host,
    path: target.pathname + target.search,
    method: request.method,
    headers: { ...Object.fromEntries(request.headers), host: target.host },
    signal: init.signal ?? undefined,
    agent: options.agent ?? createTlsAgent(options, { keepAlive: false }),
  });
  const response = responseTo(outgoing, init.signal);
  send(outgoing, body);
  return toResponse(await response, request.method);
}

/** An agent that shows the credentials in every handshake. The TLS context is made once, not for each connection. */
export function createTlsAgent(
  { credentials, certificateAuthorities }: TlsTrust,
  { keepAlive }: { readonly keepAlive: boolean },
): Agent {
  const secureContext = createSecureContext({
    ca: certificateAuthorities,
    ...(credentials && {
      cert: `${credentials.certificate}\n${credentials.certificateChain}`,
      key: credentials.privateKey,
    }),
  });
  return new Agent({ keepAlive, timeout: IDLE_TIMEOUT, secureContext });
}

/** Whether a body can be read only once. */
export function isStream(body: RequestInit['body']): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function responseTo(outgoing: ClientRequest, signal: RequestInit['signal']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    outgoing.once('response', resolve);
    outgoing.on('error', (cause) => {
      const host = String(outgoing.getHeader('host'));
      reject(signal?.aborted ? signal.reason : new TlsRequestError(host, cause, outgoing.reusedSocket));
    });
  });
}

function send(outgoing: ClientRequest, body: Buffer | Request['body']): void {
  if (body === null || Buffer.isBuffer(body)) {
    outgoing.end(body?.length ? body : undefined);
    return;
  }
  const source = Readable.fromWeb(body);
  source.on('error', (error) => outgoing.destroy(error));
  outgoing.on('close', () => source.destroy());
  source.pipe(outgoing);
}

function toResponse(incoming: IncomingMessage, method: string): Response {
  const { statusCode: status = 0, statusMessage = STATUS_CODES[status] } = incoming;
  const headers = new Headers();
  for (const [name, values] of Object.entries(incoming.headersDistinct)) {
    for (const value of values ?? []) headers.append(name, value);
  }
  const bodiless = method === 'HEAD' || NULL_BODY.includes(status);
  if (bodiless) incoming.resume();
  return new Response(bodiless ? null : Readable.toWeb(incoming), { status, statusText: statusMessage, headers });
}
