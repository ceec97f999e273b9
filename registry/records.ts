/** The records of the registry and their keys. `items.ts` converts records to DynamoDB items and back. */
import { createHash } from 'node:crypto';
import type { RevocationReason } from '../mesh/contract';
import type { CertificateIdentity, CertificateIdentityKind } from '../mesh/external-identity';
import type { KeyAlgorithm } from '../pki/keys';
import type { SigningAlgorithm } from '../pki/signature';

/** The registry's table has a partition key and a sort key, both strings, and a TTL in seconds since 1970. */
export const REGISTRY_KEYS = { partitionKey: 'partitionKey', sortKey: 'sortKey', timeToLive: 'expiresAt' } as const;
/** How long a certificate stays in the registry after it has expired. */
export const REGISTRY_RETENTION_DAYS = 90;

/** The key of an item in the registry. */
export interface RegistryKey {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** The sort key of every certificate begins with it. */
export const CERTIFICATE_SORT_KEY_PREFIX = 'CERTIFICATE#';

export function clientKey(clientName: string): RegistryKey {
  return { partitionKey: `CLIENT#${clientName}`, sortKey: 'CLIENT' };
}

export function certificateKey(clientName: string, fingerprint: string): RegistryKey {
  return { partitionKey: `CLIENT#${clientName}`, sortKey: `${CERTIFICATE_SORT_KEY_PREFIX}${fingerprint}` };
}

/** A client in the registry, beside its key. */
export interface RegistryClient {
  readonly clientName: string;
  readonly spiffeId: string;
  /** A disabled client is refused whatever its certificate, and not rotated. */
  readonly state: 'ENABLED' | 'DISABLED';
  /** ARN of the client's secret; absent for a client that keeps its own key. */
  readonly secretId?: string;
  readonly dnsNames: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  readonly validityHours: number;
  readonly certificateAuthorityArn: string;
  readonly signingAlgorithm: SigningAlgorithm;
  /** `OverlapHours` of the client's resource. */
  readonly overlapHours?: number;
  /** `Requesters` of the client's resource. */
  readonly requesters?: readonly string[];
  /** The resource whose deletion takes the client away: ARN of its stack and its logical id. */
  readonly declaredBy?: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** `deployment`, or the ARN of the principal who changed it. */
  readonly updatedBy: string;
}

/** A certificate in the registry, beside its key. Times are ISO 8601, UTC, unless said otherwise. */
export interface RegistryCertificate {
  readonly clientName: string;
  readonly spiffeId: string;
  /** As in `ClientSecret`, and so the fingerprint. */
  readonly serialNumber: string;
  /** The issuer's distinguished name on one line. */
  readonly issuer: string;
  readonly certificateArn: string;
  readonly certificateAuthorityArn: string;
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** When the first of the authorities above it expires. */
  readonly authoritiesNotAfter: string;
  /** Version of the client's secret that the certificate was issued for; absent when its key is in no secret. */
  readonly secretVersionId?: string;
  readonly status: 'ISSUED' | 'REVOKED';
  readonly issuedAt: string;
  /** `request`: for a key that whoever asked keeps. */
  readonly issuedBy: 'deployment' | 'rotation' | 'request';
  /** ARN of the IAM role or user who asked for it, without a role's path; absent unless it was issued by request. */
  readonly requestedBy?: string;
  /**
   * When its secret version became the current one, or when a client without a secret asked for it; absent before, and
   * for good when a client with a secret asked. Of those that have it, the one issued last is the client's current
   * certificate: a version is never replaced by one that was issued before it.
   */
  readonly currentSince?: string;
  /** Refused from then on, though not revoked: set on a replaced certificate when its overlap is limited. */
  readonly refuseAfter?: string;
  readonly revokedAt?: string;
  /** `deployment`, `rotation`, or the ARN of the principal who revoked it. */
  readonly revokedBy?: string;
  readonly revocationReason?: RevocationReason;
  /** When the authority was told of the revocation; absent as long as it has not been. */
  readonly revokedAtAuthority?: string;
  /** Seconds since 1970; DynamoDB deletes the item some time after. */
  readonly expiresAt: number;
}

/**
 * Such a client in the registry, under the key of any client. While a client changes from issued to external or back, the
 * item holds the attributes of both.
 */
export interface RegistryExternalClient {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** The trust anchor's name; an item without it is no external client's. */
  readonly trustAnchor: string;
  readonly identityKind: CertificateIdentityKind;
  /** In its canonical form. */
  readonly identityValue: string;
  /** When the first of the anchor's authorities expires. ISO 8601, UTC. */
  readonly authoritiesNotAfter: string;
  /** Of all items that lead from a certificate to this client. */
  readonly identityIds: readonly string[];
  /** The resource whose deletion takes the client away: ARN of its stack and its logical id. */
  readonly registeredBy: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** `deployment`, or the ARN of the principal who changed it. */
  readonly updatedBy: string;
}

/** For which client a certificate of one authority and one identity stands, beside its key. */
export interface RegistryIdentity {
  readonly clientName: string;
  /** The authority that must have signed the certificate: PEM. A name alone proves nothing. */
  readonly authority: string;
}

/** @param issuer the authority's distinguished name, as Node.js prints it */
export function identityId(issuer: string, { kind, value }: CertificateIdentity): string {
  return createHash('sha256')
    .update(JSON.stringify([issuer, kind, value]))
    .digest('hex');
}

export function identityKey(id: string): RegistryKey {
  return { partitionKey: `IDENTITY#${id}`, sortKey: 'IDENTITY' };
}
