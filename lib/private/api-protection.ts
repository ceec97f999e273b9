/** What protects an API of either kind. */
import { ArnFormat, Aspects, Stack, Stage } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';

/** The mesh's side of a protected API. */
export interface ProtectingGateway {
  readonly domain: apigatewayv2.IDomainName;
  /** The function of the authorizer. */
  readonly handler: lambda.IFunction;
}

export interface MappedApi {
  readonly apiId: string;
  readonly stage: string;
  /** Also the name of the service. */
  readonly mappingKey: string;
}

/** Makes an API reachable at the domain of the mesh. */
export function mapApi(
  scope: Construct,
  { domain }: ProtectingGateway,
  { apiId, stage, mappingKey: apiMappingKey }: MappedApi,
): apigatewayv2.CfnApiMapping {
  return new apigatewayv2.CfnApiMapping(scope, 'Mapping', { apiId, stage, domainName: domain.name, apiMappingKey });
}

/** The URI by which an authorizer of either kind of API invokes a function. */
export function authorizerUri(scope: Construct, handler: lambda.IFunction): string {
  return Stack.of(scope).formatArn({
    service: 'apigateway',
    account: 'lambda',
    resource: 'path/2015-03-31/functions',
    resourceName: `${handler.functionArn}/invocations`,
  });
}

/** Allows one authorizer of an API to invoke the function. */
export function allowInvocation(
  scope: Construct,
  handler: lambda.IFunction,
  { apiId, authorizerId }: { readonly apiId: string; readonly authorizerId: string },
): void {
  handler.addPermission('ApiPermission', {
    scope,
    principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
    sourceArn: Stack.of(scope).formatArn({
      service: 'execute-api',
      resource: apiId,
      resourceName: `authorizers/${authorizerId}`,
      arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
    }),
  });
}

/** Changes every construct of the app or the stage, also those that are added later. Aspects don't reach from an app into its stages. */
export function changeAll(scope: Construct, change: (node: IConstruct) => void): void {
  Aspects.of(Stage.of(scope) ?? scope.node.root).add({ visit: change });
}
