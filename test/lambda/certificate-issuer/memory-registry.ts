import type {
  CertificateId,
  ClientProfile,
  Registry,
  RegistryEntry,
  Revocation,
} from '../../../lambda/certificate-issuer/registry';
import type { RegistryCertificate, RegistryClient } from '../../../pki/contract';

/** A registry that works like the one in DynamoDB. */
export class MemoryRegistry implements Registry {
  readonly clients = new Map<string, RegistryClient>();
  /** By fingerprint. */
  readonly certificates = new Map<string, RegistryCertificate>();

  async getClient(clientName: string): Promise<RegistryClient | undefined> {
    return this.clients.get(clientName);
  }

  async registerClient(profile: ClientProfile): Promise<void> {
    const state = this.clients.get(profile.clientName)?.state ?? 'ENABLED';
    this.clients.set(profile.clientName, { ...profile, state });
  }

  async removeClient(clientName: string): Promise<void> {
    this.clients.delete(clientName);
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
  }

  private change({ fingerprint }: CertificateId, changed: (known: RegistryCertificate) => RegistryCertificate): void {
    const known = this.certificates.get(fingerprint);
    if (known !== undefined) this.certificates.set(fingerprint, changed(known));
  }
}
