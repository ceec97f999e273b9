import { includesMethod } from '../exchange/methods';
import { matchSegments, specificity } from '../exchange/path-pattern';
import type { DeployedResource, Method, MethodSetting, RestStage } from './state';

interface SelectedResource {
  readonly resource: DeployedResource;
  readonly method: Method;
  /** Decoded values by variable name, without the `+` of a greedy variable. */
  readonly pathParameters: ReadonlyMap<string, string>;
}

/**
 * Selects the most specific resource whose path matches and that has the method or `ANY`. A resource without the method
 * leaves the request to a less specific one, such as a proxy resource without an authorizer, as measured on AWS:
 * https://github.com/ministackorg/ministack/pull/1423. AWS documents no order of variables. The sandbox uses that of HTTP
 * APIs.
 *
 * A slash at the end of the path counts for nothing: AWS routes it like the path without it, and it isn't part of a greedy
 * variable's value
 * (https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json).
 *
 * @param segments the segments of the path as it was sent, each decoded. A percent-encoded slash doesn't separate them.
 */
export function selectResource(
  resources: readonly DeployedResource[],
  httpMethod: string,
  segments: readonly string[],
): SelectedResource | undefined {
  const given = segments.at(-1) === '' ? segments.slice(0, -1) : segments;
  let best: { readonly rank: string; readonly selected: SelectedResource } | undefined;
  for (const resource of resources) {
    const own = resource.methods.get(httpMethod) ?? resource.methods.get('ANY');
    const method = own && includesMethod(own.httpMethod, httpMethod) ? own : undefined;
    const pathParameters = method && matchSegments(resource.segments, given);
    if (!pathParameters) continue;
    const rank = specificity(resource.segments);
    if (!best || rank < best.rank) best = { rank, selected: { resource, method, pathParameters } };
  }
  return best?.selected;
}

/**
 * The most specific settings of the method. Undefined if there are none.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-stages.html
 */
export function methodSetting(
  { methodSettings }: RestStage,
  resourcePath: string,
  httpMethods: readonly string[],
): MethodSetting | undefined {
  const rankOf = (setting: MethodSetting) =>
    (setting.resourcePath === '/*' ? 2 : 0) + (setting.httpMethod === '*' ? 1 : 0);
  return methodSettings
    .filter((setting) => ['/*', resourcePath].includes(setting.resourcePath))
    .filter((setting) => ['*', ...httpMethods].includes(setting.httpMethod))
    .sort((one, other) => rankOf(one) - rankOf(other))
    .find(({ throttle }) => throttle !== undefined);
}
