import { HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { clientNameProblem } from '../mesh/names';
import type { IMtlsGateway } from './interfaces';
import type { MeshIntegration } from './mesh-integration';
import { checkText, refuse } from './private/validation';

/** Options of a service. */
export interface MeshServiceOptions {
  /** The backend of the service. */
  readonly integration: MeshIntegration;
}

/** Properties of a `MeshService`. */
export interface MeshServiceProps extends MeshServiceOptions {
  /**
   * The first segment of the service's paths: a DNS label (RFC 1123) in lower case that starts with a letter. It can't be
   * `ping` or `sping`, which API Gateway reserves.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
   */
  readonly serviceName: string;

  /** The gateway that clients call the service through. */
  readonly gateway: IMtlsGateway;
}

/** An API behind the mesh's domain. It receives every request to `/<service name>` and the paths below it. */
export class MeshService extends Construct {
  /** The first segment of the service's paths. */
  readonly serviceName: string;

  /** The gateway that clients call the service through. */
  readonly gateway: IMtlsGateway;

  /** The URL that clients call, without a slash at the end: `https://<domain name>/<service name>`. */
  readonly url: string;

  /**
   * The secret that the gateway sends to the backend in the header `x-mesh-gateway-secret`. The backend must refuse requests
   * without it: allow the backend to read it with `grantRead`. Undefined unless the integration is `MeshIntegration.http`.
   */
  readonly gatewaySecret?: secretsmanager.ISecret;

  constructor(scope: Construct, id: string, props: MeshServiceProps) {
    super(scope, id);

    checkText(this, 'serviceName', props.serviceName, serviceNameProblem);
    this.serviceName = props.serviceName;
    this.gateway = props.gateway;
    this.url = `${props.gateway.url}/${props.serviceName}`;

    const { httpApi } = props.gateway;
    if (!httpApi.defaultAuthorizer) refuse(this, 'gateway', 'must have an httpApi with a default authorizer', 'none');
    const { root, below, gatewaySecret } = props.integration.bind({
      scope: this,
      serviceName: props.serviceName,
      gateway: props.gateway,
    });
    this.gatewaySecret = gatewaySecret;
    new HttpRoute(this, 'Root', {
      httpApi,
      routeKey: HttpRouteKey.with(`/${props.serviceName}`, HttpMethod.ANY),
      integration: root,
    });
    new HttpRoute(this, 'Below', {
      httpApi,
      routeKey: HttpRouteKey.with(`/${props.serviceName}/{proxy+}`, HttpMethod.ANY),
      integration: below,
    });
  }
}

function serviceNameProblem(name: string): string | undefined {
  if (name === 'ping' || name === 'sping') return 'must not be a path that API Gateway reserves for health checks';
  return clientNameProblem(name);
}
