/**
 * What crosses a border between two parts of a mesh: the constructs that write a template, the functions that the
 * template runs, the services that read a secret. Each name stands here once and nowhere else; what the registry holds
 * stands in registry-records.ts, what is about clients of other authorities in external-clients.ts.
 */

import type { TrustAnchorProperties } from './external-clients';

/** Key algorithms of client certificates, by their ACM PCA names. */
export const KEY_ALGORITHMS = ['EC_prime256v1', 'EC_secp384r1', 'RSA_2048', 'RSA_3072', 'RSA_4096'] as const;
export type KeyAlgorithm = (typeof KEY_ALGORITHMS)[number];

/**
 * Algorithms by which a certificate authority signs, by their ACM PCA names.
 * The family (RSA or ECDSA) must be that of the authority's key.
 */
export const SIGNING_ALGORITHMS = [
  'SHA256WITHECDSA',
  'SHA384WITHECDSA',
  'SHA512WITHECDSA',
  'SHA256WITHRSA',
  'SHA384WITHRSA',
  'SHA512WITHRSA',
] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** The ACM PCA template from which client certificates are issued: identity comes from the issuer, never from the CSR. */
export const CLIENT_CERTIFICATE_TEMPLATE = 'EndEntityClientAuthCertificate_APIPassthrough/V1';

/** A client certificate and what it says: part of a client's secret, and what the issuer answers to a request. */
export interface CertificateDocument {
  /** The client certificate (end-entity), one PEM block. */
  readonly certificate: string;
  /** The authorities above it, PEM: the issuing one first, the root last. */
  readonly certificateChain: string;
  /** Upper-case hexadecimal without separators, as `crypto.X509Certificate.serialNumber` prints it. */
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  /** SHA-256 over the DER certificate: upper-case hexadecimal pairs separated by colons. */
  readonly fingerprint: string;
}

/** The JSON document in a client's secret. */
export interface ClientSecret extends CertificateDocument {
  /** The client's name in the mesh, a DNS label. */
  readonly clientName: string;
  /** `spiffe://<trust domain>/<client name>`, the certificate's only URI SAN. */
  readonly spiffeId: string;
  /** PKCS#8, PEM, unencrypted. */
  readonly privateKey: string;
  readonly keyAlgorithm: KeyAlgorithm;
}

/** The JSON that a client which keeps its own key posts to the issuer's function URL. The answer is a `CertificateDocument`. */
export interface CertificateRequestBody {
  /** Of which client. */
  readonly clientName: string;
  /** PKCS#10, PEM. */
  readonly certificateSigningRequest: string;
}

/** The JSON that the issuer answers with any status but 200. */
export interface RequestFailure {
  /** One sentence. */
  readonly message: string;
}

/** The custom resource that publishes trust anchors into a truststore. CloudFormation makes every value a string. */
export const TRUSTSTORE_RESOURCE_TYPE = 'Custom::MtlsTruststore';

export interface TruststoreProperties {
  readonly BucketName: string;
  readonly ObjectKey: string;
  /** Those whose clients are let in. */
  readonly CertificateAuthorities: readonly TrustedAuthority[];
  /** The authorities of others, each with those above it; absent when there are none. */
  readonly TrustAnchors?: readonly TrustAnchorProperties[];
  /** `'true'`: when the resource is deleted, every version of every object in the bucket is deleted with it. */
  readonly EmptyOnDelete: string;
}

/** An authority that issues, or has issued, certificates of the mesh. */
export interface TrustedAuthority {
  readonly CertificateAuthorityArn: string;
  /** PEM of the authority and those above it. */
  readonly CertificateChain: string;
}

export interface TruststoreAttributes {
  /** The S3 version that holds the published bundle; goes into the domain's `TruststoreVersion`. */
  readonly VersionId: string;
}

/** The custom resource that is there once a domain goes by a version of its truststore. */
export const DOMAIN_TRUSTSTORE_RESOURCE_TYPE = 'Custom::MtlsDomainTruststore';

export interface DomainTruststoreProperties {
  readonly DomainName: string;
  /** The S3 version that the domain is to use. */
  readonly TruststoreVersion: string;
}

/**
 * The custom resource that registers a client and, unless it keeps its own key, issues its first certificate, and another
 * one when a property changes.
 */
export const CLIENT_CERTIFICATE_RESOURCE_TYPE = 'Custom::MtlsClientCertificate';

