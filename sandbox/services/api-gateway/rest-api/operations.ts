import { type Account, regionalArn } from '../../../account';
import type { AwsApi, AwsCall } from '../../../endpoint/api';
import { restJsonApi } from '../../../endpoint/rest-json';
import { page } from '../../shared/paging';
import type { Configuration } from '../configuration';
import type { Domain } from '../state';
import { pathOf } from './deploy';
import type { Authorizer, Deployment, Integration, Method, RestApi, RestResource, RestStage } from './state';

type Labels = Readonly<Record<string, string>>;

/** The default that API Gateway documents. */
const PAGE_SIZE = 25;

/**
 * The operations that read REST APIs, and domain names as REST APIs see them.
 * https://docs.aws.amazon.com/apigateway/latest/api/API_Operations.html
 */
export function restApiOperations(account: Account, configuration: Configuration): AwsApi {
  // https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonapigatewaymanagement.html
  const authorize = (call: AwsCall, resource: string) =>
    call.authorize('apigateway:GET', `arn:${account.partition}:apigateway:${account.region}::/${resource}`);

  const ofApi = (call: AwsCall, { restapi_id: id = '' }: Labels, part = '') => {
    authorize(call, `restapis/${id}${part}`);
    return configuration.restApi(id);
  };

  return restJsonApi({
    signingName: 'apigateway',
    operations: {
      GetRestApis: get('/restapis', (call) => {
        authorize(call, 'restapis');
        return listOf([...configuration.restApis.values()].map(describeApi), call);
      }),
      GetRestApi: get('/restapis/{restapi_id}', (call, labels) => describeApi(ofApi(call, labels))),
      GetResources: get('/restapis/{restapi_id}/resources', (call, labels) => {
        const api = ofApi(call, labels, '/resources');
        const embedsMethods = call.query.getAll('embed').includes('methods');
        return listOf(
          [...api.resources.values()].map((resource) => describeResource(api, resource, embedsMethods)),
          call,
        );
      }),
      GetStages: get('/restapis/{restapi_id}/stages', (call, labels) => {
        const stages = [...ofApi(call, labels, '/stages').stages.values()];
        return { item: stages.map(describeStage(account)) };
      }),
      GetDeployments: get('/restapis/{restapi_id}/deployments', (call, labels) =>
        listOf([...ofApi(call, labels, '/deployments').deployments.values()].map(describeDeployment), call),
      ),
      GetAuthorizers: get('/restapis/{restapi_id}/authorizers', (call, labels) =>
        listOf([...ofApi(call, labels, '/authorizers').authorizers.values()].map(describeAuthorizer), call),
      ),
      GetDomainNames: get('/domainnames', (call) => {
        authorize(call, 'domainnames');
        return listOf([...configuration.domains.values()].map(describeDomain), call);
      }),
      GetDomainName: get('/domainnames/{domain_name}', (call, { domain_name: name = '' }) => {
        authorize(call, `domainnames/${name}`);
        return describeDomain(configuration.domain(name));
      }),
      GetBasePathMappings: get('/domainnames/{domain_name}/basepathmappings', (call, { domain_name: name = '' }) => {
        authorize(call, `domainnames/${name}/basepathmappings`);
        const mappings = [...configuration.domain(name).mappings.values()].map(({ key, apiId, stageName }) => ({
          basePath: key.join('/') || '(none)',
          restApiId: apiId,
          stage: stageName,
        }));
        return listOf(mappings, call);
      }),
    },
  });
}

function get(path: string, read: (call: AwsCall, labels: Labels) => object) {
  return { method: 'GET', path, run: (call: AwsCall, labels: Labels) => ({ document: read(call, labels) }) };
}

function listOf(all: readonly object[], { query }: AwsCall): object {
  const size = Number(query.get('limit') ?? PAGE_SIZE);
  const { items, nextToken } = page(all, size, query.get('position') ?? undefined);
  return { item: items, position: nextToken };
}

function describeApi({ id, createdDate, rootResourceId, settings }: RestApi): object {
  return {
    id,
    apiKeySource: 'HEADER',
    binaryMediaTypes: settings.binaryMediaTypes,
    createdDate: seconds(createdDate),
    description: settings.description,
    disableExecuteApiEndpoint: settings.isEndpointDisabled,
    endpointConfiguration: { types: [settings.endpointType] },
    name: settings.name,
    rootResourceId,
  };
}

function describeResource({ resources, methods }: RestApi, resource: RestResource, embedsMethods: boolean): object {
  const own = [...methods.values()].filter(({ resourceId }) => resourceId === resource.id);
  const described = own.map((method) => [method.httpMethod, embedsMethods ? describeMethod(method) : {}] as const);
  return {
    id: resource.id,
    parentId: resource.parentId,
    path: pathOf(resources, resource.id),
    pathPart: resource.pathPart || undefined,
    resourceMethods: own.length > 0 ? Object.fromEntries(described) : undefined,
  };
}

function describeMethod({ httpMethod, authorizerId, integration }: Method): object {
  return {
    apiKeyRequired: false,
    authorizationType: authorizerId === undefined ? 'NONE' : 'CUSTOM',
    authorizerId,
    httpMethod,
    methodIntegration: describeIntegration(integration),
  };
}

function describeIntegration(integration: Integration): object {
  if (integration.kind === 'mock') return { type: 'MOCK' };
  const { httpMethod, timeout: timeoutInMillis } = integration;
  return integration.kind === 'function'
    ? { type: 'AWS_PROXY', httpMethod, timeoutInMillis, uri: integration.functionArn }
    : { type: 'HTTP_PROXY', httpMethod, timeoutInMillis, uri: integration.origin.origin + integration.pathTemplate };
}

function describeStage(account: Account) {
  return ({ name, variables, accessLog, deploymentId, description, methodSettings }: RestStage): object => ({
    accessLogSettings: accessLog && {
      destinationArn: regionalArn(account, 'logs', `log-group:${accessLog.logGroup}`),
      format: accessLog.format,
    },
    cacheClusterEnabled: false,
    deploymentId,
    description,
    methodSettings: Object.fromEntries(
      methodSettings.map(({ resourcePath, httpMethod, throttle }) => [
        `${resourcePath === '/*' ? '*' : resourcePath.slice(1)}/${httpMethod}`,
        { throttlingBurstLimit: throttle?.burstLimit, throttlingRateLimit: throttle?.rateLimit },
      ]),
    ),
    stageName: name,
    variables: Object.fromEntries(variables),
  });
}

function describeDeployment({ id, createdDate, description }: Deployment): object {
  return { id, createdDate: seconds(createdDate), description };
}

function describeAuthorizer({ id, name, type, authorizerUri, identitySource, resultTtl }: Authorizer): object {
  return { id, name, type, authType: 'custom', authorizerUri, identitySource, authorizerResultTtlInSeconds: resultTtl };
}

function describeDomain({ name, regionalDomainName, settings, status }: Domain): object {
  const { certificateArn, ownershipCertificateArn, securityPolicy, truststore } = settings;
  return {
    domainName: name,
    domainNameStatus: status,
    endpointConfiguration: { types: ['REGIONAL'] },
    ownershipVerificationCertificateArn: ownershipCertificateArn,
    regionalCertificateArn: certificateArn,
    regionalDomainName,
    securityPolicy,
    ...(truststore && {
      mutualTlsAuthentication: { truststoreUri: truststore.uri, truststoreVersion: truststore.version },
    }),
  };
}

/** Since 1970, as the protocol writes times. */
function seconds(date: Date): number {
  return date.getTime() / 1000;
}
