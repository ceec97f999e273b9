import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import type { Construct, IConstruct } from 'constructs';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import type { IProtectingGateway } from '../interfaces';
import { allowInvocation, authorizerUri, changeAll, mapApi, ReplacedAuthorizations } from './api-protection';
import { contains, isResource } from './api-references';
import { refuseSideDoors } from './side-doors/validation';
import { refuse } from './validation';

/**
 * Puts the mesh's authorizer before all methods of the API, and the identity headers into its HTTP integrations.
 *
 * @returns the ID of the API
 */
export function protectRestApi(
  service: Construct,
  api: apigateway.RestApi,
  gateway: IProtectingGateway,
  mappingKey: string,
): string {
  const { latestDeployment } = api;
  if (!latestDeployment) refuse(service, 'api', 'must be deployed by the CDK', 'deploy: false');
  const authorizer = new apigateway.CfnAuthorizer(service, 'Authorizer', {
    name: 'Mesh',
    restApiId: api.restApiId,
    type: 'REQUEST',
    authorizerUri: authorizerUri(service, gateway.handler),
    // A kept policy would decide about requests that the authorizer hasn't seen.
    authorizerResultTtlInSeconds: 0,
  });
  allowInvocation(service, gateway.handler, { apiId: api.restApiId, authorizerId: authorizer.ref });
  // Methods, their authorizer, and the headers take effect with the next deployment of the API.
  latestDeployment.addToLogicalId({ meshAuthorizer: service.node.addr, headers: IDENTITY_HEADERS });

  const isMethod = (node: IConstruct): node is apigateway.CfnMethod =>
    isResource(node, apigateway.CfnMethod) && contains(node, node.restApiId, api, api.restApiId);
  const replaced = new ReplacedAuthorizations(service, api);
  changeAll(service, (node) => {
    if (!isMethod(node)) return;
    if (node.authorizerId !== authorizer.ref) replaced.add(nameOf(node), node.authorizationType);
    protectMethod(node, authorizer.ref);
  });
  refuseSideDoors(service);
  const { restApiId: apiId, deploymentStage } = api;
  mapApi(service, gateway, { apiId, stage: deploymentStage.stageName, mappingKey });
  return apiId;
}

/** Such as `GET /monthly`. A resource of the lower level has no path, so its construct's stands for it. */
function nameOf(method: apigateway.CfnMethod): string {
  const { resource } = { ...method.node.scope } as Partial<apigateway.Method>;
  return resource ? `${method.httpMethod} ${resource.path}` : `${method.httpMethod} of ${method.node.path}`;
}

function protectMethod(method: apigateway.CfnMethod, authorizerId: string): void {
  method.authorizationType = 'CUSTOM';
  method.authorizerId = authorizerId;
  method.authorizationScopes = undefined;
  const { type = '' } = { ...method.integration } as Partial<apigateway.CfnMethod.IntegrationProperty>;
  if (!type.startsWith('HTTP')) return;
  for (const [field, header] of Object.entries(IDENTITY_HEADERS)) {
    method.addPropertyOverride(
      `Integration.RequestParameters.integration\\.request\\.header\\.${header}`,
      `context.authorizer.${field}`,
    );
  }
}
