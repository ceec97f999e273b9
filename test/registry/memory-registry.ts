import type {
  RegistryCertificate,
  RegistryClient,
  RegistryExternalClient,
  RegistryIdentity,
} from '../../registry/records';
import type {
  CertificateId,
  ClientProfile,
  ExternalClientProfile,
  Registry,
  RegistryRecord,
  RevocationMark,
} from '../../registry/registry';

/** A registry that works like the one in DynamoDB. */
export class MemoryRegistry implements Pick<Registry, keyof Registry> {
  readonly clients = new Map<string, RegistryClient>();
  readonly externalClients = new Map<string, RegistryExternalClient>();
  /** By id. */
  readonly identities = new Map<string, RegistryIdentity>();
  /** By fingerprint. */
  readonly certificates = new Map<string, RegistryCertificate>();

  async getClient(clientName: string): Promise<RegistryClient | undefined> {
    return this.clients.get(clientName);
  }

  async registerClient(profile: ClientProfile): Promise<string | undefined> {
    const { declaredBy = profile.declaredBy } = this.clients.get(profile.clientName) ?? {};
    if (declaredBy !== profile.declaredBy) return declaredBy;
    const state = this.stateOf(profile.clientName);
    this.clients.set(profile.clientName, { ...profile, state });
    return undefined;
  }

  async removeClient(clientName: string): Promise<void> {
    this.clients.delete(clientName);
  }

  async getExternalClient(clientName: string): Promise<RegistryExternalClient | undefined> {
    return this.externalClients.get(clientName);
  }

  async registerExternalClient(profile: ExternalClientProfile): Promise<string | undefined> {
    const { registeredBy = profile.registeredBy } = this.externalClients.get(profile.clientName) ?? {};
    if (registeredBy !== profile.registeredBy) return registeredBy;
    const state = this.stateOf(profile.clientName);
    this.externalClients.set(profile.clientName, { ...profile, state });
    return undefined;
  }

  async removeExternalClient(clientName: string, registeredBy: string): Promise<void> {
    if (this.externalClients.get(clientName)?.registeredBy === registeredBy) this.externalClients.delete(clientName);
  }

  async addIdentity(id: string, identity: RegistryIdentity): Promise<string | undefined> {
    const { clientName = identity.clientName } = this.identities.get(id) ?? {};
    if (clientName !== identity.clientName) return clientName;
    this.identities.set(id, identity);
    return undefined;
  }

  async removeIdentity(id: string, clientName: string): Promise<void> {
    if (this.identities.get(id)?.clientName === clientName) this.identities.delete(id);
  }

  async getCertificate({ fingerprint }: CertificateId): Promise<RegistryCertificate | undefined> {
    return this.certificates.get(fingerprint);
  }

  async certificatesOf(clientName: string): Promise<readonly RegistryCertificate[]> {
    return [...this.certificates.values()].filter((certificate) => certificate.clientName === clientName);
  }

  async addCertificate(certificate: RegistryCertificate): Promise<void> {
    if (!this.certificates.has(certificate.fingerprint)) this.certificates.set(certificate.fingerprint, certificate);
  }

  async markCurrent(id: CertificateId, currentSince: string): Promise<void> {
    this.change(id, (known) => ({ currentSince, ...known }));
  }

  async markReplaced(id: CertificateId, refuseAfter: string): Promise<void> {
    this.change(id, (known) => ({ refuseAfter, ...known }));
  }

  async markRevoked(id: CertificateId, mark: RevocationMark): Promise<boolean> {
    const known = this.certificates.get(id.fingerprint);
    if (known === undefined || (known.status === 'REVOKED' && known.revokedAt !== mark.revokedAt)) return false;
    this.change(id, () => ({ ...known, status: 'REVOKED', ...mark }));
    return true;
  }

  async markAuthorityTold(id: CertificateId, revokedAtAuthority: string): Promise<void> {
    this.change(id, (known) => ({ revokedAtAuthority, ...known }));
  }

  async *records(): AsyncIterable<RegistryRecord> {
    for (const certificate of this.certificates.values()) yield { kind: 'certificate', certificate };
    for (const client of this.clients.values()) yield { kind: 'client', client };
    for (const client of this.externalClients.values()) yield { kind: 'external client', client };
  }

  async *clientRecords(clientName: string): AsyncIterable<RegistryRecord> {
    for await (const record of this.records()) {
      const { clientName: name } = record.kind === 'certificate' ? record.certificate : record.client;
      if (name === clientName) yield record;
    }
  }

  async setClientState(
    clientName: string,
    change: Pick<RegistryClient, 'state' | 'updatedAt' | 'updatedBy'>,
  ): Promise<void> {
    const issued = this.clients.get(clientName);
    if (issued) this.clients.set(clientName, { ...issued, ...change });
    const external = this.externalClients.get(clientName);
    if (external) this.externalClients.set(clientName, { ...external, ...change });
  }

  private stateOf(clientName: string): RegistryClient['state'] {
    const known = this.clients.get(clientName) ?? this.externalClients.get(clientName);
    return known?.state ?? 'ENABLED';
  }

  private change({ fingerprint }: CertificateId, changed: (known: RegistryCertificate) => RegistryCertificate): void {
    const known = this.certificates.get(fingerprint);
    if (known !== undefined) this.certificates.set(fingerprint, changed(known));
  }
}
