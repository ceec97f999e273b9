import { CfnRestApi, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import type * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { Construct } from 'constructs';
import { serviceNameProblem } from '../mesh/names';
import type { ICertificateIssuer, IMeshClient, IProtectingGateway } from './interfaces';
import type { MeshGrantOptions } from './mesh-grant';
import { isResource } from './private/api-references';
import { checkProps } from './private/properties/check';
import { PROTECTED_API_PROPS } from './private/properties/interface-kinds';
import { protectHttpApi } from './private/protected-http-api';
import { protectRestApi } from './private/protected-rest-api';
import { ServiceRegistration } from './private/service-registration';
import { checkKnownText } from './private/validation';

/** Properties of a `ProtectedApi`. */
export interface ProtectedApiProps {
  /** An HTTP API or a regional REST API that the app defines, with `disableExecuteApiEndpoint`. */
  readonly api: RestApi | apigatewayv2.IHttpApi;

  /** The first segment of the API's paths, as `serviceName` of a `MeshService`. */
  readonly serviceName: string;

  /** The gateway whose domain gets the API, such as the gateway of a mesh. */
  readonly gateway: IProtectingGateway;

  /** The issuer of the clients' certificates, whose function also registers services and their grants. */
  readonly issuer: ICertificateIssuer;
}

/**
 * An HTTP API or a REST API of yours as a service of the mesh. Clients call it at `https://<domain name>/<service name>` and the
 * paths below it.
 *
 * The mesh's authorizer decides on all routes or methods of the API, in place of authorizers and IAM authorization that you have
 * set. It gives the client's identity to functions in `requestContext.authorizer`, and to HTTP backends in the identity headers.
 * Routes and methods that you add later are protected as well.
 *
 * Synthesis fails if clients could go around the mesh: if the `execute-api` endpoint is not disabled, if a REST API is
 * edge-optimized or private, or if another domain of the app leads to it. An imported API is refused, because the app can neither
 * check nor change it.
 *
 * Create it in the stack of the API, which may be another one than that of the mesh. `MtlsServiceMesh.protect` does so.
 *
 * @example
 * declare const mesh: MtlsServiceMesh;
 * declare const handler: lambda.Function;
 *
 * const reports = new apigateway.LambdaRestApi(this, 'Reports', {
 *   handler,
 *   endpointTypes: [apigateway.EndpointType.REGIONAL],
 *   disableExecuteApiEndpoint: true,
 * });
 * mesh.protect('reports', reports).allow(mesh.addClient('mail'), { path: '/monthly' });
 */
export class ProtectedApi extends Construct {
  /** The first segment of the API's paths. */
  readonly serviceName: string;

  /** The URL that clients call, without a slash at the end: `https://<domain name>/<service name>`. */
  readonly url: string;

  private readonly registration: ServiceRegistration;

  constructor(scope: Construct, id: string, props: ProtectedApiProps) {
    super(scope, id);

    checkProps(this, props, PROTECTED_API_PROPS);
    const { serviceName, gateway, issuer, api } = props;
    checkKnownText(this, 'serviceName', serviceName, serviceNameProblem);
    this.serviceName = serviceName;
    this.url = `${gateway.url}/${serviceName}`;
    const isRest = isRestApi(api);
    const apiId = isRest
      ? protectRestApi(this, api, gateway, serviceName)
      : protectHttpApi(this, api, gateway, serviceName);
    const mappingKey = isRest ? undefined : serviceName;
    this.registration = new ServiceRegistration(this, { serviceName, apiId, mappingKey, issuer });
  }

  /** Lets a client call the API, or a part of it, as `MeshService.allow` does. */
  allow(client: IMeshClient, options: MeshGrantOptions = {}): void {
    this.registration.allow(client, options);
  }

  /** Lets every client of the mesh call the API, or a part of it, as `MeshService.allowAllClients` does. */
  allowAllClients(options: MeshGrantOptions = {}): void {
    this.registration.allowAllClients(options);
  }
}

/** One whose methods are constructs: neither an imported one nor one of an OpenAPI document. */
function isRestApi(api: ProtectedApiProps['api']): api is RestApi {
  const resource = api.node.defaultChild;
  if (!isResource(resource, CfnRestApi)) return false;
  return resource.body === undefined && resource.bodyS3Location === undefined;
}
