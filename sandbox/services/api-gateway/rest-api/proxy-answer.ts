import { validateHeaderName, validateHeaderValue } from 'node:http';
import { hopByHopHeaders } from '../../../endpoint/hop-by-hop';
import type { Answer } from '../../shared/function-answer';
import { isBinary } from './events';
import type { RestExchange } from './exchange';
import { headerValues } from './selection';

const MEMBERS = ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'];

type Json = Readonly<Record<string, unknown>>;

/**
 * The response for the result of a function, in payload format 1.0. No member is mandatory, and others are not allowed:
 * https://github.com/localstack/localstack/blob/main/localstack-core/localstack/services/apigateway/next_gen/execute_api/integrations/aws.py
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 *
 * @throws TypeError for an invalid response
 */
export function readProxyAnswer(result: unknown, exchange: RestExchange): Answer {
  if (!isRecord(result)) throw new TypeError('the function returned no object');
  const unknown = Object.keys(result).find((name) => !MEMBERS.includes(name));
  if (unknown !== undefined) throw new TypeError(`the function returned an object with the member ${unknown}`);
  return {
    status: readStatus(result['statusCode']),
    headers: {
      'content-type': 'application/json',
      ...readHeaders(result['headers'], result['multiValueHeaders']),
    },
    body: readBody(result['body'], result['isBase64Encoded'] === true && wantsBinary(exchange)),
  };
}

function readStatus(statusCode: unknown = 200): number {
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) {
    throw new TypeError(`the function returned the status code ${JSON.stringify(statusCode)}`);
  }
  return status as number;
}

/** A name in both maps has the values of `multiValueHeaders`. */
function readHeaders(headers: unknown, multiValueHeaders: unknown): Record<string, string | readonly string[]> {
  const single = entriesOf(headers).map(([name, value]) => [name, textOf(name, value)] as const);
  const multiple = entriesOf(multiValueHeaders).map(([name, values]) => {
    if (!Array.isArray(values)) throw new TypeError(`the function returned values of ${name} that are not a list`);
    return [name, values.map((value) => textOf(name, value))] as const;
  });
  const all = new Map<string, string | readonly string[]>();
  for (const [name, value] of [...single, ...multiple]) all.set(name.toLowerCase(), value);
  // They would describe the connection to the client, which isn't the function's.
  for (const name of [...hopByHopHeaders(String(all.get('connection') ?? '')), 'content-length']) all.delete(name);
  return Object.fromEntries(all);
}

function entriesOf(headers: unknown): readonly (readonly [string, unknown])[] {
  if (headers === undefined || headers === null) return [];
  if (!isRecord(headers)) throw new TypeError('the function returned headers that are not a map');
  return Object.entries(headers);
}

function textOf(name: string, value: unknown): string {
  if (!['string', 'number', 'boolean'].includes(typeof value)) {
    throw new TypeError(`the function returned a header ${name} that is not text`);
  }
  validateHeaderName(name);
  validateHeaderValue(name, String(value));
  return String(value);
}

function readBody(body: unknown, isBase64Encoded: boolean): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  if (typeof body !== 'string') throw new TypeError('the function returned a body that is not text');
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/**
 * API Gateway decodes a body only if the first media type that the caller accepts is binary. Otherwise the caller gets
 * base64.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/lambda-proxy-binary-media.html
 */
function wantsBinary({ request, deployment }: RestExchange): boolean {
  const [accept = ''] = headerValues(request.headerLines, 'accept').join(',').split(',');
  return isBinary(accept || '*/*', deployment.binaryMediaTypes);
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
