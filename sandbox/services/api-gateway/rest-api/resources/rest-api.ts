import type { ResourceType } from '../../../../cloudformation/resource-type';
import { AwsError } from '../../../../endpoint/api';
import type { Surroundings } from '../../../shared/service';
import { anything, boolean, list, oneOf, optional, string, structure } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { parseSegment } from '../../exchange/path-pattern';
import { newIdentifier } from '../../identifier';
import { invalid, mutability, UnsupportedSetting } from '../../property-shapes';
import { assertMappable, ENDPOINT_TYPES } from '../endpoint-types';
import type { RestApi, RestApiSettings, RestResource } from '../state';
import { partOfRestApi } from './part-of-rest-api';

/**
 * `AWS::ApiGateway::RestApi`. The sandbox has no execute-api endpoint, even if it is enabled. An API is available at
 * domain names only. It knows no resource policies and no OpenAPI definitions.
 */
export function restApiType(configuration: Configuration, { clock }: Surroundings): ResourceType {
  const members = {
    ApiKeySourceType: optional(oneOf('HEADER', 'AUTHORIZER')),
    BinaryMediaTypes: optional(list(string())),
    Description: optional(string()),
    DisableExecuteApiEndpoint: optional(boolean),
    EndpointConfiguration: optional(
      structure({
        IpAddressType: optional(oneOf('ipv4', 'dualstack')),
        Types: optional(list(oneOf(...ENDPOINT_TYPES), { min: 1, max: 1 })),
      }),
    ),
    FailOnWarnings: optional(boolean),
    Name: string({ min: 1 }),
    Tags: anything,
  };
  const read = structure(members);

  function settingsOf(properties: unknown): RestApiSettings {
    const values = read(properties, '');
    return {
      name: values.Name,
      description: values.Description,
      isEndpointDisabled: values.DisableExecuteApiEndpoint ?? false,
      endpointType: values.EndpointConfiguration?.Types?.[0] ?? 'EDGE',
      binaryMediaTypes: values.BinaryMediaTypes ?? [],
    };
  }

  const describe = ({ id, rootResourceId }: RestApi) => ({
    physicalId: id,
    attributes: { RestApiId: id, RootResourceId: rootResourceId },
  });

  return {
    properties: mutability(members, []),
    create: async ({ properties }) => {
      const rootResourceId = newIdentifier(10);
      const api: RestApi = {
        id: newIdentifier(10),
        createdDate: clock.now(),
        rootResourceId,
        settings: settingsOf(properties),
        resources: new Map([[rootResourceId, { id: rootResourceId, pathPart: '' }]]),
        methods: new Map(),
        authorizers: new Map(),
        gatewayResponses: new Map(),
        deployments: new Map(),
        stages: new Map(),
      };
      configuration.restApis.set(api.id, api);
      return describe(api);
    },
    update: async ({ properties }, { physicalId }) => {
      const api = configuration.restApi(physicalId);
      const settings = settingsOf(properties);
      for (const domain of configuration.domains.values()) {
        const isMapped = [...domain.mappings.values()].some(({ apiId }) => apiId === physicalId);
        if (isMapped) assertMappable(settings.endpointType, domain);
      }
      api.settings = settings;
      return describe(api);
    },
    delete: async (_request, { physicalId }) => {
      configuration.restApis.delete(physicalId);
    },
  };
}

/** `AWS::ApiGateway::Resource` */
export function resourceType(configuration: Configuration): ResourceType {
  const members = { ParentId: string(), PathPart: string({ min: 1 }), RestApiId: string() };
  const read = structure(members);
  return partOfRestApi({
    configuration,
    attribute: 'ResourceId',
    members,
    createOnly: ['ParentId', 'PathPart'],
    read,
    collection: (api) => api.resources,
    make: ({ ParentId: parentId, PathPart: pathPart }, id, api): RestResource => {
      const parent = api.resources.get(parentId);
      if (!parent) throw new AwsError('NotFoundException', 'Invalid Resource identifier specified', 404);
      checkPathPart(pathPart, parent, [...api.resources.values()]);
      return { id, parentId, pathPart };
    },
  });
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-method-settings-method-request.html */
function checkPathPart(pathPart: string, parent: RestResource, resources: readonly RestResource[]): void {
  if (!/^(\{[A-Za-z0-9._-]+\+?\}|[A-Za-z0-9._:$@-]+)$/.test(pathPart)) {
    throw invalid(
      `Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end, got ${pathPart}`,
    );
  }
  if (parseSegment(parent.pathPart)?.kind === 'greedy') {
    throw invalid(`Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`);
  }
  // https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
  if (parent.parentId === undefined && ['ping', 'sping'].includes(pathPart)) {
    throw new UnsupportedSetting(`the path /${pathPart}, which API Gateway reserves at custom domain names`);
  }
  const siblings = resources.filter(({ parentId }) => parentId === parent.id);
  if (siblings.some((sibling) => sibling.pathPart === pathPart)) {
    throw new AwsError(
      'ConflictException',
      `Another resource with the same parent already has this name: ${pathPart}`,
      409,
    );
  }
  const variableOf = (part: string) => (parseSegment(part)?.kind === 'variable' ? part : undefined);
  const variable = siblings.find((sibling) => variableOf(sibling.pathPart));
  if (variableOf(pathPart) && variable) {
    throw invalid(
      `A sibling (${variable.pathPart}) of this resource already has a variable path part -- only one is allowed`,
    );
  }
}

/**
 * `AWS::ApiGateway::Account`: the role with which API Gateway writes logs of REST APIs. The sandbox writes access logs
 * without it.
 */
export function accountType(): ResourceType {
  const members = { CloudWatchRoleArn: optional(string()) };
  const read = structure(members);
  const describe = (physicalId: string) => ({ physicalId, attributes: { Id: physicalId } });
  return {
    properties: mutability(members, []),
    create: async ({ properties }) => {
      read(properties, '');
      return describe(newIdentifier(10));
    },
    update: async ({ properties }, { physicalId }) => {
      read(properties, '');
      return describe(physicalId);
    },
    delete: async () => undefined,
  };
}
