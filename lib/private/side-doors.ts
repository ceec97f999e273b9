import { Stack } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import type { Construct, IConstruct } from 'constructs';

/** Synthesis fails if another mapping of the app leads to the API, because its domain may not demand a client certificate. */
export function assertNoOtherDomain(service: Construct, apiId: string, own: apigatewayv2.CfnApiMapping): void {
  const isOfApi = (node: IConstruct): boolean => {
    const id = node instanceof apigatewayv2.CfnApiMapping ? node.apiId : undefined;
    const restId = node instanceof apigateway.CfnBasePathMapping ? node.restApiId : undefined;
    return [id, restId].some((found) => found !== undefined && resolved(service, found) === resolved(service, apiId));
  };
  service.node.addValidation({
    validate: () =>
      service.node.root.node
        .findAll()
        .filter((node) => node !== own && isOfApi(node))
        .map((node) => `no other domain may lead to the API, got the mapping ${node.node.path}`),
  });
}

function resolved(scope: Construct, value: unknown): string {
  return JSON.stringify(Stack.of(scope).resolve(value));
}
