import { commonLogTime } from '../../shared/payload-format';
import type { Exchange } from './exchange';

type Variable = (exchange: Exchange) => string | number | undefined;

/**
 * The `$context` variables of both kinds of API, without the prefix `$context.`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
const VARIABLES: Readonly<Record<string, Variable>> = {
  accountId: ({ accountId }) => accountId,
  apiId: ({ api }) => api.id,
  'authorizer.error': ({ authorizerError }) => authorizerError,
  'customDomain.basePathMatched': ({ mapping }) => mapping.key.join('/'),
  domainName: ({ request }) => request.connection.domainName,
  domainPrefix: ({ request }) => request.connection.domainName.split('.')[0],
  'error.message': ({ error }) => error,
  'error.messageString': ({ error }) => error && JSON.stringify(error),
  httpMethod: ({ request }) => request.method,
  'identity.clientCert.clientCertPem': ({ request }) => request.connection.clientCertificate?.clientCertPem,
  'identity.clientCert.issuerDN': ({ request }) => request.connection.clientCertificate?.issuerDN,
  'identity.clientCert.serialNumber': ({ request }) => request.connection.clientCertificate?.serialNumber,
  'identity.clientCert.subjectDN': ({ request }) => request.connection.clientCertificate?.subjectDN,
  'identity.clientCert.validity.notAfter': ({ request }) => request.connection.clientCertificate?.validity.notAfter,
  'identity.clientCert.validity.notBefore': ({ request }) => request.connection.clientCertificate?.validity.notBefore,
  'identity.sourceIp': ({ request }) => request.connection.sourceIp,
  'identity.userAgent': ({ request }) => request.headers.get('user-agent'),
  'integration.error': ({ integrationError }) => integrationError,
  'integration.latency': ({ integrationLatency }) => integrationLatency,
  'integration.status': ({ integrationStatus }) => integrationStatus,
  integrationErrorMessage: ({ integrationError }) => integrationError,
  integrationLatency: ({ integrationLatency }) => integrationLatency,
  integrationStatus: ({ integrationStatus }) => integrationStatus,
  path: ({ path }) => path,
  protocol: ({ request }) => request.protocol,
  requestId: ({ requestId }) => requestId,
  requestTime: ({ startedAt }) => commonLogTime(startedAt),
  requestTimeEpoch: ({ startedAt }) => startedAt.getTime(),
  responseLatency: ({ responseLatency }) => responseLatency,
  responseLength: ({ responseLength }) => responseLength,
  stage: ({ stage }) => stage.name,
  status: ({ status }) => status,
};

/** The value of the variable as text. Undefined if it has no value or isn't supported. */
export function contextVariable(name: string, exchange: Exchange): string | undefined {
  const { ownVariables } = exchange;
  const value = Object.hasOwn(ownVariables, name) ? ownVariables[name] : commonVariable(name, exchange);
  return value === undefined ? undefined : String(value);
}

function commonVariable(name: string, exchange: Exchange): string | number | undefined {
  return Object.hasOwn(VARIABLES, name) ? VARIABLES[name]?.(exchange) : authorizerProperty(name, exchange);
}

/** `authorizer.<key>` is the value of a key in the authorizer's context. */
function authorizerProperty(name: string, { authorizerContext }: Exchange): string | undefined {
  const [, key] = /^authorizer\.(.+)$/.exec(name) ?? [];
  if (key === undefined || !Object.hasOwn(authorizerContext, key)) return undefined;
  const value = authorizerContext[key];
  if (value === null || value === undefined) return undefined;
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
