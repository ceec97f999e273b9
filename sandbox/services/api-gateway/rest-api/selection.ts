import { contextVariable } from '../exchange/context-variables';
import { fieldValue, utf8Octets } from '../exchange/field-value';
import { invalid } from '../property-shapes';
import type { RestExchange } from './exchange';

/** Reads a value of a request. Undefined if the request doesn't have it. */
export type RestSelection = (exchange: RestExchange) => string | undefined;

/** Names as in https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-parameter-mapping-sources.html */
const KINDS: readonly (readonly [RegExp, (name: string) => RestSelection])[] = [
  [
    /^method\.request\.header\.([\w.$-]+)$/,
    (name) =>
      ({ request }) =>
        lastOf(headerValues(request.headerLines, name)),
  ],
  [
    /^method\.request\.multivalueheader\.([\w.$-]+)$/,
    (name) =>
      ({ request }) =>
        joined(headerValues(request.headerLines, name)),
  ],
  [
    /^method\.request\.querystring\.([\w.$-]+)$/,
    (name) =>
      ({ request }) =>
        lastOf(new URLSearchParams(request.rawQuery).getAll(name)),
  ],
  [
    /^method\.request\.multivaluequerystring\.([\w.$-]+)$/,
    (name) =>
      ({ request }) =>
        joined(new URLSearchParams(request.rawQuery).getAll(name)),
  ],
  [
    /^method\.request\.path\.([\w.$-]+)$/,
    (name) =>
      ({ pathParameters }) =>
        pathParameters.get(name),
  ],
  [
    /^stageVariables\.(\w+)$/,
    (name) =>
      ({ stage }) =>
        stage.variables.get(name),
  ],
  [/^context\.([\w.-]+)$/, (name) => (exchange) => contextVariable(name, exchange)],
  [/^'(.*)'$/s, (text) => () => text],
];

/**
 * A mapping expression, such as `method.request.header.name`, `context.authorizer.key`, or `'text'`.
 * @throws AwsError `BadRequestException` for an expression that the sandbox doesn't know
 */
export function parseRestSelection(expression: string): RestSelection {
  for (const [pattern, selectionOf] of KINDS) {
    const match = pattern.exec(expression);
    if (match) return selectionOf(match[1] ?? '');
  }
  throw invalid(
    `Invalid mapping expression specified: ${expression} (the sandbox knows method.request parameters, context, stageVariables, and text in single quotes)`,
  );
}

/** The values of all headers with the name, whatever its case. */
export function headerValues(
  lines: readonly (readonly [name: string, value: string])[],
  name: string,
): readonly string[] {
  const wanted = name.toLowerCase();
  return lines.filter(([given]) => given.toLowerCase() === wanted).map(([, value]) => value);
}

/** Response headers by lower-case name, without those that the request has no value for. */
export function selectedHeaders(
  headers: ReadonlyMap<string, RestSelection>,
  exchange: RestExchange,
): Readonly<Record<string, string>> {
  const values = [...headers].flatMap(([name, select]) => {
    const value = select(exchange);
    return value === undefined ? [] : [[name.toLowerCase(), utf8Octets(fieldValue(value))] as const];
  });
  return Object.fromEntries(values);
}

/** Of several values, REST APIs take the last one. */
function lastOf(values: readonly string[]): string | undefined {
  return values.at(-1);
}

function joined(values: readonly string[]): string | undefined {
  return values.length > 0 ? values.join(',') : undefined;
}
