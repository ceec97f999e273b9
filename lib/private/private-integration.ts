import {
  type HttpRouteIntegration,
  type IVpcLink,
  MappingValue,
  type ParameterMapping,
} from 'aws-cdk-lib/aws-apigatewayv2';
import type { PrivateIntegrationOptions } from '../mesh-integration-options';

interface Settings {
  readonly vpcLink?: IVpcLink;
  readonly secureServerName?: string;
  readonly parameterMapping: ParameterMapping;
}

/** Creates the integration of a load balancer or a Cloud Map service. */
export type PrivateTarget = (id: string, settings: Settings) => HttpRouteIntegration;

/**
 * The integrations of a target in a VPC. Its address is an ARN, which has no room for a path, so a mapping removes the
 * name of the service from the path.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
export function privateIntegrations(
  target: PrivateTarget,
  identityHeaders: () => ParameterMapping,
  { vpcLink, secureServerName }: PrivateIntegrationOptions,
) {
  const forwardedTo = (path: string) =>
    target('Integration', {
      vpcLink,
      secureServerName,
      parameterMapping: identityHeaders().overwritePath(MappingValue.custom(path)),
    });
  return { root: forwardedTo('/'), below: forwardedTo('/${request.path.proxy}') };
}
