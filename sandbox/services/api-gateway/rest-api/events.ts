import { type Account, regionalArn } from '../../../account';
import { commonLogTime, type Event, objectUnlessEmpty } from '../../shared/payload-format';
import type { RestExchange } from './exchange';
import type { MappedParameters } from './parameter-mapping';

/** The fields of a header, by lower-case name. The name is that of the first line. */
type HeaderFields = Map<string, { readonly name: string; readonly values: readonly string[] }>;

/**
 * The event of a `REQUEST` authorizer.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html
 */
export function requestAuthorizerEvent(exchange: RestExchange, account: Account): Event {
  const { pathParameters, stage } = exchange;
  const query = new URLSearchParams(exchange.request.rawQuery);
  return {
    type: 'REQUEST',
    methodArn: methodArn(exchange, account),
    resource: exchange.resource?.path,
    path: exchange.request.encodedPath,
    httpMethod: exchange.request.method,
    ...headerMembers(requestHeaders(exchange)),
    queryStringParameters: Object.fromEntries(query),
    multiValueQueryStringParameters: multiValues(query),
    pathParameters: Object.fromEntries(pathParameters),
    stageVariables: Object.fromEntries(stage.variables),
    requestContext: requestContext(exchange),
  };
}

export function tokenAuthorizerEvent(exchange: RestExchange, authorizationToken: string, account: Account): Event {
  return { type: 'TOKEN', methodArn: methodArn(exchange, account), authorizationToken };
}

/**
 * The event of a proxy integration: payload format 1.0. Its members, what is null, and what is decoded were recorded from
 * AWS: https://github.com/localstack/localstack/blob/main/tests/aws/services/apigateway/test_apigateway_lambda.snapshot.json
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 *
 * The path includes the base path of the mapping, unlike the path of the method's ARN:
 * https://github.com/aws-powertools/powertools-lambda-python/issues/576
 */
export function proxyEvent(exchange: RestExchange, mapped: MappedParameters): Event {
  const { request, pathParameters, stage, authorizerContext, method } = exchange;
  const query = mappedQuery(exchange, mapped);
  return {
    resource: exchange.resource?.path,
    path: request.encodedPath,
    httpMethod: request.method,
    ...headerMembers(mappedHeaders(exchange, mapped)),
    queryStringParameters: objectUnlessEmpty(new Map(query)) ?? null,
    multiValueQueryStringParameters: query.size > 0 ? multiValues(query) : null,
    pathParameters: objectUnlessEmpty(withPathParameters(pathParameters, mapped)) ?? null,
    stageVariables: objectUnlessEmpty(stage.variables) ?? null,
    requestContext: {
      ...requestContext(exchange),
      authorizer: method?.authorizerId === undefined ? undefined : authorizerContext,
    },
    ...bodyMembers(exchange),
  };
}

/** The ARN of the request's method, as policies of authorizers name it. The path is the one that was sent. */
export function methodArn({ api, stage, request, path }: RestExchange, account: Account): string {
  return regionalArn(account, 'execute-api', `${api.id}/${stage.name}/${request.method}${path}`);
}

/** The ARN that a function's resource policy must allow for a method: `…:<api>/<stage>/<method>/<resource path>`. */
export function methodSourceArn({ api, stage, request, resource }: RestExchange, account: Account): string {
  return regionalArn(account, 'execute-api', `${api.id}/${stage.name}/${request.method}${resource?.path ?? '/'}`);
}

/**
 * The headers of the request to an integration: what the mapping sets is the only value of that name, whatever the case
 * in which the caller sent it. AWS doesn't document what a mapping without a value does. In the sandbox it removes the
 * header, so the caller's value never remains.
 */
export function mappedHeaders(exchange: RestExchange, mapped: MappedParameters): HeaderFields {
  const fields = requestHeaders(exchange);
  for (const [name, value] of mapped.headers) {
    fields.delete(name.toLowerCase());
    if (value !== undefined) fields.set(name.toLowerCase(), { name, values: [value] });
  }
  return fields;
}

