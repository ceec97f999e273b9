import { matchSegments, specificity } from '../exchange/path-pattern';
import type { DeployedResource, Method, MethodSetting, RestStage } from './state';

interface SelectedResource {
  readonly resource: DeployedResource;
  readonly method: Method | undefined;
  /** Decoded values by variable name, without the `+` of a greedy variable. */
  readonly pathParameters: ReadonlyMap<string, string>;
}

/**
 * Selects the most specific resource whose path matches, and then its method: that of the request before `ANY`. AWS
 * documents no order. The sandbox uses that of HTTP APIs, and doesn't go on to a less specific resource if the selected one
 * has no such method.
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
    const pathParameters = matchSegments(resource.segments, given);
    if (!pathParameters) continue;
    const rank = specificity(resource.segments);
    if (best && best.rank <= rank) continue;
    const method = resource.methods.get(httpMethod) ?? resource.methods.get('ANY');
    best = { rank, selected: { resource, method, pathParameters } };
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
