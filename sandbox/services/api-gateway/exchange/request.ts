import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { hopByHopHeaders } from '../../../endpoint/hop-by-hop';
import type { ClientCertificate } from '../tls/client-certificate';
import { assertWellFormed } from './path-coding';
import { GatewayRefusal } from './refusal';

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html. The status isn't documented. */
const MAX_REQUEST_LINE_AND_HEADER_VALUES = 10_240;
const MAX_BODY = 10 * 1024 * 1024;

/** The connection of a request. */
export interface Connection {
  readonly domainName: string;
  readonly sourceIp: string;
  readonly port: number;
  /** Absent for a domain without mutual TLS. */
  readonly clientCertificate?: ClientCertificate | undefined;
}

/** A request of a client, without its body. */
export interface RequestHead {
  readonly connection: Connection;
  readonly method: string;
  /** `HTTP/1.1` */
  readonly protocol: string;
  /** The complete path as it was sent, including the API mapping's key. */
  readonly encodedPath: string;
  /** Encoded, without the question mark. */
  readonly rawQuery: string;
  /** By lower-case name. Several values are joined with commas. Without cookies and connection headers. */
  readonly headers: ReadonlyMap<string, string>;
  readonly cookies: readonly string[];
  /** Names and values as they were sent, with cookies, without connection headers. */
  readonly headerLines: readonly (readonly [name: string, value: string])[];
}

export interface ClientRequest extends RequestHead {
  readonly body: Buffer;
}

/** @throws GatewayRefusal for requests that API Gateway rejects before it selects an API */
export function readHead(message: IncomingMessage, connection: Connection, startedAt: Date): RequestHead {
  const target = message.url ?? '';
  const { cookie, ...headers } = message.headersDistinct;
  refuseForeignHost(headers['host'], connection);
  const dropped = hopByHopHeaders(message.headers.connection);
  for (const name of dropped) delete headers[name];
  refuseLargeHeaders(message, target);
  const [encodedPath = '', ...query] = target.split('?');
  assertWellFormed(encodedPath);
  return {
    connection,
    method: message.method ?? '',
    protocol: `HTTP/${message.httpVersion}`,
    encodedPath,
    rawQuery: query.join('?'),
    headers: new Map([
      ['x-amzn-trace-id', newTraceId(startedAt)],
      ...Object.entries(headers).map(([name, values = []]): [string, string] => [name, values.join(',')]),
    ]),
    cookies: (cookie ?? []).flatMap((line) => line.split(';')).map((pair) => pair.trim()),
    headerLines: linesOf(message.rawHeaders).filter(([name]) => !dropped.includes(name.toLowerCase())),
  };
}

/**
 * For a request that brings none. https://docs.aws.amazon.com/xray/latest/devguide/xray-concepts.html#xray-concepts-tracingheader
 */
function newTraceId(at: Date): string {
  const seconds = Math.floor(at.getTime() / 1000).toString(16);
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')}`;
}

/**
 * The handshake selected the domain and its truststore. A request that names another domain would use the routes of
 * that domain without its truststore.
 */
function refuseForeignHost(hosts: readonly string[] | undefined, { domainName }: Connection): void {
  const [host = '', ...others] = hosts ?? [];
  if (others.length > 0 || host.replace(/:\d+$/, '').toLowerCase() !== domainName) {
    throw new GatewayRefusal(403, `the request is for ${host || 'no host'}, the connection for ${domainName}`);
  }
}

function refuseLargeHeaders(message: IncomingMessage, target: string): void {
  const requestLine = `${message.method} ${target} HTTP/${message.httpVersion}`.length;
  const values = message.rawHeaders.reduce((sum, text, index) => sum + (index % 2 === 1 ? text.length : 0), 0);
  if (requestLine + values > MAX_REQUEST_LINE_AND_HEADER_VALUES) throw new GatewayRefusal(431);
}

function linesOf(rawHeaders: readonly string[]): (readonly [string, string])[] {
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1] ?? ''] as const] : []));
}

/**
 * Undefined if it has more than 10 MB. Also reads the rest of a body that is too large, so the client reads the response.
 */
export async function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= MAX_BODY) chunks.push(chunk);
  }
  return length > MAX_BODY ? undefined : Buffer.concat(chunks);
}
