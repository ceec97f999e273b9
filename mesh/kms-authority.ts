/**
 * The names and types that the constructs and the functions of certificate authorities with keys in AWS KMS share. Each name is
 * defined only here.
 */
import type { SigningAlgorithm } from '../pki/signature';

/** Makes the certificate of an authority that a KMS key signs. */
export const CERTIFICATE_AUTHORITY_RESOURCE_TYPE = 'Custom::MtlsCertificateAuthority';

/** Only the ARN is for the function. The others are there because CloudFormation calls it when a property changes. */
export interface AuthorityProperties {
  readonly CertificateAuthorityArn: string;
  readonly IssuerKeyArn: string;
  readonly SigningAlgorithm: string;
  /** Absent for an authority in ACM PCA, which names itself in its certificate signing request. */
  readonly Subject?: AuthoritySubject;
  /** Whole days, a decimal number. */
  readonly ValidityDays: string;
  /** PEM. Absent for a root. */
  readonly IssuerCertificate?: string;
}

export interface AuthorityAttributes {
  readonly CertificateAuthorityArn: string;
  /** PEM, the authority's own certificate alone: a chain may be too long for the response. */
  readonly Certificate: string;
}

/**
 * An authority whose certificate the function makes. It is in the function's environment and not in the event, so that whoever
 * may invoke the function can't choose what is signed.
 */
export interface AuthorityOrder {
  /** ARN of the authority's KMS key, or of the authority in ACM PCA. */
  readonly certificateAuthorityArn: string;
  /** ARN of the KMS key that signs the certificate. The authority's own one for a root. */
  readonly issuerKeyArn: string;
  /** The algorithm to sign with. */
  readonly signingAlgorithm: SigningAlgorithm;
  /** Absent for an authority in ACM PCA, which names itself in its certificate signing request. */
  readonly subject?: AuthoritySubject;
  readonly validityDays: number;
}

/** As `CertificateAuthoritySubject`. */
export interface AuthoritySubject {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
  readonly country?: string;
  readonly state?: string;
  readonly locality?: string;
}

/** The authorities that the function makes certificates for: JSON, a list of `AuthorityOrder`. Maker of authorities. */
export const AUTHORITY_ORDERS_VARIABLE = 'AUTHORITY_ORDERS';

// Their revocation lists

/** Publishes the revocation lists of authorities with KMS keys. */
export const REVOCATION_LISTS_RESOURCE_TYPE = 'Custom::MtlsRevocationLists';

/** The function finds the trust domain and the authorities in its environment, and publishes when they change. */
export interface RevocationListsProperties {
  readonly BucketName: string;
  /** With another trust domain, another registry has the revoked certificates. */
  readonly TrustDomain: string;
  /** ARNs of the KMS keys. */
  readonly CertificateAuthorities: readonly string[];
  /** If `'true'`, deletion of the resource also deletes every version of every object in the bucket. */
  readonly EmptyOnDelete: string;
}

/** An authority whose KMS key signs revocation lists. */
export type ListingAuthority = Required<Omit<AuthorityOrder, 'validityDays'>>;

/** The key of the object with the lists of all authorities, in PEM, as servers read it. */
export const REVOCATION_LISTS_KEY = 'crl.pem';

/** The key of the object with the list of one authority, in DER. @param id the last part of the ARN of its KMS key */
export function revocationListKey(id: string): string {
  return `${id}.crl`;
}

/** The authorities with revocation lists: JSON, a list of `ListingAuthority`. Publisher of lists. */
export const LISTING_AUTHORITIES_VARIABLE = 'LISTING_AUTHORITIES';

/** The bucket of revocation lists. Publisher of lists. */
export const REVOCATION_LISTS_BUCKET_VARIABLE = 'REVOCATION_LISTS_BUCKET';

/** Whole hours until the next list is published at the latest. Publisher of lists. */
export const REVOCATION_LISTS_HOURS_VARIABLE = 'REVOCATION_LISTS_HOURS';

/**
 * Where verifiers find the revocation list of an authority with a KMS key, without the key of the object. Issuer. Absent if
 * certificates don't say it.
 */
export const REVOCATION_LIST_ADDRESS_VARIABLE = 'REVOCATION_LIST_ADDRESS';
