import { CfnResource } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct, IConstruct } from 'constructs';
import { constructsAround, contains } from './api-references';

/** Synthesis fails if something else of the app leads to the API, because its domain may not demand a client certificate. */
export function assertNoOtherDomain(
  service: Construct,
  api: apigateway.RestApi,
  own: apigatewayv2.CfnApiMapping,
): void {
  service.node.addValidation({
    validate: () =>
      constructsAround(service)
        .filter((node) => node !== own && contains(node, leadingTo(node), api, api.restApiId))
        .map(({ node }) => `no other domain may lead to the API, got the mapping ${node.path}`),
  });
}

/** What a construct that leads from a domain to an API says about the API. Undefined for other constructs. */
function leadingTo(node: IConstruct): unknown {
  if (node instanceof apigatewayv2.CfnApiMapping) return node.apiId;
  if (node instanceof apigateway.CfnBasePathMapping) return node.restApiId;
  if (!CfnResource.isCfnResource(node)) return undefined;
  // Types that the oldest version of the CDK doesn't have.
  const { restApiId, actions } = node as { readonly restApiId?: unknown; readonly actions?: unknown };
  if (node.cfnResourceType === 'AWS::ApiGateway::BasePathMappingV2') return restApiId;
  return node.cfnResourceType === 'AWS::ApiGatewayV2::RoutingRule' ? actions : undefined;
}
