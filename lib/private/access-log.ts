/**
 * One line of the access log, in JSON. It contains the certificate that the handshake verified and the identity that the
 * authorizer determined: a refused caller has a `certificateSubject` but no `clientName`.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
 */
export const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: '$context.requestId',
  requestTime: '$context.requestTime',
  sourceIp: '$context.identity.sourceIp',
  method: '$context.httpMethod',
  path: '$context.path',
  route: '$context.routeKey',
  status: '$context.status',
  responseLatency: '$context.responseLatency',
  clientName: '$context.authorizer.clientName',
  spiffeId: '$context.authorizer.spiffeId',
  fingerprint: '$context.authorizer.fingerprint',
  certificateSubject: '$context.identity.clientCert.subjectDN',
  certificateIssuer: '$context.identity.clientCert.issuerDN',
  certificateSerialNumber: '$context.identity.clientCert.serialNumber',
  certificateNotAfter: '$context.identity.clientCert.validity.notAfter',
  authorizerError: '$context.authorizer.error',
  integrationError: '$context.integrationErrorMessage',
});
