import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { TRUST_DOMAIN_VARIABLE } from '../../pki/contract';
import { brokenTrustDomainRule } from '../../pki/names';
import { logLine } from '../log';
import { Authorizer, type Decision } from './authorizer';
import { ClientCertificateReader } from './client-certificate-reader';

const authorizer = new Authorizer(new ClientCertificateReader(trustDomainOf(process.env)), () => new Date(), logLine);

export const handler = async (event: APIGatewayRequestAuthorizerEventV2): Promise<Decision> => authorizer.decide(event);

/** A function that doesn't know its trust domain doesn't start, and the gateway answers 500. */
function trustDomainOf(environment: NodeJS.ProcessEnv): string {
  const trustDomain = environment[TRUST_DOMAIN_VARIABLE] ?? '';
  const rule = brokenTrustDomainRule(trustDomain);
  if (rule !== undefined) {
    throw new Error(`environment variable ${TRUST_DOMAIN_VARIABLE} ${rule}, got ${JSON.stringify(trustDomain)}`);
  }
  return trustDomain;
}
