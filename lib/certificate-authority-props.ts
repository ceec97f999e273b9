import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { KeyAlgorithm, SigningAlgorithm } from './algorithms';
import type { ICertificateAuthority } from './interfaces';

/**
 * The distinguished name of a certificate authority.
 *
 * @see https://docs.aws.amazon.com/privateca/latest/APIReference/API_ASN1Subject.html
 */
export interface CertificateAuthoritySubject {
  /** At most 64 characters. */
  readonly commonName: string;
  /**
   * At most 64 characters.
   * @default - none
   */
  readonly organization?: string;
  /**
   * At most 64 characters.
   * @default - none
   */
  readonly organizationalUnit?: string;
  /**
   * Two letters, as in ISO 3166-1.
   * @default - none
   */
  readonly country?: string;
  /**
   * State or province, at most 128 characters.
   * @default - none
   */
  readonly state?: string;
  /**
   * City, at most 128 characters.
   * @default - none
   */
  readonly locality?: string;
}

/** Properties of any certificate authority that this package creates. */
export interface CertificateAuthorityProps {
  /**
   * The authority's distinguished name. API Gateway rejects a truststore that contains a subject which another mutual TLS
   * domain of the account uses under a different issuer.
   *
   * An authority keeps its name, which is in every certificate that it has issued. To change it, add an authority with another
   * construct ID to `certificateAuthoritySuccessors`. A deployment that changes it in place fails. Before you move the
   * construct in the tree, set the name that the authority has, because the default would change.
   *
   * @default - a common name derived from the construct's path, unique within the account and Region
   */
  readonly subject?: CertificateAuthoritySubject;

  /**
   * The algorithm of the authority's own key. With another one, it is another authority: a deployment that changes it is refused as
   * long as clients hold certificates of the one before. Add an authority with another ID to `certificateAuthoritySuccessors` instead.
   *
   * @default KeyAlgorithm.EC_PRIME256V1
   */
  readonly keyAlgorithm?: KeyAlgorithm;

  /**
   * The algorithm that the authority signs with. Its family must match `keyAlgorithm`. You can change it for an RSA key in AWS KMS:
   * each client gets it with the next deployment of its stack. With ACM PCA, a change creates another authority.
   * @default - SHA-384 with a P-384 key, SHA-256 otherwise
   */
  readonly signingAlgorithm?: SigningAlgorithm;

  /**
   * How long the authority's own certificate is valid, in whole days. A change reissues the certificate with the same key. A
   * change back gives an authority in AWS KMS the certificate of before.
   * @default - 10 years for a root, 5 years for a subordinate
   */
  readonly validity?: Duration;

  /**
   * What happens to the authority when it is removed from the stack. A retained authority stays active and keeps costing
   * money. `DESTROY` disables and deletes it, which ends the cost; ACM PCA can restore it for 30 days. The default deletes it only
   * if the deployment that creates it fails.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Properties of a subordinate authority and the root above it. */
export interface SubordinateCertificateAuthorityProps extends CertificateAuthorityProps {
  /**
   * The root. It has the `removalPolicy` of the subordinate unless you set another one here.
   * @default - a general-purpose root with the defaults of `CertificateAuthorityProps`
   */
  readonly root?: CertificateAuthorityProps;
}

/** Properties of a general-purpose subordinate authority and the root above it. */
export interface GeneralPurposeSubordinateCertificateAuthorityProps extends SubordinateCertificateAuthorityProps {
  /**
   * The bucket that ACM PCA publishes the revocation list of the subordinate in, as `crl/<id of the authority>.crl`, about half an hour
   * after a revocation. Certificates name that object as their distribution point. Short-lived authorities have no lists: their
   * certificates expire before a list is of use. The mesh itself refuses a revoked certificate in any case.
   *
   * @default - ACM PCA publishes no revocation list
   * @see https://docs.aws.amazon.com/privateca/latest/userguide/crl-planning.html
   */
  readonly revocationListBucket?: s3.IBucket;
}

/** Properties of a subordinate authority below a root whose key is in AWS KMS. */
export interface KmsSubordinateCertificateAuthorityProps extends SubordinateCertificateAuthorityProps {
  /**
   * An authority of `CertificateAuthority.kmsRoot` in the same stack that signs this one. With it, don't set `root`. Several
   * authorities below one root share its trust anchor, so the next one doesn't change it.
   *
   * @default - a root of its own, as `root` describes it
   */
  readonly signedBy?: ICertificateAuthority;
}

/** Describes an existing certificate authority. */
export interface CertificateAuthorityAttributes {
  /** `arn:<partition>:acm-pca:<region>:<account>:certificate-authority/<id>` */
  readonly certificateAuthorityArn: string;

  /** PEM: the authority's own certificate first, then each authority above it, the root last. */
  readonly certificateChain: string;

  /**
   * The algorithm that the authority signs with.
   * @default - SHA-256 with the family of the first key in `certificateChain`; required if that is a token
   */
  readonly signingAlgorithm?: SigningAlgorithm;

  /**
   * The longest validity that the authority's client certificates can have, such as `Duration.days(7)` in short-lived mode.
   * Synthesis rejects a longer `certificateValidity`.
   *
   * @default - not checked at synthesis
   */
  readonly longestCertificateValidity?: Duration;

  /**
   * The bucket that ACM PCA publishes the authority's certificate revocation list (CRL) in. Set it if the authority has one:
   * whoever revokes certificates of such an authority must be allowed to write to the bucket, or ACM PCA rejects the
   * revocation. The mesh refuses a revoked certificate in any case.
   *
   * @default - the authority publishes no revocation list
   * @see https://docs.aws.amazon.com/privateca/latest/APIReference/API_RevokeCertificate.html
   */
  readonly revocationListBucket?: s3.IBucket;
}
