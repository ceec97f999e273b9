import type { ClientProfile, ExternalClientProfile } from '../../registry/client-kinds';
import type {
  RegistryCertificate,
  RegistryClient,
  RegistryExternalClient,
  RegistryIdentity,
  RegistryPublicKey,
} from '../../registry/records';
import type { CertificateId, KeyClaim, Registry, RevocationMark } from '../../registry/registry';
import type { MalformedItem } from '../../registry/stored-records';
import { MemoryServices } from './memory-services';
import { MemorySurvey } from './memory-survey';

/** A registry that works like the one in DynamoDB. */
export class MemoryRegistry implements Pick<Registry, keyof Registry> {
  readonly clients = new Map<string, RegistryClient>();
  readonly externalClients = new Map<string, RegistryExternalClient>();
  /** By id. */
  readonly identities = new Map<string, RegistryIdentity>();
  /** By fingerprint. */
  readonly certificates = new Map<string, RegistryCertificate>();
  readonly malformed: MalformedItem[] = [];
  /** By hash. */
  readonly publicKeys = new Map<string, RegistryPublicKey>();
  /** Fingerprints of certificates that are off the agenda. */
  readonly settled = new Set<string>();
  readonly services = new MemoryServices();
  readonly survey = new MemorySurvey(this);
  /** The names of removed clients that were disabled. */
  private readonly disabled = new Set<string>();

  async getClient(clientName: string): Promise<RegistryClient | undefined> {
    return this.clients.get(clientName);
  }

  async registerClient(profile: ClientProfile, isUpdate: boolean): Promise<string | undefined> {
    const other = this.takenBy(profile.clientName, 'issued', profile.declaredBy, isUpdate);
    if (other !== undefined) return other;
    this.clients.set(profile.clientName, { ...profile, state: this.stateOf(profile.clientName) });
    return undefined;
  }

  async removeClient(clientName: string, declaredBy: string): Promise<boolean> {
    const known = this.clients.get(clientName);
    if (known !== undefined && known.declaredBy !== declaredBy) return false;
    if (known?.state === 'DISABLED') this.disabled.add(clientName);
    this.clients.delete(clientName);
    return true;
  }

  async getExternalClient(clientName: string): Promise<RegistryExternalClient | undefined> {
    return this.externalClients.get(clientName);
  }

  async registerExternalClient(profile: ExternalClientProfile, isUpdate: boolean): Promise<string | undefined> {
    const other = this.takenBy(profile.clientName, 'external', profile.registeredBy, isUpdate);
    if (other !== undefined) return other;
    const registeredRevision = Date.parse(profile.updatedAt);
    const state = this.stateOf(profile.clientName);
    this.externalClients.set(profile.clientName, { ...profile, registeredRevision, state });
    return undefined;
  }

  async removeExternalClient(clientName: string, registeredBy: string): Promise<boolean> {
    const known = this.externalClients.get(clientName);
    if (known !== undefined && known.registeredBy !== registeredBy) return false;
    if (known?.state === 'DISABLED') this.disabled.add(clientName);
    this.externalClients.delete(clientName);
    return true;
  }

  async claimKey(
    publicKeyHash: string,
    claim: Required<Pick<RegistryPublicKey, 'clientName' | 'expiresAt'>>,
  ): Promise<KeyClaim> {
    const known = this.publicKeys.get(publicKeyHash);
    if (known?.revokedAt !== undefined) return 'revoked';
    if (known !== undefined && known.clientName !== claim.clientName) return 'taken by another client';
    this.publicKeys.set(publicKeyHash, claim);
    return 'claimed';
  }

  async revokeKey(
    publicKeyHash: string,
    revoked: Required<Pick<RegistryPublicKey, 'clientName' | 'revokedAt'>>,
  ): Promise<void> {
    this.publicKeys.set(publicKeyHash, revoked);
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

  async markCurrent(certificate: CertificateId, currentSince: string): Promise<void> {
    this.change(certificate, (known) => ({ currentSince, ...known }));
  }

  async markReplaced(id: CertificateId, refuseAfter: string): Promise<void> {
    this.change(id, (known) => (known.status === 'REVOKED' ? known : { refuseAfter, ...known }));
  }

  async markRevoked(id: CertificateId, mark: RevocationMark): Promise<boolean> {
    const known = this.certificates.get(id.fingerprint);
    if (known === undefined) return this.markMalformed(id, mark);
    if (known.status === 'REVOKED' && known.revokedAt !== mark.revokedAt) return false;
    this.change(id, () => ({ ...known, status: 'REVOKED', ...mark }));
    return true;
  }

  async markAuthorityTold(id: CertificateId, revokedAtAuthority: string): Promise<void> {
    this.change(id, (known) => ({ revokedAtAuthority, ...known }));
  }

  async markExpiryReported(id: CertificateId, expiryReportedAt: string): Promise<void> {
    this.change(id, (known) => ({ ...known, expiryReportedAt }));
  }

  async markSettled({ fingerprint }: CertificateId): Promise<void> {
    this.settled.add(fingerprint);
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

  async markRotationFailed(
    clientName: string,
    failure: Required<Pick<RegistryClient, 'rotationFailedAt' | 'rotationFailure'>>,
  ): Promise<void> {
    const client = this.clients.get(clientName);
    if (client) this.clients.set(clientName, { ...client, ...failure });
  }

  private stateOf(clientName: string): RegistryClient['state'] {
    const known = this.clients.get(clientName) ?? this.externalClients.get(clientName);
    return known?.state ?? (this.disabled.has(clientName) ? 'DISABLED' : 'ENABLED');
  }

  /** The resource that already declares the client. */
  private takenBy(
    clientName: string,
    kind: 'issued' | 'external',
    resource: string,
    isUpdate: boolean,
  ): string | undefined {
    const issued = this.clients.get(clientName)?.declaredBy;
    const external = this.externalClients.get(clientName)?.registeredBy;
    const [own, other] = kind === 'issued' ? [issued, external] : [external, issued];
    const [stack] = resource.split(' ');
    const isOwn = own === resource || (isUpdate && own?.startsWith(`${stack} `));
    if (own !== undefined && !isOwn) return own;
    return other?.startsWith(`${stack} `) === false ? other : undefined;
  }

  private markMalformed({ fingerprint }: CertificateId, mark: RevocationMark): boolean {
    const index = this.malformed.findIndex(({ certificate }) => certificate?.fingerprint === fingerprint);
    const known = this.malformed[index];
    if (known?.certificate === undefined || known.certificate.status === 'REVOKED') return false;
    this.malformed[index] = { ...known, certificate: { ...known.certificate, status: 'REVOKED', ...mark } };
    return true;
  }

  private change({ fingerprint }: CertificateId, changed: (known: RegistryCertificate) => RegistryCertificate): void {
    const known = this.certificates.get(fingerprint);
    if (known !== undefined) this.certificates.set(fingerprint, changed(known));
  }
}
