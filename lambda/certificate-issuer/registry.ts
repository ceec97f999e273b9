import type { RegistryExternalClient, RegistryIdentity } from '../../mesh/external-clients';
import type { RegistryCertificate, RegistryClient, RevocationReason } from '../../registry/records';

/** What a deployment says of a client; its state is not a deployment's business. */
export type ClientProfile = Omit<RegistryClient, 'state'>;

/** Likewise of a client whose certificates come from another authority. */
export type ExternalClientProfile = Omit<RegistryExternalClient, 'state'>;

/** A client's name is that of a client already which another resource declares. That one must be removed first. */
export class ClientTakenError extends Error {
  override readonly name = 'ClientTakenError';

  constructor(clientName: string, resource: string) {
    super(`client ${clientName} is declared by the resource ${resource} already: remove that in a deployment before`);
  }
}

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
  | { readonly kind: 'external client'; readonly client: RegistryExternalClient }
  | { readonly kind: 'certificate'; readonly certificate: RegistryCertificate };

/**
 * The clients of the mesh and every certificate issued to them. Reads see all writes before them; each write takes
 * effect as a whole or not at all, and a second time as if it were the first.
 */
export interface Registry {
  getClient(clientName: string, signal: AbortSignal): Promise<RegistryClient | undefined>;
  /**
   * A new client is enabled; one that is known keeps its state. Nothing is changed when another resource declares it,
   * which is then returned.
   */
  registerClient(profile: ClientProfile, signal: AbortSignal): Promise<string | undefined>;
  /** A client that has become an external one stays as such. */
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

/** The clients whose certificates come from other authorities, and what leads from a certificate to each. */
export interface ExternalRegistry {
  getExternalClient(clientName: string, signal: AbortSignal): Promise<RegistryExternalClient | undefined>;
  /** Likewise, also when the client is known as one that the mesh issues for. */
  registerExternalClient(profile: ExternalClientProfile, signal: AbortSignal): Promise<string | undefined>;
  /** A client that has become one that the mesh issues for stays as such; one registered by another resource stays. */
  removeExternalClient(clientName: string, registeredBy: string, signal: AbortSignal): Promise<void>;

  /** Certificates of that identity stand for the client from now on; the name of another one if they stand for that. */
  addIdentity(id: string, identity: RegistryIdentity, signal: AbortSignal): Promise<string | undefined>;
  /** Does nothing when they stand for another client. */
  removeIdentity(id: string, clientName: string, signal: AbortSignal): Promise<void>;
}
