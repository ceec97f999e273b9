/** The records of the registry and their keys. `items.ts` converts records to DynamoDB items and back. */
import { createHash } from 'node:crypto';
import type { RevocationReason } from '../mesh/contract';
import type { CertificateIdentity, CertificateIdentityKind } from '../mesh/external-identity';
import type { KeyAlgorithm } from '../pki/keys';
import type { SigningAlgorithm } from '../pki/signature';
import type { AgendaEntry } from './agenda';

/** The key attributes of the registry's table, both strings, and the TTL attribute, in seconds since 1970. */
export const REGISTRY_KEYS = { partitionKey: 'partitionKey', sortKey: 'sortKey', timeToLive: 'expiresAt' } as const;

/** The global secondary indexes of the table. Their keys are strings. An index contains the items that have both keys. */
export const REGISTRY_INDEXES = {
  /** What the hourly run looks after, with all attributes. */
  agenda: {
    name: 'Agenda',
    partitionKey: 'due' satisfies keyof AgendaEntry,
    sortKey: 'dueAt' satisfies keyof AgendaEntry,
  },
  /** Certificates of an authority in the order of their expiry. */
  certificateAuthority: {
    name: 'CertificateAuthority',
    partitionKey: 'certificateAuthorityArn' satisfies keyof RegistryCertificate,
    sortKey: 'notAfter' satisfies keyof RegistryCertificate,
    /** The attributes in addition to the keys. */
    attributes: [
      'spiffeId',
      'status',
      'notBefore',
      'refuseAfter',
      'authoritiesNotAfter',
    ] satisfies readonly (keyof RegistryCertificate)[],
  },
} as const;

/** How long a certificate stays in the registry after it has expired. */
export const REGISTRY_RETENTION_DAYS = 90;

/** The key of an item in the registry. */
export interface RegistryKey {
  readonly partitionKey: string;
  readonly sortKey: string;
}

/** The prefix of every certificate's sort key. */
export const CERTIFICATE_SORT_KEY_PREFIX = 'CERTIFICATE#';

export function clientKey(clientName: string): RegistryKey {
  return { partitionKey: `CLIENT#${clientName}`, sortKey: 'CLIENT' };
}

export function certificateKey(clientName: string, fingerprint: string): RegistryKey {
  return { partitionKey: `CLIENT#${clientName}`, sortKey: `${CERTIFICATE_SORT_KEY_PREFIX}${fingerprint}` };
}

/** The attributes of a client with issued certificates, in addition to its key. */
export interface RegistryClient {
  readonly clientName: string;
  readonly spiffeId: string;
  /** The mesh refuses every certificate of a disabled client, and does not rotate its secret. */
  readonly state: 'ENABLED' | 'DISABLED';
  /** ARN of the client's secret. Absent for a client that keeps its own key. */
  readonly secretId?: string;
  readonly dnsNames: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  readonly validityHours: number;
  readonly certificateAuthorityArn: string;
  readonly signingAlgorithm: SigningAlgorithm;
  /** `OverlapHours` of the client's resource. */
  readonly overlapHours?: number;
  /** `CertificateLimit` of the client's resource. */
  readonly certificateLimit?: number;
  /** `Requesters` of the client's resource. */
  readonly requesters?: readonly string[];
  /**
   * Fingerprint of the client's current certificate: of those that have `currentSince`, the most recently issued one. Absent
   * before the first.
   */
  readonly currentCertificate?: string;
  /** When the current certificate was issued. */
  readonly currentIssuedAt?: string;
  /** When the latest certificate of a rotation became current. */
  readonly lastRotation?: string;
  /** When a rotation failed, and why, in a sentence. Absent after it, or a deployment, has made a certificate current. */
  readonly rotationFailedAt?: string;
  readonly rotationFailure?: string;
  /** The resource whose deletion removes the client: the ARN of its stack and its logical ID, separated by a space. */
  readonly declaredBy: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** `deployment`, or the ARN of the principal that changed the client. */
  readonly updatedBy: string;
}

