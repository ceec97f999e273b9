import { IDENTITY_HEADERS } from '../../mesh/contract';
import { pathProblem } from '../../mesh/request-path';
import { DenialError } from './denial';
import type { GatewayRequest } from './gateway-request';

/** A server answers them with the request as it received it (RFC 9110, section 9.3.8). `TRACK` is Microsoft's. */
const ECHOED_METHODS = ['TRACE', 'TRACK'];

/**
 * The method of the request, and the others that a server may take it for, because frameworks replace the method by a header
 * or by the query parameter `_method`. In capitals, without repetition. Denies methods that return what the gateway adds to a
 * request, such as the secret that it sends to an HTTP backend.
 */
export function readMethods({ method, headers, queryStringParameters }: RequestMethods): readonly string[] {
  if (typeof method !== 'string') throw new DenialError('AMBIGUOUS_REQUEST', 'the request has no method');
  if (ECHOED_METHODS.includes(method.toUpperCase())) {
    throw new DenialError('METHOD_NOT_ALLOWED', `the method ${method} returns headers that only the service may see`);
  }
  const overrides = [
    ...Object.entries(headers).filter(([name]) => METHOD_HEADERS.has(folded(name))),
    ...Object.entries(queryStringParameters).filter(([name]) => name === '_method'),
  ];
  const others = overrides.flatMap(([, value]) => String(value).split(','));
  return [...new Set([method, ...others.map((other) => other.trim().toUpperCase())])];
}

type RequestMethods = Pick<GatewayRequest, 'method' | 'headers' | 'queryStringParameters'>;

/**
 * Denies paths that may lead to another service behind the gateway: API Gateway selects the route, and the server behind
 * it may read the same path differently. The HTTP API decodes the path twice before the authorizer and the service get it,
 * and cuts it only at a `?` from the first decoding:
 * https://github.com/hotsock/voker/blob/a1c00bf491e026f81917cc2edfdaca03eabc7518/vokerhttp/testdata/ingress-paths.json
 *
 * @returns the paths
 */
export function denyAmbiguousPaths({ paths, pathParameters }: Pick<GatewayRequest, 'paths' | 'pathParameters'>) {
  for (const [name, value] of Object.entries(pathParameters)) {
    denyAmbiguousPath(`path parameter ${JSON.stringify(name)}`, value);
  }
  const [path = '', ...others] = paths.map((each) => denyAmbiguousPath('path', each));
  return [path, ...others] as const;
}

function denyAmbiguousPath(what: string, path: unknown): string {
  if (typeof path !== 'string') throw new DenialError('AMBIGUOUS_REQUEST', `the request has no ${what}`);
  const problem = pathProblem(path);
  if (problem !== undefined) {
    throw new DenialError('AMBIGUOUS_REQUEST', `the ${what} ${JSON.stringify(path)} is ambiguous: it ${problem}`);
  }
  return path;
}

const METHOD_HEADERS: ReadonlySet<string> = new Set(['x-http-method', 'x-http-method-override', 'x-method-override']);

/** Some frameworks take these for the path of the request. */
const PATH_HEADERS: ReadonlySet<string> = new Set(['x-original-url', 'x-original-uri', 'x-rewrite-url']);

const IDENTITY_HEADER_NAMES: ReadonlySet<string> = new Set(Object.values(IDENTITY_HEADERS));

/**
 * Denies requests that bring identity headers themselves. The gateway is configured to overwrite these headers, but AWS
 * documents for no Lambda integration that the overwritten ones arrive. Denies headers that replace the path, too, because the
 * grant is for the path of the request.
 */
export function denyHeaders(headers: GatewayRequest['headers']): void {
  for (const header of Object.keys(headers)) {
    const name = folded(header);
    if (PATH_HEADERS.has(name)) {
      throw new DenialError('AMBIGUOUS_REQUEST', `a service may take the header ${header} for the path of the request`);
    }
    if (!IDENTITY_HEADER_NAMES.has(name)) continue;
    const reason =
      name === header.toLowerCase()
        ? `the request brings the identity header ${name}, which only the gateway may set: ` +
          'a service that forwards the headers of a request it received must leave out its identity headers'
        : `a service may mistake the header ${header} for ${name}`;
    throw new DenialError('AMBIGUOUS_REQUEST', reason);
  }
}

/**
 * Servers that turn headers into variables can't distinguish `x_mesh_client_name` from `x-mesh-client-name` (RFC 3875, section
 * 4.1.18), and some fold other punctuation in the same way.
 */
function folded(header: string): string {
  return header.toLowerCase().replace(/[^a-z0-9]+/g, '-');
}
