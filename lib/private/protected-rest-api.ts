import { ArnFormat, Aspects, Stack, Stage } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import { contains } from './api-references';
import { refuseSideDoors } from './side-doors/validation';
import { refuse } from './validation';

/** Puts the mesh's authorizer before all methods of the API, and the identity headers into its HTTP integrations. */
export function protectRestApi(service: Construct, api: apigateway.RestApi, handler: lambda.IFunction) {
  const { latestDeployment } = api;
  if (!latestDeployment) refuse(service, 'restApi', 'must be deployed by the CDK', 'deploy: false');
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
  // Methods, their authorizer, and the headers take effect with the next deployment of the API.
  latestDeployment.addToLogicalId({ meshAuthorizer: service.node.addr, headers: IDENTITY_HEADERS });

  const isMethod = (node: IConstruct): node is apigateway.CfnMethod =>
    node instanceof apigateway.CfnMethod && contains(node, node.restApiId, api, api.restApiId);
  // Aspects don't reach from an app into its stages.
  Aspects.of(Stage.of(service) ?? service.node.root).add({
    visit: (node) => {
      if (isMethod(node)) protectMethod(node, authorizer.ref);
    },
  });
  refuseSideDoors(service);
  return { apiId: api.restApiId, stage: api.deploymentStage.stageName };
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
