/** What protects an API of either kind. */
import { Annotations, ArnFormat, Aspects, Stack, Stage } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import type { IProtectingGateway } from '../interfaces';
import { refuse } from './validation';

export interface MappedApi {
  readonly apiId: string;
  readonly stage: string;
  /** Also the name of the service. */
  readonly mappingKey: string;
}

/** Makes an API reachable at the domain of the mesh. */
export function mapApi(
  scope: Construct,
  { customDomain }: IProtectingGateway,
  { apiId, stage, mappingKey: apiMappingKey }: MappedApi,
): apigatewayv2.CfnApiMapping {
  return new apigatewayv2.CfnApiMapping(scope, 'Mapping', {
    apiId,
    stage,
    domainName: customDomain.name,
    apiMappingKey,
  });
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

/**
 * The policy of a function has at most 20 KB, and each API takes about 400 bytes of it.
 * https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
const MOST_APIS = 40;

/** The number of APIs whose authorizers may invoke a function. */
const INVOKERS = new WeakMap<lambda.IFunction, number>();

/** Allows one authorizer of an API to invoke the function. */
export function allowInvocation(
  scope: Construct,
  handler: lambda.IFunction,
  { apiId, authorizerId }: { readonly apiId: string; readonly authorizerId: string },
): void {
  const count = (INVOKERS.get(handler) ?? 0) + 1;
  if (count > MOST_APIS) {
    const rule = `must be one of at most ${MOST_APIS} protected APIs of a mesh, because of the size of its authorizer's policy`;
    refuse(scope, 'api', rule, `number ${count}`);
  }
  INVOKERS.set(handler, count);
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

/**
 * The methods or routes whose authorization the mesh's authorizer has replaced. Synthesis warns of them, once for each API: an API
 * that decides itself who may do what, by IAM for example, no longer does.
 */
export class ReplacedAuthorizations {
  private readonly replaced = new Set<string>();

  constructor(service: Construct, api: IConstruct) {
    service.node.addValidation({
      validate: () => {
        if (this.replaced.size > 0) {
          const list = [...this.replaced].sort().join(', ');
          const message = `the mesh's authorizer decides on ${api.node.path} in place of the authorization of ${list}`;
          Annotations.of(service).addWarningV2('cdk-mtls-service-mesh:authorizationReplaced', message);
        }
        return [];
      },
    });
  }

  /**
   * @param what such as `GET /monthly`
   * @param type the authorization type before
   */
  add(what: string, type: string | undefined): void {
    if (type !== undefined && type !== 'NONE') this.replaced.add(`${what} (${type})`);
  }
}
