import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { hopByHopHeaders } from '../../../endpoint/hop-by-hop';
import type { Answer } from '../../shared/function-answer';
import type { UrlIntegration } from '../state';
import type { Exchange } from './exchange';
import type { IntegrationRequest } from './parameter-mapping';
import { GatewayRefusal } from './refusal';
import { encodePath } from './request-path';
import { TimeLimitExceeded, within } from './time-limit';

/**
 * Forwards the request and returns the response.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
 */
export async function callUrl(exchange: Exchange, integration: UrlIntegration): Promise<Answer> {
  const request = integration.mapping(exchange);
  const cancellation = new AbortController();
  try {
    return await within(integration.timeout, send(exchange, integration, request, cancellation.signal));
  } catch (cause) {
    cancellation.abort();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new GatewayRefusal(cause instanceof TimeLimitExceeded ? 504 : 503, reason, { cause });
  }
}

async function send(
  exchange: Exchange,
  { origin, method, pathTemplate }: UrlIntegration,
  request: IntegrationRequest,
  signal: AbortSignal,
): Promise<Answer> {
  const message = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: method === 'ANY' ? exchange.request.method : method,
      path: requestTarget(pathTemplate, exchange, request),
      headers: requestHeaders(exchange, request, origin),
      agent: false,
      signal,
    };
    const outgoing = origin.protocol === 'https:' ? httpsRequest(origin, options) : httpRequest(origin, options);
    outgoing.on('response', resolve).on('error', reject).end(exchange.request.body);
  });
  return { status: message.statusCode ?? 0, headers: answerHeaders(message), body: await buffer(message) };
}

function requestTarget(
  pathTemplate: string | undefined,
  exchange: Exchange,
  { path, rawQuery }: IntegrationRequest,
): string {
  const [templatePath = '', templateQuery] = (pathTemplate ?? '').split('?');
  const query = [templateQuery, rawQuery].filter(Boolean).join('&');
  const unmapped = () => (pathTemplate === undefined ? privatePath(exchange) : expand(templatePath, exchange));
  return (path === undefined ? unmapped() : encodePath(path)) + (query && `?${query}`);
}

/**
 * Private integrations receive the name of the stage in front of the path. `$default` isn't part of an address.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
 */
function privatePath({ stage, path }: Exchange): string {
  return (stage.name === '$default' ? '' : `/${stage.name}`) + encodePath(path);
}

/** The template with the path variables of the request. For the default route, followed by the whole path. */
function expand(templatePath: string, { route, path, pathParameters }: Exchange): string {
  if (!route?.key.match) return templatePath.replace(/\/$/, '') + encodePath(path);
  return templatePath.replace(/\{([^{}+]+)\+?\}/g, (_, name: string) => encodePath(pathParameters.get(name) ?? ''));
}

/**
 * `Host` is the host of the integration. `Forwarded` (RFC 7239) contains the client's address and the domain, as
 * observed on AWS: https://github.com/expressjs/session/issues/886
 */
function requestHeaders(exchange: Exchange, { headers }: IntegrationRequest, origin: URL): Record<string, string> {
  const { connection, body, cookies } = exchange.request;
  const dropped = ['content-length', 'expect', 'host'];
  const kept = [...headers].filter(([name]) => !dropped.includes(name));
  const forwarded = `for=${forwardedNode(connection.sourceIp)};host=${connection.domainName};proto=https`;
  return {
    ...Object.fromEntries(kept.map(([name, value]) => [name, utf8Octets(value)])),
    ...(cookies.length > 0 && { cookie: cookies.join('; ') }),
    ...(body.length > 0 && { 'content-length': String(body.length) }),
    host: origin.host,
    forwarded: [headers.get('forwarded'), forwarded].filter(Boolean).join(', '),
    via: [headers.get('via'), 'HTTP/1.1 AmazonAPIGateway'].filter(Boolean).join(', '),
  };
}

function answerHeaders(message: IncomingMessage): Record<string, readonly string[]> {
  const dropped = new Set([...hopByHopHeaders(message.headers.connection), 'content-length']);
  const kept = Object.entries(message.headersDistinct).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(kept.map(([name, values = []]) => [name, values]));
}

function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}

/** Node.js writes headers in Latin-1, one octet for each character. */
function utf8Octets(value: string): string {
  return Buffer.from(value, 'utf8').toString('latin1');
}
