import type { ResourceType } from '../../../../cloudformation/resource-type';
import { AwsError } from '../../../../endpoint/api';
import { anything, boolean, integer, list, oneOf, optional, string, structure } from '../../../shared/shape';
import type { Configuration } from '../../configuration';
import { functionArnIn } from '../../exchange/invocation';
import { HTTP_METHODS } from '../../exchange/methods';
import { parseSegment } from '../../exchange/path-pattern';
import { serviceOf, type Targets } from '../../exchange/targets';
import { invalid, parseUrl, texts, UnsupportedSetting } from '../../property-shapes';
import { pathOf } from '../deploy';
import { parseMockIntegration } from '../mock-integration';
import { parseRequestMapping } from '../parameter-mapping';
import type { Integration, Method, RestApi } from '../state';
import { partOfRestApi } from './part-of-rest-api';

/**
 * The default and the maximum, in milliseconds.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
 */
const INTEGRATION_TIMEOUT = 29_000;

const integrationMembers = {
  ConnectionType: optional(oneOf('INTERNET')),
  IntegrationHttpMethod: optional(oneOf('ANY', ...HTTP_METHODS)),
  IntegrationResponses: optional(
    list(
      structure({
        ResponseParameters: optional(texts),
        ResponseTemplates: optional(texts),
        SelectionPattern: optional(string()),
        StatusCode: string(),
      }),
    ),
  ),
  PassthroughBehavior: optional(oneOf('WHEN_NO_MATCH', 'WHEN_NO_TEMPLATES', 'NEVER')),
  RequestParameters: optional(texts),
  RequestTemplates: optional(texts),
  ResponseTransferMode: optional(oneOf('BUFFERED')),
  TimeoutInMillis: optional(integer({ min: 50, max: INTEGRATION_TIMEOUT })),
  Type: oneOf('AWS', 'AWS_PROXY', 'HTTP', 'HTTP_PROXY', 'MOCK'),
  Uri: optional(string()),
};
const readIntegration = structure(integrationMembers);
type IntegrationProperties = ReturnType<typeof readIntegration>;

/**
 * `AWS::ApiGateway::Method`: proxy integrations with functions and URLs, and `MOCK` integrations. Request models have no
 * effect, because the sandbox knows no request validators.
 */
export function methodType(configuration: Configuration, targets: Targets): ResourceType {
  const members = {
    ApiKeyRequired: optional(boolean),
    AuthorizationType: optional(oneOf('NONE', 'CUSTOM')),
    AuthorizerId: optional(string()),
    HttpMethod: oneOf('ANY', ...HTTP_METHODS),
    Integration: optional(readIntegration),
    MethodResponses: anything,
    OperationName: optional(string()),
    RequestModels: anything,
    RequestParameters: optional(anything),
    ResourceId: string(),
    RestApiId: string(),
  };
  const read = structure(members);
  return partOfRestApi({
    configuration,
    members,
    createOnly: ['HttpMethod', 'ResourceId'],
    read,
    collection: (api) => api.methods,
    make: (values, id, api): Method => {
      const { ResourceId: resourceId, HttpMethod: httpMethod, Integration: properties } = values;
      if (!api.resources.has(resourceId)) {
        throw new AwsError('NotFoundException', 'Invalid Resource identifier specified', 404);
      }
      const others = [...api.methods].filter(([otherId]) => otherId !== id).map(([, method]) => method);
      if (others.some((other) => other.resourceId === resourceId && other.httpMethod === httpMethod)) {
        throw new AwsError('ConflictException', 'Method already exists for this resource', 409);
      }
      if (values.ApiKeyRequired) throw new UnsupportedSetting('a method with ApiKeyRequired');
      if (!properties) throw new UnsupportedSetting('a method without Integration');
      const integration = integrationOf(properties, Object.keys(Object(values.RequestParameters)));
      checkTarget(targets, api, resourceId, integration);
      const { AuthorizationType, AuthorizerId: authorizerId } = values;
      if (AuthorizationType !== 'CUSTOM') return { resourceId, httpMethod, integration };
      if (authorizerId === undefined || !api.authorizers.has(authorizerId)) {
        throw invalid(`Invalid authorizer ID specified: ${authorizerId}`);
      }
      return { resourceId, httpMethod, integration, authorizerId };
    },
  });
}

function integrationOf(properties: IntegrationProperties, declared: readonly string[]): Integration {
  const {
    Type,
    Uri = '',
    IntegrationHttpMethod: httpMethod,
    TimeoutInMillis: timeout = INTEGRATION_TIMEOUT,
  } = properties;
  if (Type === 'MOCK') {
    return parseMockIntegration(properties.RequestTemplates ?? {}, properties.IntegrationResponses ?? []);
  }
  if (Type === 'AWS' || Type === 'HTTP') throw new UnsupportedSetting(`an integration of the type ${Type}`);
  if (!httpMethod) throw invalid('Enumeration value for HttpMethod must be non-empty');
  const mapping = parseRequestMapping(properties.RequestParameters ?? {}, declared);
  if (Uri.includes('${')) throw new UnsupportedSetting(`an integration with stage variables in its Uri: ${Uri}`);
  if (Type === 'HTTP_PROXY') return { kind: 'url', httpMethod, ...parseUrl(Uri), timeout, mapping };
  const functionArn = functionArnIn(Uri);
  if (functionArn === undefined) throw new UnsupportedSetting(`an AWS_PROXY integration that isn't a function: ${Uri}`);
  return { kind: 'function', httpMethod, functionArn, timeout, mapping };
}

function checkTarget(targets: Targets, api: RestApi, resourceId: string, integration: Integration): void {
  if (integration.kind !== 'function') return;
  const [first = ''] = pathOf(api.resources, resourceId).slice(1).split('/');
  const segment = parseSegment(first);
  targets.assertNone(serviceOf(segment ? [segment] : []));
}
