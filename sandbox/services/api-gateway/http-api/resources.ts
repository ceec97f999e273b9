import type { ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import type { Surroundings } from '../../shared/service';
import { anything, boolean, integer, list, oneOf, optional, string, structure } from '../../shared/shape';
import type { Configuration } from '../configuration';
import { parseAccessLogSettings } from '../exchange/access-log';
import { functionArnIn } from '../exchange/invocation';
import { serviceOf, type Targets } from '../exchange/targets';
import { newIdentifier } from '../identifier';
import { invalid, mutability, parseUrl, rate, texts, throttleOf, UnsupportedSetting } from '../property-shapes';
import { parseParameterMapping } from './parameter-mapping';
import { partOfApi } from './part-of-api';
import { parseRouteKey, type RouteKey } from './route-selection';
import { parseSelection } from './selection';
import type { HttpStage, Integration, Route, RouteAuthorizer } from './state';

/**
 * The default and the maximum, in milliseconds.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
 */
const INTEGRATION_TIMEOUT = 30_000;
const MAX_AUTHORIZER_RESULT_TTL = 3_600;

/**
 * `AWS::ApiGatewayV2::Api`. The sandbox has no execute-api endpoint, even if it is enabled. An API is available at
 * domain names only.
 */
export function apiType(configuration: Configuration, { account, clock }: Surroundings): ResourceType {
  const members = {
    Description: optional(string()),
    DisableExecuteApiEndpoint: optional(boolean),
    IpAddressType: optional(oneOf('ipv4', 'dualstack')),
    Name: string({ min: 1, max: 128 }),
    ProtocolType: oneOf('HTTP'),
    Tags: anything,
  };
  const read = structure(members);
  const describe = (id: string) => ({
    physicalId: id,
    attributes: { ApiId: id, ApiEndpoint: `https://${id}.execute-api.${account.region}.amazonaws.com` },
  });
  return {
    properties: mutability(members, ['ProtocolType']),
    create: async ({ properties }) => {
      const { Name: name, DisableExecuteApiEndpoint: isEndpointDisabled = false } = read(properties, '');
      const id = newIdentifier(10);
      configuration.apis.set(id, {
        id,
        name,
        isEndpointDisabled,
        createdDate: clock.now(),
        stages: new Map(),
        routes: new Map(),
        integrations: new Map(),
        authorizers: new Map(),
      });
      return describe(id);
    },
    update: async ({ properties }, { physicalId }) => {
      const { Name: name, DisableExecuteApiEndpoint: isEndpointDisabled = false } = read(properties, '');
      Object.assign(configuration.api(physicalId), { name, isEndpointDisabled });
      return describe(physicalId);
    },
    delete: async (_request, { physicalId }) => {
      configuration.apis.delete(physicalId);
    },
  };
}

/** `AWS::ApiGatewayV2::Stage`. Requires `AutoDeploy`, because changes apply immediately. */
export function stageType(configuration: Configuration): ResourceType {
  const members = {
    AccessLogSettings: optional(structure({ DestinationArn: string(), Format: string({ max: 3_072 }) })),
    ApiId: string(),
    AutoDeploy: optional(boolean),
    DefaultRouteSettings: optional(
      structure({
        DetailedMetricsEnabled: optional(boolean),
        ThrottlingBurstLimit: optional(integer({ min: 0 })),
        ThrottlingRateLimit: optional(rate),
      }),
    ),
    Description: optional(string()),
    StageName: string({ min: 1, max: 128 }),
    StageVariables: optional(texts),
    Tags: anything,
  };
  const read = structure(members);

  function put(properties: unknown) {
    const values = read(properties, '');
    const { ApiId, AccessLogSettings: log, AutoDeploy, StageName: name, StageVariables } = values;
    if (AutoDeploy !== true) throw new UnsupportedSetting('a stage without AutoDeploy');
    const stage: HttpStage = {
      name,
      variables: new Map(Object.entries(StageVariables ?? {})),
      accessLog: log && parseAccessLogSettings(log.DestinationArn, log.Format),
      throttle: throttleOf(values.DefaultRouteSettings ?? {}),
    };
    configuration.api(ApiId).stages.set(name, stage);
    return { physicalId: name, attributes: {} };
  }

  return {
    properties: mutability(members, ['ApiId', 'StageName']),
    create: async ({ properties }) => put(properties),
    update: async ({ properties }) => put(properties),
    delete: async ({ properties }, { physicalId }) => {
      configuration.apis.get(String(properties['ApiId']))?.stages.delete(physicalId);
    },
  };
}

/** `AWS::ApiGatewayV2::Route` */
export function routeType(configuration: Configuration, targets: Targets): ResourceType {
  const members = {
    ApiId: string(),
    AuthorizationType: optional(oneOf('NONE', 'CUSTOM')),
    AuthorizerId: optional(string()),
    OperationName: optional(string()),
    RouteKey: string(),
    Target: string(),
  };
  const read = structure(members);
  return partOfApi({
    configuration,
    attribute: 'RouteId',
    members,
    read,
    collection: (api) => api.routes,
    make: ({ AuthorizationType, AuthorizerId, RouteKey, Target }, id, api): Route => {
      const key = parseRouteKey(RouteKey);
      const isTaken = [...api.routes].some(([otherId, { key: other }]) => otherId !== id && other.text === key.text);
      if (isTaken)
        throw new AwsError('ConflictException', `Route with key ${RouteKey} already exists for this API`, 409);
      const integrationId = Target.replace(/^integrations\//, '');
      const integration = api.integrations.get(integrationId);
      if (!integration) throw invalid(`Invalid integration identifier specified: ${Target}`);
      checkTarget(targets, key, integration);
      if (AuthorizationType !== 'CUSTOM') return { key, integrationId };
      if (AuthorizerId === undefined || !api.authorizers.has(AuthorizerId)) {
        throw invalid(`Invalid authorizer identifier specified: ${AuthorizerId}`);
      }
      return { key, integrationId, authorizerId: AuthorizerId };
    },
  });
}

/** `AWS::ApiGatewayV2::Authorizer`: functions with payload format 2.0 and simple responses. */
export function authorizerType(configuration: Configuration): ResourceType {
  const members = {
    ApiId: string(),
    AuthorizerPayloadFormatVersion: oneOf('2.0'),
    AuthorizerResultTtlInSeconds: optional(integer({ min: 0, max: MAX_AUTHORIZER_RESULT_TTL })),
    AuthorizerType: oneOf('REQUEST'),
    AuthorizerUri: string(),
    EnableSimpleResponses: optional(boolean),
    IdentitySource: optional(list(string())),
    Name: string({ min: 1, max: 128 }),
  };
  const read = structure(members);
  return partOfApi({
    configuration,
    attribute: 'AuthorizerId',
    members,
    read,
    collection: (api) => api.authorizers,
    make: (values, id): RouteAuthorizer => {
      const { IdentitySource = [], AuthorizerResultTtlInSeconds: resultTtl = 0 } = values;
      if (values.EnableSimpleResponses !== true)
        throw new UnsupportedSetting('an authorizer without EnableSimpleResponses');
      if (resultTtl > 0 && IdentitySource.length === 0) {
        throw invalid('Caching requires at least one identity source');
      }
      return {
        id,
        functionArn: functionArnOf(values.AuthorizerUri),
        identitySources: IdentitySource.map(parseSelection),
        resultTtl,
      };
    },
  });
}

/**
 * `AWS::ApiGatewayV2::Integration`: functions with payload format 2.0, HTTP or HTTPS URLs, and load balancers or Cloud Map
 * services behind a VPC link.
 */
export function integrationType(configuration: Configuration): ResourceType {
  const members = {
    ApiId: string(),
    ConnectionId: optional(string()),
    ConnectionType: optional(oneOf('INTERNET', 'VPC_LINK')),
    Description: optional(string()),
    IntegrationMethod: optional(string()),
    IntegrationType: oneOf('AWS_PROXY', 'HTTP_PROXY'),
    IntegrationUri: string(),
    PayloadFormatVersion: optional(oneOf('1.0', '2.0')),
    RequestParameters: optional(texts),
    TimeoutInMillis: optional(integer({ min: 50, max: INTEGRATION_TIMEOUT })),
    TlsConfig: optional(structure({ ServerNameToVerify: optional(string({ min: 1, max: 512 })) })),
  };
  const read = structure(members);
  return partOfApi({
    configuration,
    attribute: 'IntegrationId',
    members,
    read,
    collection: (api) => api.integrations,
    make: (values): Integration => {
      const { IntegrationUri: uri, IntegrationMethod: method, TimeoutInMillis: timeout = INTEGRATION_TIMEOUT } = values;
      const mapping = parseParameterMapping(values.RequestParameters ?? {});
      if (values.IntegrationType === 'HTTP_PROXY') {
        if (!method) throw invalid('HttpMethod must be specified for integration type HTTP_PROXY');
        if (values.ConnectionType === 'VPC_LINK') {
          if (!values.ConnectionId) throw invalid('ConnectionId must be specified for connection type VPC_LINK');
          return { kind: 'private', method, targetArn: privateTargetOf(uri), timeout, mapping };
        }
        return { kind: 'url', method, ...parseUrl(uri), timeout, mapping };
      }
      if (values.PayloadFormatVersion !== '2.0') {
        throw new UnsupportedSetting('a function integration with PayloadFormatVersion 1.0');
      }
      return { kind: 'function', functionArn: functionArnOf(uri), timeout, mapping };
    },
  });
}

/** `AWS::ApiGatewayV2::VpcLink`. The sandbox has no VPC, so the link leads to the targets that were named for it. */
export function vpcLinkType(): ResourceType {
  const members = {
    Name: string({ min: 1, max: 128 }),
    SecurityGroupIds: optional(list(string())),
    SubnetIds: list(string()),
    Tags: anything,
  };
  const read = structure(members);
  const describe = (id: string) => ({ physicalId: id, attributes: { VpcLinkId: id } });
  return {
    properties: mutability(members, ['SecurityGroupIds', 'SubnetIds']),
    create: async ({ properties }) => {
      read(properties, '');
      return describe(newIdentifier(6));
    },
    update: async ({ properties }, { physicalId }) => {
      read(properties, '');
      return describe(physicalId);
    },
    delete: async () => undefined,
  };
}

function functionArnOf(uri: string): string {
  const arn = functionArnIn(uri);
  if (arn === undefined) throw invalid(`Invalid function ARN or invalid Uri: ${uri}`);
  return arn;
}

function checkTarget(targets: Targets, { text, match }: RouteKey, integration: Integration): void {
  const service = serviceOf(match?.segments);
  if (integration.kind === 'private') targets.requireOrigin(service, text, integration.targetArn);
  if (integration.kind === 'function') targets.assertNone(service);
}

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html */
function privateTargetOf(uri: string): string {
  if (/^arn:[^:]+:(elasticloadbalancing:.*:listener\/|servicediscovery:.*:service\/)\S+$/.test(uri)) return uri;
  throw invalid(`Invalid integration URI specified for connection type VPC_LINK: ${uri}`);
}
