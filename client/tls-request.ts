import { type ClientRequest, type IncomingMessage, STATUS_CODES } from 'node:http';
import { Agent, request as httpsRequest } from 'node:https';
import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { createSecureContext } from 'node:tls';
import type { ClientSecret } from '../mesh/client-secret';
import { TlsRequestError } from './errors';

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
}

/** Statuses without a body (https://fetch.spec.whatwg.org/#null-body-status). */
const NULL_BODY = [204, 205, 304];
/** As in the global agent of Node.js: servers close idle connections, and not all announce it. Milliseconds. */
const IDLE_TIMEOUT = 5000;

/**
 * Sends one HTTPS request with a client certificate; arguments and result are those of `fetch`. Redirects are not followed
 * and bodies are not decompressed.
 *
 * @throws TypeError when the URL is not https, or `fetch` would not accept `init`
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

/** An agent that authenticates with the credentials. Its connections share one TLS context. */
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
