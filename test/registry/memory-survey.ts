import { expiringFrom } from '../../mesh/expiry';
import { type AgendaTopic, NEVER } from '../../registry/agenda';
import {
  certificateKey,
  clientKey,
  type RegistryCertificate,
  type RegistryKey,
  serviceKey,
} from '../../registry/records';
import type { HeldCertificate, RegistryRecord } from '../../registry/stored-records';
import type { AgendaRange, RegistrySurvey } from '../../registry/survey';
import type { MemoryRegistry } from './memory-registry';

/** A survey that works like the one in DynamoDB. What is current and what is on the agenda follows from the records. */
export class MemorySurvey implements Pick<RegistrySurvey, keyof RegistrySurvey> {
  constructor(private readonly registry: MemoryRegistry) {}

  async *clientRecords(clientName: string): AsyncIterable<RegistryRecord> {
    for (const record of this.records()) if (nameIn(record) === clientName) yield record;
  }

  async *clients(): AsyncIterable<RegistryRecord> {
    for (const record of this.records()) if (this.dueAt(record, 'CLIENT') !== undefined) yield record;
  }

  async *services(): AsyncIterable<RegistryRecord> {
    for (const service of this.registry.services.services.values()) {
      yield { kind: 'service', service: { ...service, clientNames: [], revision: 0 } };
    }
  }

  async *find(keys: readonly RegistryKey[]): AsyncIterable<RegistryRecord> {
    const wanted = new Set(keys.map(({ partitionKey, sortKey }) => `${partitionKey} ${sortKey}`));
    for (const record of this.records()) {
      const { partitionKey, sortKey } = keyIn(record);
      if (wanted.has(`${partitionKey} ${sortKey}`)) yield record;
    }
  }

  async *agenda(topic: AgendaTopic, { from = '', to = '9' }: AgendaRange): AsyncIterable<RegistryRecord> {
    const due = [...this.records()].flatMap((record) => {
      const at = this.dueAt(record, topic);
      return at !== undefined && at >= from && at <= to ? [{ record, at }] : [];
    });
    yield* due.sort((one, other) => (one.at < other.at ? -1 : 1)).map(({ record }) => record);
  }

  async *certificatesOfAuthority(certificateAuthorityArn: string, at: Date): AsyncIterable<HeldCertificate> {
    const held = [...this.registry.certificates.values()].filter(
      (certificate) =>
        certificate.certificateAuthorityArn === certificateAuthorityArn && certificate.notAfter >= at.toISOString(),
    );
    for (const certificate of held.sort((one, other) => (one.notAfter < other.notAfter ? -1 : 1))) {
      yield { ...certificate, key: certificateKey(certificate.clientName, certificate.fingerprint) };
    }
  }

  private *records(): Iterable<RegistryRecord> {
    for (const certificate of this.registry.certificates.values()) yield { kind: 'certificate', certificate };
    for (const client of this.registry.clients.values()) {
      const { fingerprint, issuedAt } = this.currentOf(client.clientName) ?? {};
      const current = { currentCertificate: fingerprint, currentIssuedAt: issuedAt };
      const rotated = latest(this.onceCurrent(client.clientName).filter(({ issuedBy }) => issuedBy === 'rotation'));
      const lastRotation = rotated?.currentSince;
      yield { kind: 'client', client: Object.assign({ ...client }, current, { lastRotation }) };
    }
    for (const client of this.registry.externalClients.values()) {
      yield { kind: 'external client', client };
      const { clientName, authoritiesNotAfter: authorityNotAfter } = client;
      yield { kind: 'identity', identity: { clientName, authority: '', authorityNotAfter } };
    }
    for (const malformed of this.registry.malformed) yield { kind: 'malformed', malformed };
  }

  private dueAt(record: RegistryRecord, topic: AgendaTopic): string | undefined {
    switch (record.kind) {
      case 'client':
      case 'external client': {
        const current = this.currentOf(record.client.clientName);
        return topic === 'CLIENT' ? (current ? expiringFrom(current) : NEVER) : undefined;
      }
      case 'identity':
        return topic === 'TRUST_ANCHOR' ? record.identity.authorityNotAfter : undefined;
      case 'service':
        return topic === 'SERVICE' ? NEVER : undefined;
      case 'malformed':
        return '';
      case 'certificate': {
        const { fingerprint, status, refuseAfter, revokedAt = '', revokedAtAuthority } = record.certificate;
        if (this.registry.settled.has(fingerprint)) return undefined;
        if (topic === 'END_OF_OVERLAP' && status === 'ISSUED') return refuseAfter;
        if (topic === 'AUTHORITY_NOTICE' && status === 'REVOKED' && !revokedAtAuthority) return revokedAt;
        return undefined;
      }
    }
  }

  private currentOf(clientName: string): RegistryCertificate | undefined {
    return latest(this.onceCurrent(clientName));
  }

  private onceCurrent(clientName: string): readonly RegistryCertificate[] {
    return [...this.registry.certificates.values()].filter((one) => one.clientName === clientName && one.currentSince);
  }
}

function latest(certificates: readonly RegistryCertificate[]): RegistryCertificate | undefined {
  return [...certificates].sort((one, other) => (one.issuedAt < other.issuedAt ? 1 : -1))[0];
}

function nameIn(record: RegistryRecord): string {
  switch (record.kind) {
    case 'malformed':
      return record.malformed.clientName;
    case 'certificate':
      return record.certificate.clientName;
    case 'identity':
    case 'service':
      return '';
    default:
      return record.client.clientName;
  }
}

function keyIn(record: RegistryRecord): RegistryKey {
  if (record.kind === 'malformed') return record.malformed.key;
  if (record.kind === 'certificate') return certificateKey(nameIn(record), record.certificate.fingerprint);
  if (record.kind === 'service') return serviceKey(record.service.serviceName);
  return record.kind === 'identity' ? { partitionKey: '', sortKey: '' } : clientKey(nameIn(record));
}
