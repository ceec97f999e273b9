/**
 * The names and types that the parts of a mesh share: the constructs that write a template, the functions that the
 * template deploys, and the services behind the gateway. Each name is defined only here.
 */
import type { KeyAlgorithm } from '../pki/keys';

/** The ACM PCA template for client certificates. With it, the identity comes from the issuer and never from the CSR. */
export const CLIENT_CERTIFICATE_TEMPLATE = 'EndEntityClientAuthCertificate_APIPassthrough/V1';

// Requests for certificates, by clients that keep their own key

/** The JSON document that a client posts to the issuer's function URL. The response is a `CertificateDocument`. */
export interface CertificateRequestBody {
  readonly clientName: string;
  /** PKCS#10, PEM. */
  readonly certificateSigningRequest: string;
}

/** The JSON document that the issuer returns with every status other than 200. */
export interface CertificateRequestFailure {
  /** One sentence. */
  readonly message: string;
  /** The algorithm that the client's keys must have. Only if that of the request is another one. */
  readonly keyAlgorithm?: KeyAlgorithm;
}

/** The most valid certificates that a client can have for its own keys, unless its resource says otherwise. */
export const DEFAULT_CERTIFICATE_LIMIT = 100;

// What other apps need to know of a mesh

/** The fields of the mesh's SSM parameter, separated by commas, in this order. New ones are added at the end. */
export const MESH_PARAMETER_FIELDS = [
  'domainName',
  'apiId',
  'authorizerId',
  'deploymentFunctionArn',
  'rotationFunctionArn',
  'requestFunctionArn',
  'requestUrl',
  'certificateAuthorityArn',
  'signingAlgorithm',
] as const;

// Environment variables of the functions

/** The mesh's trust domain. All functions. */
export const TRUST_DOMAIN_VARIABLE = 'TRUST_DOMAIN';
/** Name of the registry's table. All functions. */
export const REGISTRY_TABLE_VARIABLE = 'REGISTRY_TABLE';
/**
 * The stacks whose custom resources the function serves, separated by commas: the ARN of its own, and the names of others in
 * the same Region. A `*` at the end of a name matches any text. The name of a stack in another account begins with the account's
 * ID and a slash. Issuer and publisher.
 */
export const STACKS_VARIABLE = 'STACKS';
/** The IDs of the other accounts in `STACKS`, separated by commas. Absent without any. Issuer. */
export const OTHER_ACCOUNTS_VARIABLE = 'OTHER_ACCOUNTS';
/** ARNs of the authorities that issue, or have issued, certificates, separated by commas. Issuer. */
export const CERTIFICATE_AUTHORITIES_VARIABLE = 'CERTIFICATE_AUTHORITIES';
/** Where the gateway's truststore is published. Issuer. This and the next three are absent without a gateway. */
export const TRUSTSTORE_BUCKET_VARIABLE = 'TRUSTSTORE_BUCKET';
export const TRUSTSTORE_KEY_VARIABLE = 'TRUSTSTORE_KEY';
export const TRUSTSTORE_VERSION_VARIABLE = 'TRUSTSTORE_VERSION';
/** The domain name that clients call the gateway at. Issuer. */
export const GATEWAY_DOMAIN_NAME_VARIABLE = 'GATEWAY_DOMAIN_NAME';

/** How the authorizer goes by what it has read from the registry. All times in whole seconds. */
export const AUTHORIZER_TIMES = {
  /** How long a caller is not looked up again. */
  revocationDelay: { variable: 'REVOCATION_DELAY_SECONDS', usual: 5, longest: 300 },
  /** How long after that an accepted caller stays accepted while the registry can't be read. */
  outageTolerance: { variable: 'OUTAGE_TOLERANCE_SECONDS', usual: 60, longest: 3_600 },
} as const;
export type AuthorizerTime = keyof typeof AUTHORIZER_TIMES;

// Revocation

/** Reasons for a revocation (RFC 5280, section 5.3.1), with the names that ACM PCA uses. */
export const REVOCATION_REASONS = [
  'UNSPECIFIED',
  'KEY_COMPROMISE',
  'CERTIFICATE_AUTHORITY_COMPROMISE',
  'AFFILIATION_CHANGED',
  'SUPERSEDED',
  'CESSATION_OF_OPERATION',
  'PRIVILEGE_WITHDRAWN',
  'A_A_COMPROMISE',
] as const;
export type RevocationReason = (typeof REVOCATION_REASONS)[number];

/** What an operator sends to the function that revokes certificates. The response is a `RevocationResult`. */
export interface RevocationOrder {
  readonly clientName: string;
  /** The certificates. If absent, all of the client. */
  readonly fingerprints?: readonly string[];
  readonly reason: RevocationReason;
  /** Who revokes them. The registry records it as it is stated; CloudTrail records who invoked the function. */
  readonly by: string;
}

export interface RevocationResult {
  readonly certificates: readonly RevokedCertificate[];
}

/** The name of the function's error for a client, or certificates of it, that the registry doesn't contain. */
export const UNKNOWN_CERTIFICATE_ERROR = 'UnknownCertificateError';

