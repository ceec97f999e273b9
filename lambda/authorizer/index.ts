import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { RegistryLookup } from '../../registry/lookup';
import { registryTableIn, trustDomainIn } from '../environment';
import { Authorizer, type Decision } from './authorizer';
import { ClientCertificateReader } from './client-certificate-reader';
import { ExternalCallers } from './external-callers';
import { IssuedCallers } from './issued-callers';

const now = () => new Date();

// Without a trust domain or a registry, the function does not start, and the gateway returns 500.
const trustDomain = trustDomainIn(process.env);
const registry = new RegistryLookup(registryTableIn(process.env), functionConnection(process.env));
const authorizer = new Authorizer({
  certificates: new ClientCertificateReader(trustDomain),
  issuedCallers: new IssuedCallers(registry, now),
  externalCallers: new ExternalCallers(trustDomain, registry, now),
  log: logLine,
});

export const handler = (event: APIGatewayRequestAuthorizerEventV2): Promise<Decision> => authorizer.decide(event);
