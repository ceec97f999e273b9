import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { optional, string, structure } from '../../shared/shape';
import type { Configuration } from '../configuration';
import { newIdentifier } from '../identifier';
import { invalid, mutability, UnsupportedSetting } from '../property-shapes';
import { assertMappable } from '../rest-api/endpoint-types';
import type { ApiMapping } from '../state';
import { parseMappingKey } from './mapping-selection';

/** `AWS::ApiGatewayV2::ApiMapping` to an HTTP API or a REST API. */
export function apiMappingType(configuration: Configuration): ResourceType {
  const members = { ApiId: string(), ApiMappingKey: optional(string()), DomainName: string(), Stage: string() };
  const read = structure(members);

  function put(properties: Properties, id: string): Resource {
    const { ApiId: apiId, ApiMappingKey = '', DomainName, Stage: stageName } = read(properties, '');
    putMapping(configuration, DomainName, id, { key: parseMappingKey(ApiMappingKey), apiId, stageName });
    return { physicalId: id, attributes: { ApiMappingId: id } };
  }

  return {
    properties: mutability(members, ['DomainName']),
    create: async ({ properties }) => put(properties, newIdentifier(6)),
    update: async ({ properties }, { physicalId }) => put(properties, physicalId),
    delete: async ({ properties }, { physicalId }) => deleteMapping(configuration, properties, physicalId),
  };
}

/**
 * `AWS::ApiGateway::BasePathMapping` to a REST API. Its path has one segment, unlike the key of an API mapping.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mappings.html
 */
export function basePathMappingType(configuration: Configuration): ResourceType {
  const members = {
    BasePath: optional(string()),
    DomainName: string(),
    RestApiId: string(),
    Stage: optional(string()),
  };
  const read = structure(members);

  function put(properties: Properties, id: string): Resource {
    const { BasePath = '(none)', DomainName, RestApiId: apiId, Stage: stageName } = read(properties, '');
    const key = parseMappingKey(BasePath === '(none)' ? '' : BasePath);
    if (key.length > 1) throw invalid(`A base path must have one segment, got ${BasePath}`);
    // The caller would then choose the stage.
    if (stageName === undefined) throw new UnsupportedSetting('a base path mapping without Stage');
    configuration.restApi(apiId);
    putMapping(configuration, DomainName, id, { key, apiId, stageName });
    return { physicalId: id, attributes: {} };
  }

  return {
    properties: mutability(members, ['BasePath', 'DomainName']),
    create: async ({ properties }) => put(properties, newIdentifier(6)),
    update: async ({ properties }, { physicalId }) => put(properties, physicalId),
    delete: async ({ properties }, { physicalId }) => deleteMapping(configuration, properties, physicalId),
  };
}

function putMapping(configuration: Configuration, domainName: string, id: string, mapping: ApiMapping): void {
  const domain = configuration.domain(domainName);
  const restApi = configuration.restApis.get(mapping.apiId);
  const { stages } = restApi ?? configuration.api(mapping.apiId);
  if (!stages.has(mapping.stageName)) throw invalid('Invalid stage identifier specified');
  if (restApi) assertMappable(restApi.settings.endpointType, domain);
  const path = mapping.key.join('/');
  const isTaken = [...domain.mappings].some(([otherId, { key }]) => otherId !== id && key.join('/') === path);
  if (isTaken) throw new AwsError('ConflictException', `ApiMapping key ${path || '(none)'} already exists`, 409);
  domain.mappings.set(id, mapping);
}

function deleteMapping(configuration: Configuration, { DomainName }: Properties, id: string): void {
  configuration.domains.get(String(DomainName))?.mappings.delete(id);
}
