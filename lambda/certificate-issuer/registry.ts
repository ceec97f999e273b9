import type { RegistryCertificate, RegistryClient, RevocationReason } from '../../pki/contract';

/** What a deployment says of a client; its state is not a deployment's business. */
export type ClientProfile = Omit<RegistryClient, 'state'>;

/** Which certificate. */
export type CertificateId = Pick<RegistryCertificate, 'clientName' | 'fingerprint'>;

export interface Revocation {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly by: 'deployment' | 'rotation';
  readonly reason: RevocationReason;
}

export type RegistryEntry =
  | { readonly kind: 'client'; readonly client: RegistryClient }
  | { readonly kind: 'certificate'; readonly certificate: RegistryCertificate };

/**
 * The clients of the mesh and every certificate issued to them. Reads see all writes before them; each write takes
 * effect as a whole or not at all, and a second time as if it were the first.
 */
export interface Registry {
  getClient(clientName: string, signal: AbortSignal): Promise<RegistryClient | undefined>;
  /** A new client is enabled; one that is known keeps its state. */
  registerClient(profile: ClientProfile, signal: AbortSignal): Promise<void>;
  removeClient(clientName: string, signal: AbortSignal): Promise<void>;

  getCertificate(id: CertificateId, signal: AbortSignal): Promise<RegistryCertificate | undefined>;
  certificatesOf(clientName: string, signal: AbortSignal): Promise<readonly RegistryCertificate[]>;
  /** A certificate that is known already stays as it is. */
  addCertificate(certificate: RegistryCertificate, signal: AbortSignal): Promise<void>;
  /** Since when the certificate is current; what is noted once stays. */
  noteCurrent(id: CertificateId, since: string, signal: AbortSignal): Promise<void>;
  /** From when on the certificate is refused; what is noted once stays. */
  noteRefusal(id: CertificateId, after: string, signal: AbortSignal): Promise<void>;
  /** False when the certificate was revoked before, or is not known. */
  revokeCertificate(id: CertificateId, revocation: Revocation, signal: AbortSignal): Promise<boolean>;
  /** When the authority was told of the revocation. */
  noteToldAuthority(id: CertificateId, at: string, signal: AbortSignal): Promise<void>;

  /** All there is, in no order. */
  entries(signal: AbortSignal): AsyncIterable<RegistryEntry>;
}
