/** What crosses a border about clients whose certificates come from other authorities; contract.ts has the rest. */
import { createHash } from 'node:crypto';
import type { CertificateIdentity, CertificateIdentityKind } from '../pki/certificate-identity';
import type { RegistryKey } from '../registry/records';

/** Where the certificates of a trust anchor stand: in a property, or in one version of an object in S3. */
export type TrustAnchorProperties =
  | { readonly Pem: string }
  | { readonly BucketName: string; readonly ObjectKey: string; readonly VersionId: string };

/** The custom resource that makes a client known whose certificates the mesh does not issue. */
export const EXTERNAL_CLIENT_RESOURCE_TYPE = 'Custom::MtlsExternalClient';

export interface ExternalClientProperties {
  /** By which services know the client: of the mesh's own trust domain, whatever its certificate says. */
  readonly SpiffeId: string;
  readonly TrustAnchorName: string;
  readonly TrustAnchor: TrustAnchorProperties;
  readonly IdentityKind: CertificateIdentityKind;
  readonly IdentityValue: string;
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
