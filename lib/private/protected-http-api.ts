import { Stack } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct, IConstruct } from 'constructs';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import type { IProtectingGateway } from '../interfaces';
import { allowInvocation, authorizerUri, changeAll, mapApi, ReplacedAuthorizations } from './api-protection';
import { contains, isResource } from './api-references';
import { refuseSideDoors } from './side-doors/validation';
import { refuse } from './validation';

/**
 * Puts the mesh's authorizer before all routes of the API, and the identity headers into its HTTP integrations.
 *
 * @returns the ID of the API
 */
export function protectHttpApi(
  service: Construct,
  api: apigatewayv2.IHttpApi,
  gateway: IProtectingGateway,
  mappingKey: string,
): string {
  if (!isResource(api.node.defaultChild, apigatewayv2.CfnApi)) {
    refuse(service, 'api', 'must be an HttpApi or a RestApi that the app defines', api.node.path);
  }
  const { defaultStage, apiId } = api;
  if (!defaultStage) refuse(service, 'api', 'must have a default stage', 'createDefaultStage: false');
  const authorizer = new apigatewayv2.CfnAuthorizer(service, 'Authorizer', {
    name: 'Mesh',
    apiId,
    authorizerType: 'REQUEST',
    authorizerUri: authorizerUri(service, gateway.handler),
    authorizerPayloadFormatVersion: '2.0',
    enableSimpleResponses: true,
    // A kept answer would decide about requests that the authorizer hasn't seen.
    authorizerResultTtlInSeconds: 0,
  });
  allowInvocation(service, gateway.handler, { apiId, authorizerId: authorizer.ref });
  const mapping = mapApi(service, gateway, { apiId, stage: defaultStage.stageName, mappingKey });

  const replaced = new ReplacedAuthorizations(service, api);
  const withoutPath = new Set<string>();
  const isOfApi = (node: IConstruct, id: string) => contains(node, id, api, apiId);
  changeAll(service, (node) => {
    if (isResource(node, apigatewayv2.CfnIntegration) && isOfApi(node, node.apiId)) sendIdentity(node);
    if (!(isResource(node, apigatewayv2.CfnRoute) && isOfApi(node, node.apiId))) return;
    if (node.authorizerId !== authorizer.ref) replaced.add(node.routeKey, node.authorizationType);
    protectRoute(node, authorizer.ref);
    // A route takes effect at once. Without its authorizer, the mapping would be a side door.
    if (Stack.of(node) === Stack.of(mapping)) mapping.node.addDependency(node);
    if (node.routeKey === '$default') withoutPath.add(node.node.path);
  });
  service.node.addValidation({
    validate: () =>
      [...withoutPath].map((path) => `${path}: routeKey must have a path, which grants can name, got $default`),
  });
  refuseSideDoors(service);
  return apiId;
}

function protectRoute(route: apigatewayv2.CfnRoute, authorizerId: string): void {
  route.authorizationType = 'CUSTOM';
  route.authorizerId = authorizerId;
  route.authorizationScopes = undefined;
}

/** Functions read the caller from the context of the event. */
function sendIdentity(integration: apigatewayv2.CfnIntegration): void {
  if (integration.integrationType !== 'HTTP_PROXY') return;
  for (const [field, header] of Object.entries(IDENTITY_HEADERS)) {
    integration.addPropertyOverride(`RequestParameters.overwrite:header\\.${header}`, `$context.authorizer.${field}`);
  }
}
