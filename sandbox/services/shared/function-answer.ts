import { validateHeaderName, validateHeaderValue } from 'node:http';
import { hopByHopHeaders } from '../../endpoint/hop-by-hop';

/** The response to the client of an HTTP API or a function URL. */
export interface Answer {
  readonly status: number;
  /** Names in lower case. A list adds one header line for each element. */
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Buffer;
}

/**
 * The response for the result of a function, in payload format 2.0. A result with a status code is the response. Any
 * other result is the JSON body of a 200.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 * https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
 *
 * @throws TypeError for an invalid response
 */
export function readFunctionAnswer(result: unknown): Answer {
  if (typeof result !== 'object' || result === null || !('statusCode' in result)) {
    const text = typeof result === 'string' ? result : JSON.stringify(result ?? null);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(text) };
  }
  const { statusCode, headers = {}, cookies = [], body, isBase64Encoded } = result as Readonly<Record<string, unknown>>;
  return {
    status: readStatus(statusCode),
    headers: { ...readHeaders(headers), ...readCookies(cookies) },
    body: readBody(body, isBase64Encoded === true),
  };
}

function readStatus(statusCode: unknown): number {
  const status = typeof statusCode === 'string' ? Number(statusCode) : statusCode;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) {
    throw new TypeError(`the function returned the status code ${JSON.stringify(statusCode)}`);
  }
  return status as number;
}

function readHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null || Array.isArray(headers)) {
    throw new TypeError('the function returned headers that are not a map');
  }
  const entries = Object.entries(headers).map(([name, value]) => {
    if (typeof value === 'object' || value === undefined) {
      throw new TypeError(`the function returned a header ${name} that is not text`);
    }
    validateHeaderName(name);
    validateHeaderValue(name, String(value));
    return [name.toLowerCase(), String(value)] as const;
  });
  // They would describe the connection to the client, which isn't the function's.
  const connection = entries.find(([name]) => name === 'connection')?.[1];
  const dropped = [...hopByHopHeaders(connection), 'content-length'];
  return Object.fromEntries(entries.filter(([name]) => !dropped.includes(name)));
}

function readCookies(cookies: unknown): { 'set-cookie'?: readonly string[] } {
  if (!Array.isArray(cookies)) throw new TypeError('the function returned cookies that are not a list');
  for (const cookie of cookies) {
    if (typeof cookie !== 'string') throw new TypeError('the function returned a cookie that is not text');
    validateHeaderValue('set-cookie', cookie);
  }
  return cookies.length > 0 ? { 'set-cookie': cookies } : {};
}

function readBody(body: unknown, isBase64Encoded: boolean): Buffer {
  if (body === undefined || body === null) return Buffer.alloc(0);
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return Buffer.from(text, isBase64Encoded ? 'base64' : 'utf8');
}
