import type { LogEntry } from '../../../aws/cloudwatch';
import { LoggedMetrics } from '../../../aws/cloudwatch';
import { createIssuer, type IssuerOptions } from '../../../lambda/certificate-issuer/issuer';
import { MemoryObjects } from '../../aws/memory-objects';
import type { MemoryRegistry } from '../../registry/memory-registry';
import { type MemoryGateway, PUBLISHED } from './memory-gateway';
import { PROPERTIES } from './properties';

const trustDomain = 'mesh.example.com';

interface Surroundings extends Pick<IssuerOptions, 'secrets'> {
  readonly authority: IssuerOptions['acmPca'];
  readonly registry: MemoryRegistry;
  readonly bus: IssuerOptions['events'];
  readonly now?: () => Date;
  readonly gateway?: MemoryGateway;
}

/** For meshes whose authorities are all in ACM PCA. */
const NO_KMS_AUTHORITY: Pick<IssuerOptions, 'kms' | 'authorityStore'> = {
  kms: { sign: () => Promise.reject(new Error('no KMS key')) },
  authorityStore: { get: () => Promise.reject(new Error('no authority with a KMS key')) },
};

/** The issuer as the function puts it together, around the fakes of a test. */
export function issuerWith({ authority, bus, gateway, now = () => new Date(), ...services }: Surroundings) {
  const logs: LogEntry[] = [];
  const log = (entry: LogEntry) => void logs.push(entry);
  const issuer = createIssuer({
    ...services,
    acmPca: authority,
    ...NO_KMS_AUTHORITY,
    services: services.registry.services,
    survey: services.registry.survey,
    authorities: [PROPERTIES.CertificateAuthorityArn],
    trustDomain,
    objects: gateway ?? new MemoryObjects(),
    events: bus,
    metrics: new LoggedMetrics({ trustDomain, now, log }),
    gateway: gateway && { truststore: PUBLISHED, domain: gateway },
    now,
    log,
  });
  return {
    ...issuer,
    logs,
    /** The logged values of a metric, oldest first. */
    metric: (name: string) => logs.flatMap((entry) => (entry[name] === undefined ? [] : [entry[name]])),
  };
}
