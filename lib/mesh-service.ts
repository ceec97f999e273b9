import { HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { clientNameProblem } from '../mesh/names';
import type { MeshIntegration } from './mesh-integration';
import type { MtlsGateway } from './mtls-gateway';
import { checkText } from './private/validation';

/** What can be chosen for a service. */
export interface MeshServiceOptions {
  /** What stands behind the service. */
  readonly integration: MeshIntegration;
}

/** Properties of a `MeshService`. */
export interface MeshServiceProps extends MeshServiceOptions {
  /**
   * The first segment of the service's paths: a DNS label (RFC 1123) in lower case that starts with a letter; not `ping`
   * or `sping`, which API Gateway keeps for itself.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
   */
  readonly serviceName: string;

  /** The gateway through which it is called. */
  readonly gateway: MtlsGateway;
}

/** An API behind the mesh's domain, at `/<name>` and everything below it, for every HTTP method. */
export class MeshService extends Construct {
  /** The first segment of the service's paths. */
  readonly serviceName: string;

  /** The gateway through which it is called. */
  readonly gateway: MtlsGateway;

  /** Where clients call the service, without a slash at the end: `https://<domain name>/<name>`. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: MeshServiceProps) {
    super(scope, id);

    checkText(this, 'serviceName', props.serviceName, serviceNameProblem);
    this.serviceName = props.serviceName;
    this.gateway = props.gateway;
    this.url = `${props.gateway.url}/${props.serviceName}`;

    const httpApi = props.gateway.api;
    const { root, below } = props.integration._bind(this);
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
  if (name === 'ping' || name === 'sping') return 'must not be a path that API Gateway keeps for health checks';
  return clientNameProblem(name);
}
