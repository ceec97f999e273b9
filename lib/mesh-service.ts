import { HttpMethod, HttpRoute, HttpRouteKey } from 'aws-cdk-lib/aws-apigatewayv2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { serviceNameProblem } from '../mesh/names';
import type { ICertificateIssuer, IMeshClient, IServiceGateway } from './interfaces';
import type { MeshGrantOptions } from './mesh-grant';
import type { MeshIntegration } from './mesh-integration';
import { checkProps } from './private/properties/check';
import { SERVICE_PROPS } from './private/properties/interface-kinds';
import { ServiceRegistration } from './private/service-registration';
import { refuseSideDoors } from './private/side-doors/validation';
import { checkKnownText, refuse } from './private/validation';

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
  readonly gateway: IServiceGateway;

  /** The issuer of the clients' certificates, whose function also registers services and their grants. */
  readonly issuer: ICertificateIssuer;
}

/**
 * An API behind the mesh's domain. It receives the requests to `/<service name>` and the paths below it that its grants let in.
 *
 * Without a grant, the gateway answers a client with 403. A change of the grants takes effect within `revocationDelay` of the
 * mesh after it is deployed. The template has one line for each grant, such as `mail POST /schedule/events`.
 *
 * @example
 * declare const mesh: MtlsServiceMesh;
 * declare const integration: MeshIntegration;
 *
 * const schedule = mesh.addService('schedule', { integration });
 * schedule.allow(mesh.addClient('mail'), { methods: [apigatewayv2.HttpMethod.POST], path: '/events' });
 * schedule.allow(mesh.addClient('calendar'));
 */
export class MeshService extends Construct {
  /** The first segment of the service's paths. */
  readonly serviceName: string;

  /** The gateway that clients call the service through. */
  readonly gateway: IServiceGateway;

  /** The URL that clients call, without a slash at the end: `https://<domain name>/<service name>`. */
  readonly url: string;

  /**
   * The secret that the gateway sends to the backend in the header `x-mesh-gateway-secret`. The backend must refuse requests
   * without it: allow the backend to read it with `grantRead`. Undefined unless the integration is `MeshIntegration.http`.
   */
  readonly gatewaySecret?: secretsmanager.ISecret;

  private readonly registration: ServiceRegistration;
  private readonly issuer: ICertificateIssuer;

  constructor(scope: Construct, id: string, props: MeshServiceProps) {
    super(scope, id);

    checkProps(this, props, SERVICE_PROPS);
    checkKnownText(this, 'serviceName', props.serviceName, serviceNameProblem);
    this.serviceName = props.serviceName;
    this.issuer = props.issuer;
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

    const { serviceName, issuer } = props;
    this.registration = new ServiceRegistration(this, { serviceName, apiId: httpApi.apiId, issuer });
    refuseSideDoors(this);
  }

  /**
   * Lets a client call the service, or a part of it. Grants add up, in any order. Synthesis warns of a grant that changes
   * nothing because another one includes it.
   *
   * @param client a client of the same mesh, of any kind
   */
  allow(client: IMeshClient, options: MeshGrantOptions = {}): void {
    this.registration.allow(client, options);
  }

  /**
   * Lets every client of the mesh call the service, or a part of it, including clients that are added later, external clients,
   * and clients of other stacks.
   */
  allowAllClients(options: MeshGrantOptions = {}): void {
    this.registration.allowAllClients(options);
  }

  /**
   * How many secrets the service adds: one, unless it has none or is given one. None for another issuer.
   * @internal
   */
  _gatewaySecretsBy(issuer: ICertificateIssuer): number {
    const isOwn = this.gatewaySecret !== undefined && this.gatewaySecret.node.scope === this;
    return issuer === this.issuer && isOwn ? 1 : 0;
  }
}
