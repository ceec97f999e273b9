import type { ResourceType } from '../../../../cloudformation/resource-type';
import type { Surroundings } from '../../../shared/service';
import { anything, boolean, integer, list, optional, string, structure } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { parseAccessLogSettings } from '../../exchange/access-log';
import { invalid, mutability, rate, texts, throttleOf, UnsupportedSetting } from '../../property-shapes';
import { deploy } from '../deploy';
import type { MethodSetting, RestStage } from '../state';
import { partOfRestApi } from './part-of-rest-api';

/** `AWS::ApiGateway::Deployment`: the API as it is at that time. Stages are resources of their own. */
export function deploymentType(configuration: Configuration, { clock }: Surroundings): ResourceType {
  const members = { Description: optional(string()), RestApiId: string() };
  const read = structure(members);
  return partOfRestApi({
    configuration,
    attribute: 'DeploymentId',
    members,
    createOnly: [],
    read,
    collection: (api) => api.deployments,
    make: ({ Description: description }, id, api) => {
      const existing = api.deployments.get(id);
      return existing ? { ...existing, description } : deploy(api, id, clock.now(), description);
    },
    checkDeletion: (id, api) => {
      const isActive = [...api.stages.values()].some(({ deploymentId }) => deploymentId === id);
      if (isActive) throw invalid('Active stages pointing to this deployment must be moved or deleted');
    },
  });
}

const methodSettingMembers = {
  CachingEnabled: optional(boolean),
  DataTraceEnabled: optional(boolean),
  HttpMethod: optional(string()),
  LoggingLevel: optional(string()),
  MetricsEnabled: optional(boolean),
  ResourcePath: optional(string()),
  ThrottlingBurstLimit: optional(integer({ min: 0 })),
  ThrottlingRateLimit: optional(rate),
};
const readMethodSetting = structure(methodSettingMembers);

/** `AWS::ApiGateway::Stage`. Execution logs, metrics, and tracing have no effect. */
export function restStageType(configuration: Configuration): ResourceType {
  const members = {
    AccessLogSetting: optional(structure({ DestinationArn: string(), Format: string({ max: 3_072 }) })),
    CacheClusterEnabled: optional(boolean),
    DeploymentId: string(),
    Description: optional(string()),
    DocumentationVersion: optional(string()),
    MethodSettings: optional(list(readMethodSetting)),
    RestApiId: string(),
    StageName: string({ min: 1, max: 128 }, /^[A-Za-z0-9_-]+$/),
    Tags: anything,
    TracingEnabled: optional(boolean),
    Variables: optional(texts),
  };
  const read = structure(members);

  function put(properties: unknown) {
    const values = read(properties, '');
    const { StageName: name, DeploymentId: deploymentId, AccessLogSetting: log } = values;
    const api = configuration.restApi(values.RestApiId);
    if (!api.deployments.has(deploymentId)) throw invalid('Invalid Deployment identifier specified');
    if (values.CacheClusterEnabled) throw new UnsupportedSetting('a stage with CacheClusterEnabled');
    const stage: RestStage = {
      name,
      deploymentId,
      description: values.Description,
      variables: new Map(Object.entries(values.Variables ?? {})),
      accessLog: log && parseAccessLogSettings(log.DestinationArn, log.Format),
      methodSettings: (values.MethodSettings ?? []).map(methodSettingOf),
    };
    api.stages.set(name, stage);
    return { physicalId: name, attributes: {} };
  }

  return {
    properties: mutability(members, ['RestApiId', 'StageName']),
    create: async ({ properties }) => put(properties),
    update: async ({ properties }) => put(properties),
    delete: async ({ properties }, { physicalId }) => {
      configuration.restApis.get(String(properties['RestApiId']))?.stages.delete(physicalId);
    },
  };
}

/** In a resource path, `~1` stands for a slash, as in a JSON pointer. The first slash stands for itself. */
function methodSettingOf(values: ReturnType<typeof readMethodSetting>): MethodSetting {
  if (values.CachingEnabled) throw new UnsupportedSetting('method settings with CachingEnabled');
  const given = values.ResourcePath ?? '/*';
  const resourcePath = given.startsWith('/~1') ? given.slice(1).replaceAll('~1', '/') : given;
  return { resourcePath, httpMethod: values.HttpMethod ?? '*', throttle: throttleOf(values) };
}
