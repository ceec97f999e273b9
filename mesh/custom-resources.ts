/**
 * The custom resources of a mesh, with their properties and attributes. CloudFormation passes every value as a string. Those of
 * authorities with keys in AWS KMS are in `kms-authority.ts`.
 */
import type { CertificateIdentityKind } from './external-identity';

/** Publishes certificate authorities and trust anchors into a truststore. */
export const TRUSTSTORE_RESOURCE_TYPE = 'Custom::MtlsTruststore';

export interface TruststoreProperties {
  readonly BucketName: string;
  readonly ObjectKey: string;
  /** The key of the object with `CertificateAuthorities` alone, for servers outside the gateway. */
  readonly ClientAuthoritiesKey: string;
  /** The authorities that issue, or have issued, the mesh's certificates. */
  readonly CertificateAuthorities: readonly TrustedAuthority[];
  /** The authorities of external clients, each with its chain. Absent if there are none. */
  readonly TrustAnchors?: readonly TrustAnchorProperties[];
  /** The `DeletionPolicy` of the registry's table. Absent for an adopted table, which isn't part of the stack. */
  readonly RegistryDeletionPolicy?: string;
  /** If `'true'`, deletion of the resource also deletes every version of every object in the bucket. */
  readonly EmptyOnDelete: string;
}

/** An authority that issues, or has issued, certificates of the mesh. */
export interface TrustedAuthority {
  readonly CertificateAuthorityArn: string;
  /** PEM of the authority and the authorities above it. */
  readonly CertificateChain: string;
}

export interface TruststoreAttributes {
  /** The S3 version of the published bundle. It becomes the domain's `TruststoreVersion`. */
  readonly VersionId: string;
}

/** Waits until a domain uses a version of its truststore. */
export const DOMAIN_TRUSTSTORE_RESOURCE_TYPE = 'Custom::MtlsDomainTruststore';

export interface DomainTruststoreProperties {
  readonly DomainName: string;
  /** The S3 version that the domain must use. */
  readonly TruststoreVersion: string;
  /** How long the domain must have used the version after a change of it. Whole seconds, a decimal number. */
  readonly PropagationSeconds: string;
}

/**
 * Registers a client. Unless the client keeps its own key, this resource also issues its first certificate, and a new
 * one when a property changes.
 */
export const CLIENT_CERTIFICATE_RESOURCE_TYPE = 'Custom::MtlsClientCertificate';

export interface ClientCertificateProperties {
  /** ARN of the secret that receives the certificate. Absent for a client that keeps its own key. */
  readonly SecretId?: string;
  readonly ClientName: string;
  readonly SpiffeId: string;
  /** Additional DNS names for the certificate's subject alternative name. May be empty. */
  readonly DnsNames: readonly string[];
  readonly KeyAlgorithm: string;
  /** Whole hours, a decimal number. */
  readonly ValidityHours: string;
  readonly CertificateAuthorityArn: string;
  readonly SigningAlgorithm: string;
  /** Whole hours for which a certificate stays valid after its replacement. If absent, until it expires. */
  readonly OverlapHours?: string;
  /** The most valid certificates for the client's own keys, a decimal number. If absent, `DEFAULT_CERTIFICATE_LIMIT`. */
  readonly CertificateLimit?: string;
  /** ARNs of the IAM roles and users that may request certificates for their own keys. Absent if there are none. */
  readonly Requesters?: readonly string[];
}

/** The attributes of an issued certificate. None of them is secret. */
export interface ClientCertificateAttributes {
  readonly SerialNumber: string;
  readonly NotAfter: string;
  readonly Fingerprint: string;
  /** Version of the secret that contains the certificate. */
  readonly VersionId: string;
}

/** Registers a client whose certificates the mesh does not issue. */
export const EXTERNAL_CLIENT_RESOURCE_TYPE = 'Custom::MtlsExternalClient';

export interface ExternalClientProperties {
  /** The client's SPIFFE ID for services. It is in the mesh's own trust domain and independent of the certificate. */
  readonly SpiffeId: string;
  readonly TrustAnchorName: string;
  readonly TrustAnchor: TrustAnchorProperties | PublishedTrustAnchorProperties;
  readonly IdentityKind: CertificateIdentityKind;
  readonly IdentityValue: string;
}

/** Registers a service and the grants of its clients. */
export const SERVICE_RESOURCE_TYPE = 'Custom::MtlsService';

export interface ServiceProperties {
  /** With another trust domain, the service is registered in another registry. */
  readonly TrustDomain: string;
  readonly ServiceName: string;
  /** The API that the service is part of. */
  readonly ApiId: string;
  /** The name of the service, if the API is an HTTP API that has it as the key of its mapping. */
  readonly MappingKey?: string;
  /** Each is a line of `declaredGrantText`, such as `mail POST /schedule/events`. May be empty. */
  readonly Grants: readonly string[];
}

/** Where the certificates of a trust anchor are: in the property itself, or in one version of an S3 object. */
export type TrustAnchorProperties =
  | { readonly Pem: string }
  | { readonly BucketName: string; readonly ObjectKey: string; readonly VersionId: string };

/**
 * Where another app finds the certificates of a trust anchor, in the SSM parameter of the trust anchor: PEM, or the name of a
 * bucket, a version ID, and an object key, separated by commas. Only CloudFormation knows which.
 */
export interface PublishedTrustAnchorProperties {
  readonly Published: string;
}
