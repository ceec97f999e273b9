import { AwsError } from '../../../endpoint/api';
import { HTTP_METHODS, includesMethod } from '../exchange/methods';
import { matchSegments, parseSegment, pathSegments, type Segment, specificity } from '../exchange/path-pattern';

/** A parsed route key. The default route matches everything that no other route matches. */
export interface RouteKey {
  /** As in the template, such as `ANY /schedule/{proxy+}` or `$default`. */
  readonly text: string;
  /** Undefined for the default route. */
  readonly match?: { readonly method: string; readonly segments: readonly Segment[] };
}

interface SelectedRoute<R> {
  readonly route: R;
  /** Decoded values by variable name, without the `+` of a greedy variable. */
  readonly pathParameters: ReadonlyMap<string, string>;
}

/** Parses `$default` or `METHOD /path`. A greedy variable must be the last segment. */
export function parseRouteKey(text: string): RouteKey {
  if (text === '$default') return { text };
  const [method = '', path = '', ...rest] = text.split(' ');
  if (!['ANY', ...HTTP_METHODS].includes(method) || !path.startsWith('/') || rest.length > 0) throw invalid(text);
  const segments = pathSegments(path).map((segment) => {
    const parsed = parseSegment(segment);
    if (!parsed) throw invalid(text);
    return parsed;
  });
  if (segments.slice(0, -1).some(({ kind }) => kind === 'greedy')) throw invalid(text);
  const names = segments.flatMap((segment) => (segment.kind === 'static' ? [] : [segment.name]));
  if (new Set(names).size < names.length) throw invalid(text);
  return { text, match: { method, segments } };
}

/** The path of a route key in ARNs, such as `/schedule/{proxy+}`. Empty for the default route. */
export function routePath(key: RouteKey): string {
  return key.text.split(' ')[1] ?? '';
}

/**
 * Selects the route of a request: a full match of the path, then a greedy variable, then the default route. Among equal
 * matches, static text takes precedence over a variable from left to right, a longer prefix over a shorter one, and the
 * method over `ANY`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html#http-api-develop-routes.evaluation
 *
 * @param segments the segments of the decoded path. A percent-encoded slash separates segments too, as on AWS.
 */
export function selectRoute<R extends { readonly key: RouteKey }>(
  routes: Iterable<R>,
  method: string,
  segments: readonly string[],
): SelectedRoute<R> | undefined {
  let best: { readonly rank: string; readonly selected: SelectedRoute<R> } | undefined;
  for (const route of routes) {
    const pathParameters = matchRoute(route.key, method, segments);
    if (!pathParameters) continue;
    const rank = rankOf(route.key);
    if (!best || rank < best.rank) best = { rank, selected: { route, pathParameters } };
  }
  return best?.selected;
}

function matchRoute(
  { match }: RouteKey,
  method: string,
  segments: readonly string[],
): ReadonlyMap<string, string> | undefined {
  if (!match) return new Map();
  return includesMethod(match.method, method) ? matchSegments(match.segments, segments) : undefined;
}

/** Sorts as text, with the most specific route first. */
function rankOf({ match }: RouteKey): string {
  return match ? `${specificity(match.segments)} ${match.method === 'ANY' ? 1 : 0}` : '2';
}

function invalid(routeKey: string): AwsError {
  return new AwsError('BadRequestException', `Invalid route key: ${routeKey}`);
}
