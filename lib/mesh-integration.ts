import { Stack } from 'aws-cdk-lib';
import { type HttpRouteIntegration, MappingValue, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type { Construct } from 'constructs';
import { IDENTITY_HEADERS } from '../mesh/contract';
import type { IMtlsGateway } from './interfaces';
import { checkText } from './private/validation';

/** The service that a `MeshIntegration` is bound to. */
export interface MeshIntegrationBindOptions {
  /** The service. Add resources that the integration needs, such as permissions, to this scope. */
  readonly scope: Construct;

  /** The name of the service: the first segment of its paths. */
  readonly serviceName: string;

  /** The gateway of the service. */
  readonly gateway: IMtlsGateway;
}

/** The integrations of the two routes of a service. They may be the same. */
export interface MeshIntegrationConfig {
  /** The integration of `/<service name>`. */
  readonly root: HttpRouteIntegration;

  /** The integration of `/<service name>/{proxy+}`. */
  readonly below: HttpRouteIntegration;
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
 * declare const vpcLink: apigatewayv2.VpcLink;
 * declare const listener: elbv2.IApplicationListener;
 *
 * class LoadBalancerIntegration extends MeshIntegration {
 *   bind(): MeshIntegrationConfig {
 *     const integration = new HttpAlbIntegration('Integration', listener, {
 *       vpcLink,
 *       parameterMapping: MeshIntegration.identityHeaders(),
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
   * A public HTTPS URL. The gateway forwards `/<service name>` to `url`, and `/<service name>/<path>` to `<url>/<path>`.
   *
   * The backend can trust the identity headers only if it accepts requests from this gateway alone. Anyone who can reach
   * it another way can set these headers to any value. Plain `http` isn't allowed, because every host on the path could
   * change the headers.
   *
   * @param url an `https` URL without query, fragment, or credentials
   */
  static http(url: string): MeshIntegration {
    return new HttpIntegration(url);
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

class HttpIntegration extends MeshIntegration {
  constructor(private readonly url: string) {
    super();
  }

  override bind({ scope }: MeshIntegrationBindOptions): MeshIntegrationConfig {
    checkText(scope, 'url', this.url, urlProblem);
    const url = this.url.replace(/\/$/, '');
    const parameterMapping = MeshIntegration.identityHeaders();
    return {
      root: new HttpUrlIntegration('Integration', url, { parameterMapping }),
      below: new HttpUrlIntegration('Integration', `${url}/{proxy}`, { parameterMapping }),
    };
  }
}

function urlProblem(text: string): string | undefined {
  // API Gateway takes braces for path variables, and the URL parser ignores white space.
  if (/[\s{}]/.test(text)) return 'must contain neither white space nor braces';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') return 'must be an absolute https URL';
  if (/[?#]/.test(text)) return 'must contain neither a query nor a fragment';
  if (url.username !== '' || url.password !== '') return 'must not contain credentials';
  return undefined;
}