/** The attributes of a certificate, in addition to its key. Times are ISO 8601, UTC, unless stated otherwise. */
export interface RegistryCertificate {
  readonly clientName: string;
  readonly spiffeId: string;
  /** As in `ClientSecret`, like the fingerprint. */
  readonly serialNumber: string;
  /** The issuer's distinguished name on one line. */
  readonly issuer: string;
  /** Only of a certificate that ACM PCA keeps. */
  readonly certificateArn?: string;
  readonly certificateAuthorityArn: string;
  readonly fingerprint: string;
  readonly notBefore: string;
  readonly notAfter: string;
  /** When the first authority of its chain expires. */
  readonly authoritiesNotAfter: string;
  /**
   * The hash of `publicKeyHash` in `pki/keys.ts`. Absent from certificates that were recorded without it.
   */
  readonly publicKeyHash?: string;
  /** The version of the client's secret that the certificate was issued for. Absent if its key is not in a secret. */
  readonly secretVersionId?: string;
  readonly status: 'ISSUED' | 'REVOKED';
  readonly issuedAt: string;
  /** `request` means that the requester keeps the key. */
  readonly issuedBy: 'deployment' | 'rotation' | 'request';
  /** The ARN of the IAM role (without its path) or user that requested it. Absent unless `issuedBy` is `request`. */
  readonly requestedBy?: string;
  /**
   * When its secret version became current, or when a client without a secret requested it. Absent until then, and for
   * requested certificates of a client with a secret. A version never replaces one that was issued later.
   */
  readonly currentSince?: string;
  /** The mesh refuses the certificate from this time. Set on a replaced certificate when its overlap is limited. */
  readonly refuseAfter?: string;
  /** When its approaching expiry was last reported as an event. */
  readonly expiryReportedAt?: string;
  readonly revokedAt?: string;
  /** `deployment`, `rotation`, or the ARN of the principal that revoked the certificate. */
  readonly revokedBy?: string;
  readonly revocationReason?: RevocationReason;
  /** When it was revoked at its authority. */
  readonly revokedAtAuthority?: string;
  /** When DynamoDB may delete the item. Seconds since 1970. */
  readonly expiresAt: number;
}

/**
 * The attributes of an external client, in addition to its key. Both kinds of clients have the same key. While a client
 * changes from one kind to the other, its item contains the attributes of both.
 */
export interface RegistryExternalClient {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly state: 'ENABLED' | 'DISABLED';
  /** The trust anchor's name. Only items of external clients have it. */
  readonly trustAnchor: string;
  readonly identityKind: CertificateIdentityKind;
  /** In its canonical form. */
  readonly identityValue: string;
  /** When the first authority of the trust anchor expires. ISO 8601, UTC. */
  readonly authoritiesNotAfter: string;
  /** The IDs of the client's identities. */
  readonly identityIds: readonly string[];
  /** As `declaredBy` of a client with issued certificates. */
  readonly registeredBy: string;
  /** As in `RegistryClientRevisions`. */
  readonly registeredRevision?: number;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
  /** `deployment`, or the ARN of the principal that changed the client. */
  readonly updatedBy: string;
}

/** What remains of a disabled client that was removed, so that it is still disabled if a deployment adds it again. */
export interface RegistryRemovedClient
  extends Pick<RegistryClient, 'clientName' | 'spiffeId' | 'state' | 'updatedAt' | 'updatedBy'> {
  /** ISO 8601, UTC. */
  readonly removedAt: string;
}

/**
 * When the last request for each kind of a client was recorded. Milliseconds since 1970. No earlier request changes the client. The
 * item of a removed client keeps them: for a day, or for as long as it keeps the client disabled.
 */
