import type { Answer } from '../../shared/function-answer';
import { utf8Octets } from '../exchange/field-value';
import { forward } from '../exchange/forward';
import { encodePath } from '../exchange/path-coding';
import type { HttpApiExchange } from './exchange';
import type { IntegrationRequest } from './parameter-mapping';
import type { UrlIntegration } from './state';

/**
 * Forwards the request and returns the response.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-http.html
 */
export function callUrl(exchange: HttpApiExchange, integration: UrlIntegration): Promise<Answer> {
  const { origin, method, pathTemplate, timeout } = integration;
  const request = integration.mapping(exchange);
  return forward({
    origin,
    method: method === 'ANY' ? exchange.request.method : method,
    target: requestTarget(pathTemplate, exchange, request),
    headers: requestHeaders(exchange, request, origin),
    body: exchange.request.body,
    timeout,
  });
}

function requestTarget(
  pathTemplate: string | undefined,
  exchange: HttpApiExchange,
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
function privatePath({ stage, path }: HttpApiExchange): string {
  return (stage.name === '$default' ? '' : `/${stage.name}`) + encodePath(path);
}

/** The template with the path variables of the request. For the default route, followed by the whole path. */
function expand(templatePath: string, { route, path, pathParameters }: HttpApiExchange): string {
  if (!route?.key.match) return templatePath.replace(/\/$/, '') + encodePath(path);
  return templatePath.replace(/\{([^{}+]+)\+?\}/g, (_, name: string) => encodePath(pathParameters.get(name) ?? ''));
}

/**
 * `Host` is the host of the integration. `Forwarded` (RFC 7239) contains the client's address and the domain, as
 * observed on AWS: https://github.com/expressjs/session/issues/886
 */
function requestHeaders(
  exchange: HttpApiExchange,
  { headers }: IntegrationRequest,
  origin: URL,
): Record<string, string> {
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

function forwardedNode(address: string): string {
  return address.includes(':') ? `"[${address}]"` : address;
}
