import { Metrics } from '../../../aws/cloudwatch';
import type { CertificateAuthority } from '../../../lambda/certificate-issuer/certificate-authority';
import { ClientCertificate } from '../../../lambda/certificate-issuer/issue/client-certificate-resource';
import type { GatewayTruststore } from '../../../lambda/certificate-issuer/issue/gateway-truststore';
import { CertificateIssuer } from '../../../lambda/certificate-issuer/issue/issuance';
import { Succession } from '../../../lambda/certificate-issuer/issue/promotion';
import { SecretVersions } from '../../../lambda/certificate-issuer/issue/secret-versions';
import { Maintenance } from '../../../lambda/certificate-issuer/maintain/maintenance';
import type { Registry } from '../../../lambda/certificate-issuer/registry';
import { ClientRequest } from '../../../lambda/certificate-issuer/request/client-request';
import { CertificateProof } from '../../../lambda/certificate-issuer/rotate/certificate-proof';
import { type Gateway, Handshake } from '../../../lambda/certificate-issuer/rotate/handshake';
import { Rotation } from '../../../lambda/certificate-issuer/rotate/rotation';
import type { SecretStore } from '../../../lambda/certificate-issuer/secret-store';
import type { LogEntry } from '../../../lambda/log';
import { Announcer, type EventBus } from '../../../registry/audit';
import { CertificateRevoker } from '../../../registry/revocation';

const TRUST_DOMAIN = 'mesh.example.com';

interface Surroundings {
  readonly authority: CertificateAuthority;
  readonly registry: Registry;
  readonly secrets: SecretStore;
  readonly bus: EventBus;
  readonly now?: () => Date;
  readonly gateway?: {
    readonly truststore: GatewayTruststore;
    readonly domain: Gateway;
  };
}

/** The issuer function's parts, put together as in its index, around ports of the test's. */
export function createIssuer({ authority, registry, secrets, bus, gateway, now = () => new Date() }: Surroundings) {
  const logs: LogEntry[] = [];
  const log = (entry: LogEntry) => void logs.push(entry);
  const announcer = new Announcer(bus, TRUST_DOMAIN, log);
  const metrics = new Metrics(TRUST_DOMAIN, now, log);
  const issuer = new CertificateIssuer(authority, registry, gateway?.truststore, announcer, metrics, now, log);
  const revoker = new CertificateRevoker(registry, announcer, metrics, now, log);
  const versions = new SecretVersions(issuer, registry, revoker, secrets, now, log);
  const succession = new Succession(registry, secrets, now, log);
  const handshake = gateway && new Handshake(gateway.domain, log);
  const proof = new CertificateProof(registry, gateway?.truststore, handshake, now);
  return {
    logs,
    clientCertificate: new ClientCertificate(TRUST_DOMAIN, registry, versions, succession, revoker, now, log),
    rotation: new Rotation(TRUST_DOMAIN, registry, secrets, versions, proof, succession, announcer, metrics, log),
    clientRequest: new ClientRequest(registry, issuer, now, log),
    maintenance: new Maintenance(registry, authority, revoker, announcer, metrics, now, log),
    /** The values of a metric that were logged, oldest first. */
    metric: (name: string) => logs.flatMap((entry) => (entry[name] === undefined ? [] : [entry[name]])),
  };
}
