import { type Account, regionalArn } from '../../../account';
import { commonLogTime, type Event, eventBody, objectUnlessEmpty, queryParameters } from '../../shared/payload-format';
import type { HttpApiExchange } from './exchange';
import type { IntegrationRequest } from './parameter-mapping';
import { routePath } from './route-selection';

/**
 * The event of an authorizer, in payload format 2.0.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
 */
export function authorizerEvent(exchange: HttpApiExchange, identitySource: readonly string[], account: Account): Event {
  const { request, api, stage, path } = exchange;
  return {
    version: '2.0',
    type: 'REQUEST',
    routeArn: regionalArn(account, 'execute-api', `${api.id}/${stage.name}/${request.method}${path}`),
    identitySource,
    ...requestFields(exchange, request.headers, request.rawQuery),
    requestContext: requestContext(exchange),
  };
}

/**
 * The event of a function integration, in payload format 2.0. All header names are lower-case.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function integrationEvent(exchange: HttpApiExchange, { headers, rawQuery, path }: IntegrationRequest): Event {
  const { body } = exchange.request;
  return {
    version: '2.0',
    ...requestFields(exchange, headers, rawQuery),
    ...(path !== undefined && { rawPath: path }),
    requestContext: {
      ...requestContext(exchange),
      authorizer: exchange.route?.authorizerId && { lambda: exchange.authorizerContext },
    },
    ...eventBody(body, {
      contentType: headers.get('content-type'),
      contentEncoding: headers.get('content-encoding'),
    }),
  };
}

/** The ARN that a function's resource policy must allow for a route: `…:<api>/<stage>/<method>/<route path>`. */
export function routeSourceArn({ api, stage, request, route }: HttpApiExchange, account: Account): string {
  const path = route && routePath(route.key);
  return regionalArn(account, 'execute-api', `${api.id}/${stage.name}/${path ? request.method + path : '$default'}`);
}

function requestFields(exchange: HttpApiExchange, headers: ReadonlyMap<string, string>, rawQuery: string): Event {
  const { request, route, stage, path, pathParameters } = exchange;
  const { sourceIp, port } = request.connection;
  const earlier = headers.get('x-forwarded-for');
  return {
    routeKey: route?.key.text,
    rawPath: path,
    rawQueryString: rawQuery,
    cookies: request.cookies.length > 0 ? request.cookies : undefined,
    headers: {
      ...Object.fromEntries(headers),
      'x-forwarded-for': earlier === undefined ? sourceIp : `${earlier}, ${sourceIp}`,
      'x-forwarded-port': String(port),
      'x-forwarded-proto': 'https',
    },
    queryStringParameters: objectUnlessEmpty(queryParameters(rawQuery)),
    pathParameters: objectUnlessEmpty(pathParameters),
    stageVariables: objectUnlessEmpty(stage.variables),
  };
}

function requestContext({ accountId, requestId, startedAt, request, api, stage, route, path }: HttpApiExchange): Event {
  const { domainName, sourceIp, clientCertificate } = request.connection;
  return {
    accountId,
    apiId: api.id,
    authentication: clientCertificate && { clientCert: clientCertificate },
    domainName,
    domainPrefix: domainName.split('.')[0],
    http: {
      method: request.method,
      path,
      protocol: request.protocol,
      sourceIp,
      userAgent: request.headers.get('user-agent') ?? '',
    },
    requestId,
    routeKey: route?.key.text,
    stage: stage.name,
    time: commonLogTime(startedAt),
    timeEpoch: startedAt.getTime(),
  };
}