/** The result for one certificate. */
export interface RevokedCertificate {
  readonly serialNumber: string;
  readonly fingerprint: string;
  /** Whether it was revoked before. The earlier time and reason stay. */
  readonly already: boolean;
  /** Whether it had expired, so that only the registry records the revocation. */
  readonly expired: boolean;
  /** ISO 8601, UTC. */
  readonly revokedAt: string;
  readonly reason: RevocationReason;
  /** The later steps that failed, and why. The mesh refuses the certificate in any case. */
  readonly failures: readonly string[];
}

// Events and metrics

/** The source of the mesh's events on the account's default EventBridge bus. */
export const EVENT_SOURCE = 'mtls-service-mesh';

/** The detail types of the mesh's events. */
export type EventType =
  | 'Certificate Issued'
  | 'Certificate Rotated'
  | 'Certificate Rotation Failed'
  | 'Certificate Revoked'
  | 'Certificate Expiring'
  | 'Truststore Changed';

/** The detail of an event. Fields that do not apply are absent. */
export interface EventDetail {
  readonly trustDomain: string;
  readonly clientName?: string;
  readonly spiffeId?: string;
  readonly serialNumber?: string;
  readonly fingerprint?: string;
  /** ISO 8601, UTC. */
  readonly notAfter?: string;
  /** The reason of a revocation, or a sentence that says why a rotation failed. */
  readonly reason?: string;
}

/** The namespace of the mesh's metrics. Each metric has the dimension `METRIC_DIMENSION`. */
export const METRIC_NAMESPACE = 'MtlsServiceMesh';
export const METRIC_DIMENSION = 'TrustDomain';
/** The second dimension of requests denied, which are also counted without it. Its values are `DENIAL_REASONS`. */
export const REASON_DIMENSION = 'Reason';

/**
 * Why the authorizer denies a request, for logs and metrics. Every reason is a metric that costs money, so there must be few,
 * and nothing that a caller sends may be one.
 */
export const DENIAL_REASONS = [
  'AMBIGUOUS_REQUEST',
  'CERTIFICATE_UNKNOWN',
  'CLIENT_DISABLED',
  'CLIENT_UNKNOWN',
  'ERROR',
  'EXPIRED',
  'IDENTITY_AMBIGUOUS',
  'IDENTITY_UNKNOWN',
  'METHOD_NOT_ALLOWED',
  'NOT_A_CLIENT_CERTIFICATE',
  'NOT_GRANTED',
  'NOT_YET_VALID',
  'NO_CLIENT_CERTIFICATE',
  'REPLACED',
  'REVOKED',
  'WEAK_CERTIFICATE',
] as const;
export type DenialReason = (typeof DENIAL_REASONS)[number];

/** The mesh's metrics. The first four are counts of changes; the hourly run reports those about expiry. */
export const METRICS = {
  certificatesIssued: 'CertificatesIssued',
  rotationsSucceeded: 'RotationsSucceeded',
  rotationsFailed: 'RotationsFailed',
  certificatesRevoked: 'CertificatesRevoked',
  /** Number of events and metrics that could not be sent. */
  auditIncomplete: 'AuditIncomplete',
  /** Number of current certificates of enabled clients with less than a third of their validity left. */
  certificatesExpiring: 'CertificatesExpiring',
  /** Hours until the first current certificate of an enabled client expires. */
  hoursToExpiry: 'HoursToExpiry',
  /** Number of items that the hourly run could not read. */
  registryItemsMalformed: 'RegistryItemsMalformed',
  /** Days until the first authority above those certificates expires, trust anchors included. */
  daysToAuthorityExpiry: 'DaysToAuthorityExpiry',
  /** Number of lookups of a caller that the authorizer could not make. */
  registryUnavailable: 'RegistryUnavailable',
  /** Number of times that the revocation lists were published. */
  revocationListsPublished: 'RevocationListsPublished',
  /** Number of requests that the authorizer denied. Also by `REASON_DIMENSION`. */
  requestsDenied: 'RequestsDenied',
} as const;
export type Metric = (typeof METRICS)[keyof typeof METRICS];

// The caller's identity

/** The identified caller. */
export interface CallerIdentity {
  readonly clientName: string;
  readonly spiffeId: string;
  readonly serialNumber: string;
  readonly fingerprint: string;
}

/**
 * The caller of a request that the authorizer lets in: the `context` in its response, available as
 * `$context.authorizer.<name>`.
 */
export interface AuthorizedCaller extends CallerIdentity {
  /** The grant that lets the request in, such as `POST /schedule/events`. */
  readonly grant: string;
}

/** The headers that identify the caller to a service. The gateway overwrites them on every request. */
export const IDENTITY_HEADERS: Readonly<Record<keyof AuthorizedCaller, string>> = {
  clientName: 'x-mesh-client-name',
  spiffeId: 'x-mesh-spiffe-id',
  serialNumber: 'x-mesh-certificate-serial-number',
  fingerprint: 'x-mesh-certificate-fingerprint',
  grant: 'x-mesh-grant',
};

/** The header with the secret that proves to a backend at a public address that the gateway sent a request. */
export const GATEWAY_SECRET_HEADER = 'x-mesh-gateway-secret';
