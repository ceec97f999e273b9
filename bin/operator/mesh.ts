import type { EventDetail, EventType } from '../../mesh/contract';
import type { RegistryExternalClient } from '../../mesh/external-clients';
import type { RegistryCertificate, RegistryClient, RevocationReason } from '../../registry/records';

/** What an operator works on: one deployed mesh. */
export interface OperatedMesh {
  readonly trustDomain: string;
  readonly registry: Registry;
  readonly authority: Authority;
  readonly secrets: Secrets;
  readonly events: Events;
  /** Who operates, as the registry records it. */
  operator(): Promise<string>;
  now(): Date;
}

/** A client and every certificate of it that the registry keeps, in no order. */
export interface RegistryEntry {
  /** One that the mesh issues for, or one whose certificates come from a trust anchor. */
  readonly client: RegistryClient | RegistryExternalClient;
  readonly certificates: readonly RegistryCertificate[];
}

/** The mesh's registry. Reads see all writes before them. */
export interface Registry {
  entry(clientName: string): Promise<RegistryEntry | undefined>;
  entries(): Promise<readonly RegistryEntry[]>;
  setState(clientName: string, change: Pick<RegistryClient, 'state' | 'updatedAt' | 'updatedBy'>): Promise<void>;
  /** False when the certificate has been revoked meanwhile; that revocation stands. */
  markRevoked(certificate: RegistryCertificate, revocation: Revocation): Promise<boolean>;
  /** Notes when the authority was told of the revocation. */
  markAuthorityTold(certificate: RegistryCertificate, at: string): Promise<void>;
}

/** Of a certificate in the registry. */
export type Revocation = Required<Pick<RegistryCertificate, 'revokedAt' | 'revokedBy' | 'revocationReason'>>;

/** The certificate authorities of the mesh. */
export interface Authority {
  /** Does nothing for a certificate that the authority knows as revoked. */
  revoke(certificate: RegistryCertificate, reason: RevocationReason): Promise<void>;
}

/** The clients' secrets. */
export interface Secrets {
  /** Starts a rotation and gives the secret version that it is to make current. */
  rotate(secretId: string): Promise<string>;
}

/** Where others learn of what happens in the mesh. */
export interface Events {
  put(type: EventType, detail: EventDetail): Promise<void>;
}

/** What was asked can't be done; the message says why and what there is instead. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
