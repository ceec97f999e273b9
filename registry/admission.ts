/** Pure functions that decide whether a caller's grants let a request in. */
import { type GrantMatcher, grantMatcher, isGranted, parseGrant } from '../mesh/grant';

/** A grant of a client, or of all clients, in the form in which requests are compared with it. */
export interface HeldGrant {
  /** The API that it counts for, as in the record of its service. */
  readonly apiId: string;
  /** As `grantText` writes it. */
  readonly text: string;
  readonly matcher: GrantMatcher;
}

/** The request that a grant must let in. */
export interface GrantedRequest {
  readonly apiId: string;
  /** The request's method and every other one that a server may take it for. In capitals. */
  readonly methods: readonly string[];
  /** From the root of the API, as the service receives it: a path without a `pathProblem`. */
  readonly path: string;
  /** By the route of the API and its parameters. Absent if the route has no path, and for a REST API. */
  readonly routePath?: string;
}

/** @param entry an entry of the registry. Undefined for one that is malformed, which lets nothing in. */
export function heldGrant(entry: string): HeldGrant | undefined {
  const space = entry.indexOf(' ');
  const [apiId, text] = [entry.slice(0, space), entry.slice(space + 1)];
  const grant = space > 0 ? parseGrant(text) : undefined;
  return grant && { apiId, text, matcher: grantMatcher(grant) };
}

/** The entry that `heldGrant` reads. */
export function grantEntry(apiId: string, text: string): string {
  return `${apiId} ${text}`;
}

/**
 * The first grant that lets the request in. Undefined if there is none. Where servers may take the request for several
 * methods, there must be a grant for each.
 */
export function decidingGrant(grants: readonly HeldGrant[], request: GrantedRequest): string | undefined {
  const ofApi = grants.flatMap(({ apiId, text, matcher }) => {
    const path = pathOfGrants(apiId, request);
    return path === undefined ? [] : [{ text, matcher, path }];
  });
  const deciding = request.methods.map((method) => ofApi.find(({ matcher, path }) => isGranted(matcher, method, path)));
  return deciding.every((grant) => grant !== undefined) ? deciding[0]?.text : undefined;
}

/**
 * The path that the grants of an API name: the one of the request, or for an API with a mapping key, the key and the path of the
 * route. Undefined for another API.
 */
function pathOfGrants(apiId: string, { apiId: requested, path, routePath }: GrantedRequest): string | undefined {
  if (apiId === requested) return path;
  return routePath !== undefined && apiId.startsWith(`${requested}/`) && path.endsWith(routePath)
    ? apiId.slice(requested.length) + routePath
    : undefined;
}
