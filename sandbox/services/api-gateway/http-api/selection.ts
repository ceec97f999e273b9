import { AwsError } from '../../../endpoint/api';
import { queryParameters } from '../../shared/payload-format';
import { contextVariable } from '../exchange/context-variables';
import type { HttpApiExchange } from './exchange';

/** Reads a value of a request. Undefined if the request doesn't have it. */
export type Selection = (exchange: HttpApiExchange) => string | undefined;

const KINDS: readonly (readonly [RegExp, (name: string) => Selection])[] = [
  [/^request\.header\.([\w!#$%&'*+.^`|~-]+)$/, (name) => headerSelection(name.toLowerCase())],
  [
    /^request\.querystring\.(.+)$/,
    (name) =>
      ({ request }) =>
        queryParameters(request.rawQuery).get(name),
  ],
  [
    /^request\.path$/,
    () =>
      ({ path }) =>
        path,
  ],
  [
    /^request\.path\.(.+)$/,
    (name) =>
      ({ pathParameters }) =>
        pathParameters.get(name),
  ],
  [/^context\.([\w.]+)$/, (name) => (exchange) => contextVariable(name, exchange)],
  [
    /^stageVariables\.(\w+)$/,
    (name) =>
      ({ stage }) =>
        stage.variables.get(name),
  ],
];

/**
 * A selection expression, such as `$request.header.name` or `$context.authorizer.key`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
export function parseSelection(expression: string): Selection {
  return parseName(expression.startsWith('$') ? expression.slice(1) : '', expression);
}

/**
 * A mapping value: a selection expression, static text, or text with expressions in braces (`${…}`). Undefined only if
 * it is a single expression and the request doesn't have the value.
 */
export function parseMappingValue(value: string): Selection {
  const parts = value.split(/\$\{([^{}]*)\}/);
  if (parts.length > 1) return joined(parts, value);
  return value.startsWith('$') ? parseSelection(value) : () => value;
}

/** @param parts static text at even indexes, names of expressions at odd indexes */
function joined(parts: readonly string[], value: string): Selection {
  const selections = parts.map((part, index) => (index % 2 === 0 ? () => part : parseName(part, value)));
  const isSingleExpression = parts.length === 3 && parts[0] === '' && parts[2] === '';
  if (isSingleExpression && selections[1]) return selections[1];
  return (exchange) => selections.map((select) => select(exchange) ?? '').join('');
}

function parseName(name: string, expression: string): Selection {
  for (const [pattern, selectionOf] of KINDS) {
    const match = pattern.exec(name);
    if (match) return selectionOf(match[1] ?? '');
  }
  throw new AwsError(
    'BadRequestException',
    `Invalid mapping expression specified: ${expression} (the sandbox knows $request.header, $request.querystring, $request.path, $context and $stageVariables)`,
  );
}

function headerSelection(name: string): Selection {
  if (name === 'cookie') return ({ request }) => (request.cookies.length > 0 ? request.cookies.join('; ') : undefined);
  return ({ request }) => request.headers.get(name);
}
