import { LoggedMetrics, logLine } from '../../aws/cloudwatch';
import { functionConnection } from '../../aws/connection';
import { failureSentence } from '../../aws/failure';
import { METRICS } from '../../mesh/contract';
import { RegistryLookup } from '../../registry/lookup';
import { memoryTimesIn, registryTableIn, trustDomainIn } from '../environment';
import { type HttpApiAnswer, httpApiAnswer, type RestApiAnswer, restApiAnswer } from './answers';
import { Authorizer } from './authorizer';
import { ClientCertificateReader } from './client-certificate-reader';
import { CommonGrants } from './common-grants';
import { ExternalCallers } from './external-callers';
import { type HttpApiEvent, httpApiRequest, isRestApiEvent, restApiRequest } from './gateway-request';
import { IssuedCallers } from './issued-callers';
import type { RegistryMemoryOptions } from './registry-memory';

const now = () => new Date();

// Without a trust domain or a registry, the function does not start, and the gateway returns 500.
const trustDomain = trustDomainIn(process.env);
const registry = new RegistryLookup(registryTableIn(process.env), functionConnection(process.env));
const metrics = new LoggedMetrics({ trustDomain, now, log: logLine });
const memory: RegistryMemoryOptions = {
  times: memoryTimesIn(process.env),
  now,
  onUnavailable(cause, isAccepted) {
    logLine({ event: 'registry-unavailable', reason: failureSentence(cause), isAccepted });
    void metrics.put(METRICS.registryUnavailable, 1);
  },
};
const authorizer = new Authorizer({
  certificates: new ClientCertificateReader(trustDomain),
  issuedCallers: new IssuedCallers(registry, memory),
  externalCallers: new ExternalCallers(trustDomain, registry, memory),
  commonGrants: new CommonGrants(registry, memory),
  log: logLine,
  metrics,
});

/** Answers events of both kinds of API, each in its own form. */
export const handler = async (event: unknown): Promise<HttpApiAnswer | RestApiAnswer> =>
  isRestApiEvent(event)
    ? restApiAnswer(await authorizer.decide(() => restApiRequest(event)), event)
    : httpApiAnswer(await authorizer.decide(() => httpApiRequest(event as HttpApiEvent)));
