import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { StandingTable } from '../../registry/lookup';
import { registryTableOf, trustDomainOf } from '../environment';
import { logLine } from '../log';
import { Authorizer, type Decision } from './authorizer';
import { ClientCertificateReader } from './client-certificate-reader';
import { ExternalCallers } from './external-callers';
import { StandingMemory } from './issued-callers';

const now = () => new Date();

// A function that doesn't know its trust domain or its registry doesn't start, and the gateway answers 500.
const trustDomain = trustDomainOf(process.env);
const registry = new StandingTable(registryTableOf(process.env), process.env);
const authorizer = new Authorizer(
  new ClientCertificateReader(trustDomain),
  new StandingMemory(registry, now),
  new ExternalCallers(trustDomain, registry, now),
  now,
  logLine,
);

export const handler = (event: APIGatewayRequestAuthorizerEventV2): Promise<Decision> => authorizer.decide(event);
