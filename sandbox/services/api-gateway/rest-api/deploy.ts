import { parseSegment, pathSegments } from '../exchange/path-pattern';
import { invalid } from '../property-shapes';
import type { DeployedResource, Deployment, Method, RestApi, RestResource } from './state';

/**
 * The API as it is now. Everything that the template of a deployment doesn't wait for is missing in it, as on AWS.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/updating-api.html
 */
export function deploy(api: RestApi, id: string, createdDate: Date, description?: string): Deployment {
  if (api.methods.size === 0) throw invalid("The REST API doesn't contain any methods");
  const methods = [...api.methods.values()];
  const resources = [...api.resources.values()].flatMap((resource) => {
    const own = methods.filter(({ resourceId }) => resourceId === resource.id);
    return own.length > 0 ? [deployedResource(api, resource, own)] : [];
  });
  return {
    id,
    createdDate,
    description,
    resources,
    authorizers: new Map(api.authorizers),
    gatewayResponses: [...api.gatewayResponses.values()],
    binaryMediaTypes: api.settings.binaryMediaTypes,
  };
}

/** Such as `/items/{id}`. */
export function pathOf(resources: ReadonlyMap<string, RestResource>, id: string): string {
  const parts: string[] = [];
  for (let at = resources.get(id); at?.parentId !== undefined; at = resources.get(at.parentId))
    parts.unshift(at.pathPart);
  return `/${parts.join('/')}`;
}

function deployedResource({ resources }: RestApi, { id }: RestResource, methods: readonly Method[]): DeployedResource {
  const path = pathOf(resources, id);
  const segments = pathSegments(path).flatMap((part) => parseSegment(part) ?? []);
  return { id, path, segments, methods: new Map(methods.map((method) => [method.httpMethod, method])) };
}
