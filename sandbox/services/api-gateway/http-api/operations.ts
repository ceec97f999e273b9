import { type Account, regionalArn } from '../../../account';
import type { AwsApi, AwsCall } from '../../../endpoint/api';
import { restJsonApi } from '../../../endpoint/rest-json';
import { page } from '../../shared/paging';
import type { Configuration } from '../configuration';
import type { Domain } from '../state';
import type { HttpApi, HttpStage, Integration, Route, RouteAuthorizer } from './state';

/** More than an account can have, because API Gateway documents no default. */
const PAGE_SIZE = 500;

/**
 * The operations that read HTTP APIs, and domain names as HTTP APIs see them.
 * https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/operations.html
 */
export function httpApiOperations(account: Account, configuration: Configuration): AwsApi {
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagementv2.html
  const authorize = (call: AwsCall, resource: string) =>
    call.authorize('apigateway:GET', `arn:${account.partition}:apigateway:${account.region}::/${resource}`);

  const ofApi = (call: AwsCall, ApiId = '', part = '') => {
    authorize(call, `apis/${ApiId}${part}`);
    return configuration.api(ApiId);
  };

  const describeApi = ({ id, name, createdDate, isEndpointDisabled }: HttpApi) => ({
    apiEndpoint: `https://${id}.execute-api.${account.region}.amazonaws.com`,
    apiId: id,
    apiKeySelectionExpression: '$request.header.x-api-key',
    createdDate: createdDate.toISOString(),
    disableExecuteApiEndpoint: isEndpointDisabled,
    name,
    protocolType: 'HTTP',
    routeSelectionExpression: '$request.method $request.path',
  });

  return restJsonApi({
    signingName: 'apigateway',
    operations: {
      GetApis: get('/v2/apis', (call) => {
        authorize(call, 'apis');
        return listOf([...configuration.apis.values()].map(describeApi), call);
      }),
      GetApi: get('/v2/apis/{ApiId}', (call, { ApiId }) => describeApi(ofApi(call, ApiId))),
      GetStages: get('/v2/apis/{ApiId}/stages', (call, { ApiId }) =>
        listOf([...ofApi(call, ApiId, '/stages').stages.values()].map(describeStage(account)), call),
      ),
      GetRoutes: get('/v2/apis/{ApiId}/routes', (call, { ApiId }) =>
        listOf([...ofApi(call, ApiId, '/routes').routes].map(describeRoute), call),
      ),
      GetAuthorizers: get('/v2/apis/{ApiId}/authorizers', (call, { ApiId }) =>
        listOf([...ofApi(call, ApiId, '/authorizers').authorizers.values()].map(describeAuthorizer(account)), call),
      ),
      GetIntegrations: get('/v2/apis/{ApiId}/integrations', (call, { ApiId }) =>
        listOf([...ofApi(call, ApiId, '/integrations').integrations].map(describeIntegration), call),
      ),
      GetDomainNames: get('/v2/domainnames', (call) => {
        authorize(call, 'domainnames');
        return listOf([...configuration.domains.values()].map(describeDomain), call);
      }),
      GetDomainName: get('/v2/domainnames/{DomainName}', (call, { DomainName = '' }) => {
        authorize(call, `domainnames/${DomainName}`);
        return describeDomain(configuration.domain(DomainName));
      }),
      GetApiMappings: get('/v2/domainnames/{DomainName}/apimappings', (call, { DomainName = '' }) => {
        authorize(call, `domainnames/${DomainName}/apimappings`);
        const mappings = [...configuration.domain(DomainName).mappings].map(([apiMappingId, mapping]) => ({
          apiId: mapping.apiId,
          apiMappingId,
          apiMappingKey: mapping.key.join('/'),
          stage: mapping.stageName,
        }));
        return listOf(mappings, call);
      }),
    },
  });
}

function get(path: string, read: (call: AwsCall, labels: Readonly<Record<string, string>>) => object) {
  return {
    method: 'GET',
    path,
    run: (call: AwsCall, labels: Readonly<Record<string, string>>) => ({ document: read(call, labels) }),
  };
}

function listOf(all: readonly object[], { query }: AwsCall): object {
  const size = Number(query.get('maxResults') ?? PAGE_SIZE);
  const { items, nextToken } = page(all, size, query.get('nextToken') ?? undefined);
  return { items, nextToken };
}

function describeStage(account: Account) {
  return ({ name, variables, accessLog, throttle }: HttpStage): object => ({
    accessLogSettings: accessLog && {
      destinationArn: regionalArn(account, 'logs', `log-group:${accessLog.logGroup}`),
      format: accessLog.format,
    },
    autoDeploy: true,
    defaultRouteSettings: {
      detailedMetricsEnabled: false,
      throttlingBurstLimit: throttle?.burstLimit,
      throttlingRateLimit: throttle?.rateLimit,
    },
    stageName: name,
    stageVariables: Object.fromEntries(variables),
  });
}

function describeRoute([routeId, { key, authorizerId, integrationId }]: readonly [string, Route]): object {
  return {
    apiKeyRequired: false,
    authorizationType: authorizerId === undefined ? 'NONE' : 'CUSTOM',
    authorizerId,
    routeId,
    routeKey: key.text,
    target: `integrations/${integrationId}`,
  };
}

function describeAuthorizer({ partition, region }: Account) {
  return ({ id, functionArn, resultTtl }: RouteAuthorizer): object => ({
    authorizerId: id,
    authorizerPayloadFormatVersion: '2.0',
    authorizerResultTtlInSeconds: resultTtl,
    authorizerType: 'REQUEST',
    authorizerUri: `arn:${partition}:apigateway:${region}:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
    enableSimpleResponses: true,
  });
}

function describeIntegration([integrationId, integration]: readonly [string, Integration]): object {
  const common = { integrationId, timeoutInMillis: integration.timeout };
  if (integration.kind === 'function') {
    return {
      ...common,
      connectionType: 'INTERNET',
      integrationType: 'AWS_PROXY',
      integrationUri: integration.functionArn,
      payloadFormatVersion: '2.0',
    };
  }
  return {
    ...common,
    connectionType: integration.kind === 'private' ? 'VPC_LINK' : 'INTERNET',
    integrationMethod: integration.method,
    integrationType: 'HTTP_PROXY',
    integrationUri:
      integration.kind === 'private' ? integration.targetArn : integration.origin.origin + integration.pathTemplate,
    payloadFormatVersion: '1.0',
  };
}

function describeDomain({ name, settings, status }: Domain): object {
  const { certificateArn, securityPolicy, truststore } = settings;
  return {
    domainName: name,
    domainNameConfigurations: [{ certificateArn, domainNameStatus: status, endpointType: 'REGIONAL', securityPolicy }],
    ...(truststore && {
      mutualTlsAuthentication: { truststoreUri: truststore.uri, truststoreVersion: truststore.version },
    }),
  };
}
