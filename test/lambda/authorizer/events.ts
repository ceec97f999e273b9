import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { type HeldGrant, heldGrant } from '../../../registry/admission';

/** Grants of everything at the API of the events. */
export const EVERYTHING: readonly HeldGrant[] = [heldGrant('a1b2c3 ANY /*')].flatMap((grant) => grant ?? []);

/** What the authorizer reads of an event of payload format 2.0. */
export function authorizerEvent(clientCertPem: unknown, said: Record<string, string> = {}) {
  return {
    routeKey: 'ANY /schedule/{proxy+}',
    pathParameters: { proxy: 'events' },
    rawPath: '/schedule/events',
    headers: { accept: '*/*' },
    requestContext: {
      apiId: 'a1b2c3',
      http: { method: 'GET', path: '/schedule/events', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' },
      authentication: {
        clientCert: {
          clientCertPem,
          subjectDN: 'CN=mail',
          issuerDN: 'CN=Test Root',
          serialNumber: '1',
          validity: { notBefore: 'Aug  5 09:36:04 2021 GMT', notAfter: 'Aug  5 09:36:04 2031 GMT' },
          ...said,
        },
      },
    },
  } as unknown as Pick<
    APIGatewayRequestAuthorizerEventV2,
    'headers' | 'queryStringParameters' | 'rawPath' | 'routeKey' | 'pathParameters' | 'requestContext'
  >;
}
