import type { Account } from '../../../account';
import { AwsError } from '../../../endpoint/api';
import type { Answer } from '../../shared/function-answer';
import { utf8Octets } from '../exchange/field-value';
import { forward } from '../exchange/forward';
import { invokeFunction, NotPermitted } from '../exchange/invocation';
import { encodePath } from '../exchange/path-coding';
import { TimeLimitExceeded } from '../exchange/time-limit';
import type { InvokedFunctions } from '../ports';
import { mappedHeaders, mappedQuery, methodSourceArn, proxyEvent } from './events';
import type { RestExchange } from './exchange';
import { RestRefusal } from './gateway-responses';
import type { MappedParameters } from './parameter-mapping';
import { readProxyAnswer } from './proxy-answer';
import type { FunctionIntegration, UrlIntegration } from './state';

/**
 * Invokes the function and reads its response, in payload format 1.0. Statuses and messages as in
 * https://dev.to/marcogrcr/api-gateway-lambda-authorizer-lambda-proxy-integration-failure-modes-52bc
 */
export async function callFunction(
  exchange: RestExchange,
  { functionArn, httpMethod, mapping, timeout }: FunctionIntegration,
  functions: InvokedFunctions,
  account: Account,
): Promise<Answer> {
  if (httpMethod !== 'POST') {
    throw new RestRefusal('API_CONFIGURATION_ERROR', { reason: `Lambda takes POST only, got ${httpMethod}` });
  }
  try {
    const sourceArn = methodSourceArn(exchange, account);
    const event = proxyEvent(exchange, mapping(exchange));
    return readProxyAnswer(await invokeFunction(functions, { functionArn, sourceArn, event, timeout }), exchange);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof NotPermitted) throw new RestRefusal('API_CONFIGURATION_ERROR', { reason, cause });
    if (cause instanceof TimeLimitExceeded) throw new RestRefusal('INTEGRATION_TIMEOUT', { reason, cause });
    if (cause instanceof AwsError && cause.status === 413)
      throw new RestRefusal('REQUEST_TOO_LARGE', { reason, cause });
    throw new RestRefusal('DEFAULT_5XX', { reason, cause });
  }
}

/**
 * Headers of servers that callers get under another name:
 * https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/integrations/http.py
 */
const REMAPPED = ['date', 'x-amzn-requestid'];

/**
 * Forwards the request and returns the response.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html
 */
export async function callUrl(exchange: RestExchange, integration: UrlIntegration): Promise<Answer> {
  const { origin, httpMethod, pathTemplate, timeout } = integration;
  const mapped = integration.mapping(exchange);
  const { method, body } = exchange.request;
  const answer = await forward({
    origin,
    method: httpMethod === 'ANY' ? method : httpMethod,
    target: requestTarget(pathTemplate, exchange, mapped),
    headers: forwardedHeaders(exchange, mapped, origin),
    body,
    timeout,
  });
  const headers = Object.entries(answer.headers).map(([name, value]) => [
    REMAPPED.includes(name) ? `x-amzn-remapped-${name}` : name,
    value,
  ]);
  return { ...answer, headers: Object.fromEntries(headers) };
}

function requestTarget(pathTemplate: string, exchange: RestExchange, mapped: MappedParameters): string {
  const [templatePath = '', templateQuery] = pathTemplate.split('?');
  const path = templatePath.replace(/\{([^{}+]+)\}/g, (_, name: string) => encodePath(mapped.path.get(name) ?? ''));
  const query = [templateQuery, mappedQuery(exchange, mapped).toString()].filter(Boolean).join('&');
  return (path || '/') + (query && `?${query}`);
}

function forwardedHeaders(
  exchange: RestExchange,
  mapped: MappedParameters,
  origin: URL,
): Record<string, string | readonly string[]> {
  const dropped = ['content-length', 'expect', 'host'];
  const fields = [...mappedHeaders(exchange, mapped).values()].filter(
    ({ name }) => !dropped.includes(name.toLowerCase()),
  );
  const { body } = exchange.request;
  return {
    'user-agent': `AmazonAPIGateway_${exchange.api.id}`,
    ...Object.fromEntries(fields.map(({ name, values }) => [name.toLowerCase(), values.map(utf8Octets)])),
    'x-amzn-apigateway-api-id': exchange.api.id,
    ...(body.length > 0 && { 'content-length': String(body.length) }),
    host: origin.host,
  };
}
