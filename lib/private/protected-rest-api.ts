import { ArnFormat, Aspects, Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import { refuse } from './validation';

/** Puts the mesh's authorizer before all methods of the API, and the identity headers into its HTTP integrations. */
export function protectRestApi(service: Construct, api: apigateway.RestApi, handler: lambda.IFunction) {
  if (api.deploymentStage === undefined) refuse(service, 'restApi', 'must have a deployment stage', 'none');
  service.node.addValidation({ validate: () => sideDoorsOf(api.node.defaultChild as apigateway.CfnRestApi) });
  const authorizer = new apigateway.CfnAuthorizer(service, 'Authorizer', {
    name: 'Mesh',
    restApiId: api.restApiId,
    type: 'REQUEST',
    authorizerUri: Stack.of(service).formatArn({
      service: 'apigateway',
      account: 'lambda',
      resource: 'path/2015-03-31/functions',
      resourceName: `${handler.functionArn}/invocations`,
    }),
    // A kept policy would decide about requests that the authorizer hasn't seen.
    authorizerResultTtlInSeconds: 0,
  });
  handler.addPermission('RestApiPermission', {
    scope: service,
    principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Stack.of(service).formatArn({
      service: 'execute-api',
      resource: api.restApiId,
      resourceName: `authorizers/${authorizer.ref}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    }),
  });
  // Methods and their authorizer take effect with the next deployment of the API.
  api.latestDeployment?.addToLogicalId({ meshAuthorizer: service.node.addr });
  Aspects.of(service.node.root).add({
    visit: (node) => {
      if (!(node instanceof apigateway.CfnMethod) || node.restApiId !== api.restApiId) return;
      node.authorizationType = 'CUSTOM';
      node.authorizerId = authorizer.ref;
      node.authorizationScopes = undefined;
      if (!isHttp(node.integration)) return;
      for (const [field, header] of Object.entries(IDENTITY_HEADERS)) {
        node.addPropertyOverride(
          `Integration.RequestParameters.integration\\.request\\.header\\.${header}`,
          `context.authorizer.${field}`,
        );
      }
    },
  });
  return { apiId: api.restApiId, stage: api.deploymentStage.stageName };
}

function isHttp(integration: apigateway.CfnMethod['integration']): boolean {
  const { type = '' } = { ...integration } as Partial<apigateway.CfnMethod.IntegrationProperty>;
  return type.startsWith('HTTP');
}

function sideDoorsOf({ disableExecuteApiEndpoint, endpointConfiguration }: apigateway.CfnRestApi): string[] {
  const { types = ['EDGE'] } = {
    ...endpointConfiguration,
  } as Partial<apigateway.CfnRestApi.EndpointConfigurationProperty>;
  return [
    ...(disableExecuteApiEndpoint === true ? [] : ['disableExecuteApiEndpoint of the API must be true']),
    ...(types.join() === 'REGIONAL' ? [] : [`endpointTypes of the API must be REGIONAL, got ${types.join(', ')}`]),
  ];
}
