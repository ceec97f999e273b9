/**
 * What crosses a border between two parts of a mesh: the constructs that write a template, the functions that the
 * template runs, the services that read a secret. Each name stands here once and nowhere else.
 */

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

/** The JSON document in a client's secret. */
export interface ClientSecret {
  /** The client's name in the mesh, a DNS label. */
  readonly clientName: string;
  /** `spiffe://<trust domain>/<client name>`, the certificate's only URI SAN. */
  readonly spiffeId: string;
  /** The client certificate (end-entity), one PEM block. */
  readonly certificate: string;
  /** The authorities above it, PEM: the issuing one first, the root last. */
  readonly certificateChain: string;
  /** PKCS#8, PEM, unencrypted. */
  readonly privateKey: string;
  /** Upper-case hexadecimal without separators, as `crypto.X509Certificate.serialNumber` prints it. */
  readonly serialNumber: string;
  /** ISO 8601, UTC. */
  readonly notBefore: string;
  /** ISO 8601, UTC. */
  readonly notAfter: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** SHA-256 over the DER certificate: upper-case hexadecimal pairs separated by colons. */
  readonly fingerprint: string;
}

/** The custom resource that publishes trust anchors into a truststore. CloudFormation makes every value a string. */
export const TRUSTSTORE_RESOURCE_TYPE = 'Custom::MtlsTruststore';

export interface TruststoreProperties {
  readonly BucketName: string;
  readonly ObjectKey: string;
  /** PEM texts; each may hold several certificates (an authority and the chain above it). */
  readonly CertificateAuthorities: readonly string[];
  /** `'true'`: when the resource is deleted, every version of every object in the bucket is deleted with it. */
  readonly EmptyOnDelete: string;
}

export interface TruststoreAttributes {
  /** The S3 version that holds the published bundle; goes into the domain's `TruststoreVersion`. */
  readonly VersionId: string;
}

/** The custom resource that issues a client's first certificate, and another one when a property changes. */
export const CLIENT_CERTIFICATE_RESOURCE_TYPE = 'Custom::MtlsClientCertificate';

export interface ClientCertificateProperties {
  /** ARN of the secret that receives the certificate. */
  readonly SecretId: string;
  readonly ClientName: string;
  readonly SpiffeId: string;
  /** Further DNS names for the certificate's subject alternative name; may be empty. */
  readonly DnsNames: readonly string[];
  readonly KeyAlgorithm: string;
  /** Whole hours, a decimal number. */
  readonly ValidityHours: string;
  readonly CertificateAuthorityArn: string;
  readonly SigningAlgorithm: string;
}

/** What CloudFormation may know about a certificate. Nothing here is secret. */
export interface ClientCertificateAttributes {
  readonly SerialNumber: string;
  readonly NotAfter: string;
  readonly Fingerprint: string;
  /** Version of the secret that holds the certificate. */
  readonly VersionId: string;
}

/** Environment of the authorizer function. */
export const AUTHORIZER_TRUST_DOMAIN_VARIABLE = 'TRUST_DOMAIN';

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
