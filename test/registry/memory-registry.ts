import type {
  CertificateId,
  ClientProfile,
  ExternalClientProfile,
  ExternalRegistry,
  Registry,
  RegistryEntry,
  Revocation,
} from '../../lambda/certificate-issuer/registry';
import type {
  RegistryCertificate,
  RegistryClient,
  RegistryExternalClient,
  RegistryIdentity,
} from '../../registry/records';

/** A registry that works like the one in DynamoDB. */
export class MemoryRegistry implements Registry, ExternalRegistry {
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

  async noteCurrent(id: CertificateId, currentSince: string): Promise<void> {
    this.change(id, (known) => ({ currentSince, ...known }));
  }

  async noteRefusal(id: CertificateId, refuseAfter: string): Promise<void> {
    this.change(id, (known) => ({ refuseAfter, ...known }));
  }

  async revokeCertificate(id: CertificateId, { at, by, reason }: Revocation): Promise<boolean> {
    const known = this.certificates.get(id.fingerprint);
    if (known === undefined || (known.status === 'REVOKED' && known.revokedAt !== at)) return false;
    this.change(id, () => ({ ...known, status: 'REVOKED', revokedAt: at, revokedBy: by, revocationReason: reason }));
    return true;
  }

  async noteToldAuthority(id: CertificateId, revokedAtAuthority: string): Promise<void> {
    this.change(id, (known) => ({ revokedAtAuthority, ...known }));
  }

  async *entries(): AsyncIterable<RegistryEntry> {
    for (const certificate of this.certificates.values()) yield { kind: 'certificate', certificate };
    for (const client of this.clients.values()) yield { kind: 'client', client };
    for (const client of this.externalClients.values()) yield { kind: 'external client', client };
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
