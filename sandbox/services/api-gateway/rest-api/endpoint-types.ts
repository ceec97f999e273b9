import { invalid, UnsupportedSetting } from '../property-shapes';
import type { Domain } from '../state';

/** The endpoint types of REST APIs. https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-endpoint-types.html */
export const ENDPOINT_TYPES = ['REGIONAL', 'EDGE', 'PRIVATE'] as const;

export type EndpointType = (typeof ENDPOINT_TYPES)[number];

/**
 * Mutual TLS protects regional APIs only: CloudFront or a VPC endpoint would end the TLS connection of the client.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html
 * @throws Error if an API with the endpoint type can't be mapped to the domain
 */
export function assertMappable(endpointType: EndpointType, { name, settings }: Domain): void {
  if (endpointType === 'PRIVATE') throw new UnsupportedSetting(`a mapping of ${name} to a PRIVATE REST API`);
  if (endpointType === 'EDGE' && settings.truststore) {
    throw invalid(
      `a REST API behind ${name}, which has mutual TLS, must have the endpoint type REGIONAL, got EDGE, which is the default`,
    );
  }
}
