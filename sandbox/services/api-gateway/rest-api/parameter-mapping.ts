import { hopByHopHeaders } from '../../../endpoint/hop-by-hop';
import { fieldValue } from '../exchange/field-value';
import { invalid, UnsupportedSetting } from '../property-shapes';
import type { RestExchange } from './exchange';
import { parseRestSelection } from './selection';

/** What the `RequestParameters` of an integration set. A value that the request doesn't have is undefined. */
export interface MappedParameters {
  /** By name, as in the template. */
  readonly headers: ReadonlyMap<string, string | undefined>;
  readonly query: ReadonlyMap<string, string | undefined>;
  /** The path variables of the integration's URL. */
  readonly path: ReadonlyMap<string, string | undefined>;
}

export type RequestMapping = (exchange: RestExchange) => MappedParameters;

/** These describe the connection or the body. `X-Amz-Invocation-Type` would make the invocation asynchronous. */
const UNSUPPORTED_HEADERS = new Set([...hopByHopHeaders(), 'content-length', 'host', 'x-amz-invocation-type']);

/**
 * @param requestParameters expressions by `integration.request.header|querystring|path.<name>`
 * @param declared the `RequestParameters` of the method, which are the only ones that a mapping can refer to
 * @throws AwsError `BadRequestException` for a parameter or expression that API Gateway rejects
 */
export function parseRequestMapping(
  requestParameters: Readonly<Record<string, string>>,
  declared: readonly string[],
): RequestMapping {
  const parsed = Object.entries(requestParameters).map(([key, expression]) => {
    const [, place, name] = /^integration\.request\.(header|querystring|path)\.([\w.$-]+)$/.exec(key) ?? [];
    if (!place || !name) throw invalid(`Invalid mapping expression parameter specified: ${key}`);
    if (place === 'header' && UNSUPPORTED_HEADERS.has(name.toLowerCase())) {
      throw new UnsupportedSetting(`the parameter ${key}`);
    }
    assertDeclared(expression, declared);
    return { place, name, select: parseRestSelection(expression) };
  });
  return (exchange) => {
    const values = parsed.map(({ place, name, select }) => ({ place, name, value: select(exchange) }));
    const at = (wanted: string) => values.filter(({ place }) => place === wanted);
    return {
      headers: new Map(
        at('header').map(({ name, value }) => [name, value === undefined ? undefined : fieldValue(value)]),
      ),
      query: new Map(at('querystring').map(({ name, value }) => [name, value])),
      path: new Map(at('path').map(({ name, value }) => [name, value])),
    };
  };
}

function assertDeclared(expression: string, declared: readonly string[]): void {
  if (!expression.startsWith('method.request.')) return;
  const single = expression.replace(/^(method\.request\.)multivalue(header|querystring)/, '$1$2');
  if (declared.includes(expression) || declared.includes(single)) return;
  throw invalid(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: ${expression}]`,
  );
}
