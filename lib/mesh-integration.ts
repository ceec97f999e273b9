import { Stack } from 'aws-cdk-lib';
import { type HttpRouteIntegration, MappingValue, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import {
  HttpAlbIntegration,
  HttpLambdaIntegration,
  HttpNlbIntegration,
  HttpServiceDiscoveryIntegration,
} from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as servicediscovery from 'aws-cdk-lib/aws-servicediscovery';
import type { Construct } from 'constructs';
import { IDENTITY_HEADERS } from '../mesh/contract';
import type { IServiceGateway } from './interfaces';
import type {
  CloudMapIntegrationOptions,
  PrivateIntegrationOptions,
  PublicIntegrationOptions,
} from './mesh-integration-options';
import { type PrivateTarget, privateIntegrations } from './private/private-integration';
import { checkOptions } from './private/properties/check';
import { lambdaFunction } from './private/properties/construct-kinds';
import { PRIVATE_INTEGRATION_OPTIONS } from './private/properties/interface-kinds';
import { publicIntegrations } from './private/public-integration';
import { checkKind } from './private/validation';

/** The service that a `MeshIntegration` is bound to. */
export interface MeshIntegrationBindOptions {
  /** The service. Add resources that the integration needs, such as permissions, to this scope. */
  readonly scope: Construct;

  /** The name of the service: the first segment of its paths. */
  readonly serviceName: string;

  /** The gateway of the service. */
  readonly gateway: IServiceGateway;
}

/** The integrations of the two routes of a service. They may be the same. */
export interface MeshIntegrationConfig {
  /** The integration of `/<service name>`. */
  readonly root: HttpRouteIntegration;

  /** The integration of `/<service name>/{proxy+}`. */
  readonly below: HttpRouteIntegration;

  /**
   * The secret that the gateway sends to the backend. `MeshService.gatewaySecret` returns it.
   * @default - none
   */
  readonly gatewaySecret?: secretsmanager.ISecret;
}

/**
 * The backend of a service.
 *
 * The request headers `x-mesh-client-name`, `x-mesh-spiffe-id`, `x-mesh-certificate-serial-number`, and
 * `x-mesh-certificate-fingerprint` identify the client to an HTTP backend. The authorizer refuses a request that brings
 * one of these headers itself with 403, and the gateway overwrites them. An application that forwards the headers of a
 * request that it received must leave these out. A Lambda function reads the client from
 * `requestContext.authorizer.lambda` instead.
 *
 * Extend this class to use another kind of integration.
 *
 * @example
 * class VersionedIntegration extends MeshIntegration {
 *   bind(options: MeshIntegrationBindOptions): MeshIntegrationConfig {
 *     const parameterMapping = MeshIntegration.identityHeaders()
 *       .overwriteHeader('x-service-version', apigatewayv2.MappingValue.custom('2'));
 *     const integration = new HttpUrlIntegration('Integration', `https://${options.serviceName}.example.com`, {
 *       parameterMapping,
 *     });
 *     return { root: integration, below: integration };
 *   }
 * }
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
export abstract class MeshIntegration {
  /**
   * A Lambda function, called with payload format 2.0. It receives the whole path, `/<service name>/…`, decoded twice. It
   * reads the client's identity from `requestContext.authorizer.lambda` (`clientName`, `spiffeId`, `serialNumber`,
   * `fingerprint`), which only the authorizer sets. AWS doesn't document that the identity headers reach a function.
   */
  static lambdaFunction(handler: lambda.IFunction): MeshIntegration {
    return new LambdaIntegration(handler);
  }

  /**
   * The listener of an Application Load Balancer in a VPC. The gateway forwards `/<service name>` to `/`, and
   * `/<service name>/<path>` to `/<path>`. The load balancer doesn't need a public address.
   *
   * The backend can trust the identity headers if only the VPC link can reach the load balancer.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
   */
  static applicationLoadBalancer(
    listener: elbv2.IApplicationListener,
    options: PrivateIntegrationOptions = {},
  ): MeshIntegration {
    return new PrivateIntegration((id, settings) => new HttpAlbIntegration(id, listener, settings), options);
  }

  /**
   * The listener of a Network Load Balancer in a VPC. The gateway forwards `/<service name>` to `/`, and
   * `/<service name>/<path>` to `/<path>`. The load balancer doesn't need a public address.
   *
   * The backend can trust the identity headers if only the VPC link can reach the load balancer.
   *
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
   */
  static networkLoadBalancer(
    listener: elbv2.INetworkListener,
    options: PrivateIntegrationOptions = {},
  ): MeshIntegration {
    return new PrivateIntegration((id, settings) => new HttpNlbIntegration(id, listener, settings), options);
  }

  /**
   * The instances of an AWS Cloud Map service, such as the tasks of an ECS service. The gateway forwards `/<service name>` to
   * `/`, and `/<service name>/<path>` to `/<path>`.
   *
   * The backend can trust the identity headers if only the VPC link can reach its instances.
   *
   * @param service a service with SRV records, or without DNS, because the gateway needs the ports of its instances
   * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-private.html
   */
  static cloudMap(service: servicediscovery.IService, options: CloudMapIntegrationOptions): MeshIntegration {
    return new PrivateIntegration(
      (id, settings) => new HttpServiceDiscoveryIntegration(id, service, settings),
      options,
    );
  }

  /**
   * A public HTTPS URL. The gateway forwards `/<service name>` to `url`, and `/<service name>/<path>` to `<url>/<path>`.
   *
   * Everyone can reach a public address and set the identity headers to any value. The gateway therefore sends a secret in
   * the header `x-mesh-gateway-secret`, over whatever the caller sent. The backend must refuse every request without this
   * secret. Compare it in constant time. `MeshService.gatewaySecret.grantRead` lets the backend read it. Where you can, use a
   * private backend instead.
   *
   * The template refers to the secret and doesn't contain it. Who can read the API's configuration (`apigateway:GET`) or the
   * events of its deployment can read the secret.
   *
   * Plain `http` isn't allowed, because every host on the path could read the secret and change the headers.
   *
   * @param url an `https` URL without query, fragment, or credentials
   * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
   */
  static http(url: string, options: PublicIntegrationOptions = {}): MeshIntegration {
    return new PublicIntegration(url, options);
  }

  /**
   * A parameter mapping that overwrites the identity headers with the identity that the authorizer determined. Every
   * integration needs it: without it, the backend receives the identity headers that the caller sent.
   */
  static identityHeaders(): ParameterMapping {
    const mapping = new ParameterMapping();
    for (const [field, header] of Object.entries(IDENTITY_HEADERS)) {
      // Overwritten, not appended: the value that the caller sent must not reach the backend.
      mapping.overwriteHeader(header, MappingValue.contextVariable(`authorizer.${field}`));
    }
    return mapping;
  }

  /** Returns the integrations of a service's routes. `MeshService` calls this method once for each service. */
  abstract bind(options: MeshIntegrationBindOptions): MeshIntegrationConfig;
}

