import { AwsError } from '../../../endpoint/api';
import { fieldValue } from '../exchange/field-value';
import type { HttpApiExchange } from './exchange';
import { parseMappingValue, type Selection } from './selection';

/** The request to an integration, after parameter mapping. */
export interface IntegrationRequest {
  /** By lower-case name. */
  readonly headers: Map<string, string>;
  /** Encoded, without the question mark. */
  rawQuery: string;
  /** Decoded. Only set if the mapping overwrites the path. */
  path?: string;
}

/** The parsed `RequestParameters` of an integration. */
export type ParameterMapping = (exchange: HttpApiExchange) => IntegrationRequest;

type Operation = (request: IntegrationRequest, exchange: HttpApiExchange) => void;

/**
 * Names, and prefixes of names, that a mapping can't change.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html#http-api-mapping-reserved-headers
 */
const RESERVED_PREFIXES = ['access-control-', 'apigw-', 'x-amz-', 'x-amzn-'];
const RESERVED_HEADERS = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-location',
  'forwarded',
  'keep-alive',
  'origin',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailers',
  'transfer-encoding',
  'upgrade',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
]);

/**
 * @param requestParameters by `append|overwrite|remove:header|querystring.<name>` or `overwrite:path`
 * @throws AwsError `BadRequestException` for a key, header, or expression that API Gateway rejects
 */
export function parseParameterMapping(requestParameters: Readonly<Record<string, string>>): ParameterMapping {
  const operations = Object.entries(requestParameters).map(([key, value]) => parseOperation(key, value));
  return (exchange) => {
    const request = { headers: new Map(exchange.request.headers), rawQuery: exchange.request.rawQuery };
    for (const operation of operations) operation(request, exchange);
    return request;
  };
}

function parseOperation(key: string, value: string): Operation {
  if (key === 'overwrite:path') return overwritePath(parseMappingValue(value));
  const [, action, place, name] = /^(append|overwrite|remove):(header|querystring)\.(.+)$/.exec(key) ?? [];
  if (!action || !place || !name) throw invalid(`Invalid parameter mapping key specified: ${key}`);
  const select = action === 'remove' ? () => undefined : parseMappingValue(value);
  return place === 'header' ? headerOperation(action, name, select) : queryOperation(action, name, select);
}

/** A value that the request doesn't have removes the header, so the caller's value never remains. */
function headerOperation(action: string, givenName: string, select: Selection): Operation {
  const name = givenName.toLowerCase();
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name)) throw invalid(`Invalid header name specified: ${givenName}`);
  if (RESERVED_HEADERS.has(name) || RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix))) {
    throw invalid(`Operations on header ${name} are restricted`);
  }
  return ({ headers }, exchange) => {
    const selected = select(exchange);
    const value = selected === undefined ? undefined : fieldValue(selected);
    if (action === 'append') {
      if (value !== undefined) headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
    } else if (value === undefined) {
      headers.delete(name);
    } else {
      headers.set(name, value);
    }
  };
}

function queryOperation(action: string, name: string, select: Selection): Operation {
  return (request, exchange) => {
    const query = new URLSearchParams(request.rawQuery);
    if (action !== 'append') query.delete(name);
    const value = select(exchange);
    if (value !== undefined) query.append(name, value);
    request.rawQuery = query.toString();
  };
}

function overwritePath(select: Selection): Operation {
  return (request, exchange) => {
    const path = select(exchange) ?? '/';
    request.path = path.startsWith('/') ? path : `/${path}`;
  };
}

function invalid(problem: string): AwsError {
  return new AwsError(
    'BadRequestException',
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [${problem}]`,
  );
}
