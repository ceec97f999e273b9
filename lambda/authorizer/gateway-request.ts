import type { APIGatewayRequestAuthorizerEvent, APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';

/** A request as the event of an authorizer describes it, for either kind of API. Nothing of it is validated yet. */
export interface GatewayRequest {
  readonly apiId: string;
  readonly method: unknown;
  /** From the root of the domain, with the base path of the API's mapping. The first is the one that the service receives. */
  readonly paths: readonly unknown[];
  /** The path of the route, with the values of its parameters. Undefined for the route `$default`, and for a REST API. */
  readonly routePath?: string;
  readonly pathParameters: Readonly<Record<string, unknown>>;
  /** Several values of a header or a parameter are joined by commas. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly queryStringParameters: Readonly<Record<string, unknown>>;
  readonly clientCertPem: unknown;
}

export type HttpApiEvent = Pick<
  APIGatewayRequestAuthorizerEventV2,
  'headers' | 'queryStringParameters' | 'rawPath' | 'routeKey' | 'pathParameters' | 'requestContext'
>;

/**
 * Payload format 2.0. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 *
 * The paths of an API with a mapping key begin with the key according to some observers, and without it according to others:
 * https://github.com/KensioSoftware/yulin/pull/1037 and https://github.com/CodeGenieApp/serverless-express/issues/465. The
 * route and its parameters are the same for both.
 */
export function httpApiRequest(event: HttpApiEvent): GatewayRequest {
  const { requestContext } = event;
  const pathParameters = event.pathParameters ?? {};
  const [, template] = event.routeKey.split(' ');
  return {
    apiId: requestContext.apiId,
    method: requestContext.http.method,
    paths: [event.rawPath, requestContext.http.path],
    routePath: template?.replace(/\{(.+?)\+?\}/g, (_, name) => String(pathParameters[name])),
    pathParameters,
    headers: event.headers ?? {},
    queryStringParameters: event.queryStringParameters ?? {},
    clientCertPem: requestContext.authentication?.clientCert?.clientCertPem,
  };
}

export type RestApiEvent = Pick<
  APIGatewayRequestAuthorizerEvent,
  | 'methodArn'
  | 'httpMethod'
  | 'path'
  | 'pathParameters'
  | 'multiValueHeaders'
  | 'multiValueQueryStringParameters'
  | 'requestContext'
>;

/** https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html */
export function restApiRequest(event: RestApiEvent): GatewayRequest {
  const { requestContext } = event;
  return {
    apiId: requestContext.apiId,
    method: event.httpMethod,
    paths: [event.path, requestContext.path],
    pathParameters: event.pathParameters ?? {},
    headers: joined(event.multiValueHeaders),
    queryStringParameters: joined(event.multiValueQueryStringParameters),
    clientCertPem: requestContext.identity?.clientCert?.clientCertPem,
  };
}

/** Whether a REST API sent the event. An event of an HTTP API names its version. */
export function isRestApiEvent(event: unknown): event is RestApiEvent {
  const { type, version, methodArn } = Object(event) as Readonly<Record<string, unknown>>;
  return type === 'REQUEST' && version === undefined && typeof methodArn === 'string';
}

function joined(values: Readonly<Record<string, string[] | undefined>> | null): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(values ?? {}).map(([name, all = []]) => [name, all.join()]));
}