class LambdaIntegration extends MeshIntegration {
  constructor(private readonly handler: lambda.IFunction) {
    super();
  }

  override bind({ scope, serviceName, gateway: { httpApi } }: MeshIntegrationBindOptions): MeshIntegrationConfig {
    checkKind(scope, 'handler', this.handler, lambdaFunction);
    this.handler.addPermission('Permission', {
      scope,
      principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(httpApi).formatArn({
        service: 'execute-api',
        resource: httpApi.apiId,
        resourceName: `*/*/${serviceName}*`,
      }),
    });
    const integration = new PermittedLambdaIntegration('Integration', this.handler, {
      parameterMapping: MeshIntegration.identityHeaders(),
    });
    return { root: integration, below: integration };
  }
}

/** Adds no permission for each route: one permission for both leaves room for more services in a function's policy. */
class PermittedLambdaIntegration extends HttpLambdaIntegration {
  protected override completeBind(): void {}
}

class PublicIntegration extends MeshIntegration {
  constructor(
    private readonly url: string,
    private readonly options: PublicIntegrationOptions,
  ) {
    super();
  }

  override bind({ scope, gateway: { encryptionKey } }: MeshIntegrationBindOptions): MeshIntegrationConfig {
    const options = { ...this.options, encryptionKey };
    return publicIntegrations(scope, this.url, MeshIntegration.identityHeaders(), options);
  }
}

class PrivateIntegration extends MeshIntegration {
  constructor(
    private readonly target: PrivateTarget,
    private readonly options: PrivateIntegrationOptions,
  ) {
    super();
  }

  override bind({ scope }: MeshIntegrationBindOptions): MeshIntegrationConfig {
    checkOptions(scope, 'options', this.options, PRIVATE_INTEGRATION_OPTIONS);
    return privateIntegrations(this.target, () => MeshIntegration.identityHeaders(), this.options);
  }
}
