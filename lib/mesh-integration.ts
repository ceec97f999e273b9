import { Stack } from 'aws-cdk-lib';
import { type HttpRouteIntegration, MappingValue, ParameterMapping } from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpLambdaIntegration, HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import { IDENTITY_HEADERS } from '../mesh/contract';
import type { MeshService } from './mesh-service';
import { checkText } from './private/validation';

/** What the two routes of a service lead to. */
interface ServiceIntegrations {
  /** For `/<name>` itself. */
  readonly root: HttpRouteIntegration;
  /** For everything below it. */
  readonly below: HttpRouteIntegration;
}

/**
 * What stands behind a service of the mesh.
 *
 * Either kind finds in the request's headers who calls: `x-mesh-client-name`, `x-mesh-spiffe-id`,
 * `x-mesh-certificate-serial-number` and `x-mesh-certificate-fingerprint`. The gateway writes them over whatever the
 * caller sent under these names.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-parameter-mapping.html
 */
export abstract class MeshIntegration {
  /**
   * A Lambda function, called with payload format 2.0. It sees the whole path, `/<name>/…`, and finds who calls in
   * `requestContext.authorizer.lambda` (`clientName`, `spiffeId`, `serialNumber`, `fingerprint`) as well.
   */
  static lambdaFunction(handler: lambda.IFunction): MeshIntegration {
    return new LambdaIntegration(handler);
  }

  /**
   * An HTTPS address on the internet. `/<name>` leads to `url`, and `/<name>/<path>` to `<url>/<path>`.
   *
   * The service there may believe the headers only if it answers nobody but this gateway: who reaches it by another way
   * can write them as he likes. API Gateway would call plain `http` too, but then any host on the way could.
   *
   * @param url `https`, without query, fragment and credentials.
   */
  static http(url: string): MeshIntegration {
    return new HttpIntegration(url);
  }

  /** @internal */
  abstract _bind(service: MeshService): ServiceIntegrations;
}

class LambdaIntegration extends MeshIntegration {
  constructor(private readonly handler: lambda.IFunction) {
    super();
  }

  override _bind(service: MeshService): ServiceIntegrations {
    const { api } = service.gateway;
    this.handler.addPermission('Permission', {
      scope: service,
      principal: new iam.ServicePrincipal('apigateway.amazonaws.com'),
      sourceArn: Stack.of(api).formatArn({
        service: 'execute-api',
        resource: api.apiId,
        resourceName: `*/*/${service.serviceName}*`,
      }),
    });
    const integration = new PermittedLambdaIntegration('Integration', this.handler, {
      parameterMapping: identityHeaders(),
    });
    return { root: integration, below: integration };
  }
}

/** One permission serves both routes of a service, so that a function's policy holds more services. */
class PermittedLambdaIntegration extends HttpLambdaIntegration {
  protected override completeBind(): void {}
}

class HttpIntegration extends MeshIntegration {
  constructor(private readonly url: string) {
    super();
  }

  override _bind(service: MeshService): ServiceIntegrations {
    checkText(service, 'url', this.url, urlProblem);
    const url = this.url.replace(/\/$/, '');
    return {
      root: new HttpUrlIntegration('Integration', url, { parameterMapping: identityHeaders() }),
      below: new HttpUrlIntegration('Integration', `${url}/{proxy}`, { parameterMapping: identityHeaders() }),
    };
  }
}

function urlProblem(text: string): string | undefined {
  // Braces would be path variables to API Gateway, and the URL parser passes over white space.
  if (/[\s{}]/.test(text)) return 'must have neither white space nor braces';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'https:') return 'must be an absolute https URL';
  if (/[?#]/.test(text)) return 'must have neither query nor fragment';
  if (url.username !== '' || url.password !== '') return 'must have no credentials';
  return undefined;
}

/** Overwritten, never appended: what a caller puts into these headers must not reach the service. */
function identityHeaders(): ParameterMapping {
  const mapping = new ParameterMapping();
  for (const [field, header] of Object.entries(IDENTITY_HEADERS)) {
    mapping.overwriteHeader(header, MappingValue.contextVariable(`authorizer.${field}`));
  }
  return mapping;
}