export function mappedQuery({ request }: RestExchange, mapped: MappedParameters): URLSearchParams {
  const query = new URLSearchParams(request.rawQuery);
  for (const [name, value] of mapped.query) {
    query.delete(name);
    if (value !== undefined) query.append(name, value);
  }
  return query;
}

/** Whether the content type is one of the API's binary media types, whose `*` stands for any text. */
export function isBinary(contentType: string, binaryMediaTypes: readonly string[]): boolean {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return binaryMediaTypes.some((binary) => {
    const pattern = binary
      .toLowerCase()
      .replaceAll(/[.+^$(){}|[\]\\?]/g, '\\$&')
      .replaceAll('*', '.*');
    return new RegExp(`^${pattern}$`).test(type);
  });
}

function requestHeaders({ request }: RestExchange): HeaderFields {
  const { sourceIp, port } = request.connection;
  const fields: HeaderFields = new Map();
  const lines = request.headerLines.filter(([name]) => name.toLowerCase() !== 'content-length');
  for (const [givenName, value] of lines) {
    const key = givenName.toLowerCase();
    const { name, values } = fields.get(key) ?? { name: givenName, values: [] };
    fields.set(key, { name, values: [...values, value] });
  }
  const added = (name: string, value: string) => fields.set(name.toLowerCase(), { name, values: [value] });
  const earlier = fields.get('x-forwarded-for')?.values ?? [];
  added('X-Forwarded-For', [...earlier, sourceIp].join(', '));
  added('X-Forwarded-Port', String(port));
  added('X-Forwarded-Proto', 'https');
  added('X-Amzn-Trace-Id', request.headers.get('x-amzn-trace-id') ?? '');
  return fields;
}

/** Of several values of a header, `headers` has the last one. */
function headerMembers(fields: HeaderFields): Event {
  const entries = [...fields.values()];
  return {
    headers: Object.fromEntries(entries.map(({ name, values }) => [name, values.at(-1)])),
    multiValueHeaders: Object.fromEntries(entries.map(({ name, values }) => [name, values])),
  };
}

function multiValues(query: URLSearchParams): Event {
  return Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)]));
}

function withPathParameters(
  pathParameters: ReadonlyMap<string, string>,
  { path }: MappedParameters,
): ReadonlyMap<string, string> {
  const set = [...path].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]));
  return new Map([...pathParameters, ...set]);
}

/** Text, unless the content type is a binary media type of the API. */
function bodyMembers({ request, deployment }: RestExchange): Event {
  const { body, headers } = request;
  const isBase64Encoded = isBinary(headers.get('content-type') ?? 'application/json', deployment.binaryMediaTypes);
  const text = body.toString(isBase64Encoded ? 'base64' : 'utf8');
  return { body: body.length === 0 ? null : text, isBase64Encoded: body.length > 0 && isBase64Encoded };
}

function requestContext(exchange: RestExchange): Event {
  const { accountId, requestId, extendedRequestId, startedAt, request, api, stage, resource, deployment } = exchange;
  const { domainName, sourceIp, clientCertificate } = request.connection;
  return {
    accountId,
    apiId: api.id,
    deploymentId: deployment.id,
    domainName,
    domainPrefix: domainName.split('.')[0],
    extendedRequestId,
    httpMethod: request.method,
    identity: {
      accessKey: null,
      accountId: null,
      caller: null,
      clientCert: clientCertificate,
      cognitoAuthenticationProvider: null,
      cognitoAuthenticationType: null,
      cognitoIdentityId: null,
      cognitoIdentityPoolId: null,
      principalOrgId: null,
      sourceIp,
      user: null,
      userAgent: request.headers.get('user-agent') ?? null,
      userArn: null,
    },
    path: request.encodedPath,
    protocol: request.protocol,
    requestId,
    requestTime: commonLogTime(startedAt),
    requestTimeEpoch: startedAt.getTime(),
    resourceId: resource?.id,
    resourcePath: resource?.path,
    stage: stage.name,
  };
}