export interface ClientCertificateProperties {
  /** ARN of the secret that receives the certificate; absent for a client that keeps its own key. */
  readonly SecretId?: string;
  readonly ClientName: string;
  readonly SpiffeId: string;
  /** Further DNS names for the certificate's subject alternative name; may be empty. */
  readonly DnsNames: readonly string[];
  readonly KeyAlgorithm: string;
  /** Whole hours, a decimal number. */
  readonly ValidityHours: string;
  readonly CertificateAuthorityArn: string;
  readonly SigningAlgorithm: string;
  /** Whole hours that a certificate stays usable once another has replaced it; absent, until it expires. */
  readonly OverlapHours?: string;
  /** ARNs of the IAM roles and users that may have certificates issued for keys of their own; absent for none. */
  readonly Requesters?: readonly string[];
}

/** What CloudFormation may know about a certificate, if it caused one to be issued. Nothing here is secret. */
export interface ClientCertificateAttributes {
  readonly SerialNumber: string;
  readonly NotAfter: string;
  readonly Fingerprint: string;
  /** Version of the secret that holds the certificate. */
  readonly VersionId: string;
}

/** Environment of the functions: the mesh's trust domain (all of them). */
export const TRUST_DOMAIN_VARIABLE = 'TRUST_DOMAIN';
/** The name of the registry's table (all of them). */
export const REGISTRY_TABLE_VARIABLE = 'REGISTRY_TABLE';

/** Where the truststore of the gateway is published (issuer); absent, and so the next three, without a gateway. */
export const TRUSTSTORE_BUCKET_VARIABLE = 'TRUSTSTORE_BUCKET';
export const TRUSTSTORE_KEY_VARIABLE = 'TRUSTSTORE_KEY';
export const TRUSTSTORE_VERSION_VARIABLE = 'TRUSTSTORE_VERSION';
/** The name by which clients call the gateway (issuer). */
export const GATEWAY_DOMAIN_NAME_VARIABLE = 'GATEWAY_DOMAIN_NAME';

/** The source of the mesh's events on the account's default EventBridge bus. */
export const EVENT_SOURCE = 'mtls-service-mesh';

/** The detail types of those events. */
export type EventType =
  | 'Certificate Issued'
  | 'Certificate Rotated'
  | 'Certificate Rotation Failed'
  | 'Certificate Revoked'
  | 'Certificate Expiring'
  | 'Truststore Changed';

/** The detail of an event; what it is not about is absent. */
export interface EventDetail {
  readonly trustDomain: string;
  readonly clientName?: string;
  readonly spiffeId?: string;
  readonly serialNumber?: string;
  readonly fingerprint?: string;
  /** ISO 8601, UTC. */
  readonly notAfter?: string;
  /** A revocation's reason, or the sentence that says why a rotation failed. */
  readonly reason?: string;
}

/** The namespace of the mesh's metrics, each of which has the one dimension `METRIC_DIMENSION`. */
export const METRIC_NAMESPACE = 'MtlsServiceMesh';
export const METRIC_DIMENSION = 'TrustDomain';

/** The metrics: counts, but for the two that end in a unit of time, of which the smallest counts. */
export const METRICS = {
  certificatesIssued: 'CertificatesIssued',
  rotationsSucceeded: 'RotationsSucceeded',
  rotationsFailed: 'RotationsFailed',
  certificatesRevoked: 'CertificatesRevoked',
  /** How many of the current certificates of enabled clients have less than a third of their validity left, once an hour. */
  certificatesExpiring: 'CertificatesExpiring',
  /** Over the current certificates of enabled clients, once an hour. */
  hoursToExpiry: 'HoursToExpiry',
  /** Over the authorities above those certificates, trust anchors included, once an hour. */
  daysToAuthorityExpiry: 'DaysToAuthorityExpiry',
} as const;
export type Metric = (typeof METRICS)[keyof typeof METRICS];

/** Who calls, as the authorizer knows it: the `context` of its answer, readable as `$context.authorizer.<name>`. */
export interface CallerIdentity {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly serialNumber: string;
  readonly fingerprint: string;
}

/**
 * The headers in which a service reads who calls. The gateway overwrites them on every request,
 * so that whatever a caller put there is gone.
 */
export const IDENTITY_HEADERS: Readonly<Record<keyof CallerIdentity, string>> = {
  clientName: 'x-mesh-client-name',
  spiffeId: 'x-mesh-spiffe-id',
  serialNumber: 'x-mesh-certificate-serial-number',
  fingerprint: 'x-mesh-certificate-fingerprint',
};