export interface RegistryClientRevisions {
  /** Of the client with issued certificates. */
  readonly declaredRevision?: number;
  /** Of the external client. */
  readonly registeredRevision?: number;
}

/** What the resources of the same stack begin with. A resource is the ARN of its stack and its logical ID. */
export function stackPrefixOf(resource: string): string {
  return `${resource.split(' ')[0]} `;
}

/**
 * A service, and who may call it. The attributes in addition to the key. The item lists a client before its grants are written,
 * and for as long as the service exists, so that the next run finds whatever an interrupted or belated run has left behind.
 */
export interface RegistryService {
  readonly serviceName: string;
  /**
   * The API that the service is part of. A grant counts for its requests alone. For an HTTP API with a mapping key, a slash and the
   * key follow, because AWS doesn't document whether the paths of its events begin with the key.
   */
  readonly apiId: string;
  /** Each is the name of a client, or `*`, and a grant in the form of `grantText`, separated by a space. */
  readonly grants: readonly string[];
  /** The clients whose items have, or had, grants of the service. */
  readonly clientNames: readonly string[];
  /**
   * When the request was recorded that registered the service. Milliseconds since 1970. Neither the service nor a client's grants
   * of it are replaced by those of an earlier one, also after a removal.
   */
  readonly revision: number;
  /** As `declaredBy` of a client. */
  readonly declaredBy: string;
  /** ISO 8601, UTC. */
  readonly updatedAt: string;
}

/** @param resource a custom resource: the ARN of its stack and its logical ID */
export function requestsKey(resource: string): RegistryKey {
  return { partitionKey: `RESOURCE#${resource}`, sortKey: 'REQUESTS' };
}

export function serviceKey(serviceName: string): RegistryKey {
  return { partitionKey: `SERVICE#${serviceName}`, sortKey: 'SERVICE' };
}

/**
 * The item with the grants of a client, which services write and remove independently of the client itself. It has one
 * attribute for each service.
 * @param clientName the name of a client, or `*`
 */
export function grantsKey(clientName: string): RegistryKey {
  return { partitionKey: `CLIENT#${clientName}`, sortKey: 'GRANTS' };
}

const SERVICE_ATTRIBUTE_PREFIX = 'service_';

/**
 * The attribute with the grants of a service: a list with the ID of the API and a grant in the form of `grantText`, separated
 * by a space. Service names have no underscores.
 */
export function grantsAttribute(serviceName: string): string {
  return SERVICE_ATTRIBUTE_PREFIX + serviceName.replaceAll('-', '_');
}

/** The attribute with the `revision` of the service that wrote its grants last. */
export function revisionAttribute(serviceName: string): string {
  return `revision_${serviceName.replaceAll('-', '_')}`;
}

export function isGrantsAttribute(name: string): boolean {
  return name.startsWith(SERVICE_ATTRIBUTE_PREFIX);
}

/**
 * Assigns a public key to the only client that the mesh certifies it for. The attributes in addition to the key. The item
 * of a key that isn't revoked expires with the last certificate for it; the item of a revoked key stays.
 */
export interface RegistryPublicKey {
  readonly clientName: string;
  /** When DynamoDB may delete the item. Seconds since 1970. Absent for a revoked key. */
  readonly expiresAt?: number;
  /** When a certificate for the key was revoked for a reason that concerns the key. ISO 8601, UTC. */
  readonly revokedAt?: string;
}

export function publicKeyKey(publicKeyHash: string): RegistryKey {
  return { partitionKey: `PUBLIC_KEY#${publicKeyHash}`, sortKey: 'PUBLIC_KEY' };
}

/** Assigns the certificates of one authority with one identity to a client. The attributes in addition to the key. */
export interface RegistryIdentity {
  readonly clientName: string;
  /** PEM of the authority that must have signed the certificate. The authority's name alone proves nothing. */
  readonly authority: string;
  /** When the authority expires. ISO 8601, UTC. */
  readonly authorityNotAfter: string;
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
