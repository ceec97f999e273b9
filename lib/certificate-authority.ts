import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';
import type { KeyAlgorithm, SigningAlgorithm } from './algorithms';
import { AcmPcaAuthority } from './private/acm-pca-authority';
import { announcePrice } from './private/authority-price';
import { ImportedAuthority } from './private/imported-authority';

/** A private certificate authority on ACM PCA that issues the client certificates of a mesh. */
export interface ICertificateAuthority extends IConstruct {
  /** ARN of the authority. Whatever refers to it waits until the authority is active. */
  readonly certificateAuthorityArn: string;

  /** The authority's own certificate and those above it, as PEM: the issuing authority first, the root last. */
  readonly certificateChain: string;

  /** The algorithm with which it signs client certificates. */
  readonly signingAlgorithm: SigningAlgorithm;

  /**
   * The longest validity that its client certificates can have: 7 days from an authority in short-lived mode, otherwise
   * the authority's own validity.
   *
   * @default - unknown, and not checked at synthesis
   */
  readonly longestCertificateValidity?: Duration;

  /**
   * Lets `grantee` have client certificates issued by this authority, from the template
   * `EndEntityClientAuthCertificate_APIPassthrough/V1` and no other: it can't issue a certificate for a server or for
   * another authority.
   *
   * @see https://docs.aws.amazon.com/privateca/latest/userguide/UsingTemplates.html
   */
  grantIssue(grantee: iam.IGrantable): iam.Grant;

  /** Lets `grantee` revoke certificates of this authority. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant;
}

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

/** What can be chosen for any authority that this package creates. */
export interface CertificateAuthorityProps {
  /**
   * The authority's distinguished name. API Gateway refuses a truststore with a subject that it knows, from another mutual
   * TLS domain of the account, under another issuer.
   *
   * @default - a common name made of the construct's path, unique within the account and Region
   */
  readonly subject?: CertificateAuthoritySubject;

  /**
   * The algorithm of the authority's own key.
   * @default KeyAlgorithm.EC_PRIME256V1
   */
  readonly keyAlgorithm?: KeyAlgorithm;

  /**
   * The algorithm with which the authority signs; its family must be that of `keyAlgorithm`.
   * @default - SHA-384 with a P-384 key, SHA-256 otherwise
   */
  readonly signingAlgorithm?: SigningAlgorithm;

  /**
   * How long the authority's own certificate is valid, in whole days. A change has it issued anew with the same key.
   * @default - 10 years for a root, 5 years for a subordinate
   */
  readonly validity?: Duration;

  /**
   * What becomes of the authority when it leaves the stack. A retained authority stays active and is billed on. With
   * `DESTROY` it is disabled and deleted, which ends the cost; for 30 days ACM PCA can restore it.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** A subordinate authority together with the root above it. */
export interface SubordinateCertificateAuthorityProps extends CertificateAuthorityProps {
  /**
   * The root. Its `removalPolicy` is that of the subordinate unless it has one of its own.
   * @default - a general-purpose root with the defaults of `CertificateAuthorityProps`
   */
  readonly root?: CertificateAuthorityProps;
}

/** An authority that exists already. */
export interface CertificateAuthorityAttributes {
  /** `arn:<partition>:acm-pca:<region>:<account>:certificate-authority/<id>` */
  readonly certificateAuthorityArn: string;

  /** The authority's own certificate and those above it, as PEM: the issuing authority first, the root last. */
  readonly certificateChain: string;

  /**
   * The algorithm with which the authority signs.
   * @default - SHA-256 with the family of the first key in `certificateChain`; required when that is a token
   */
  readonly signingAlgorithm?: SigningAlgorithm;

  /**
   * The longest validity that client certificates of the authority can have, so that synthesis refuses a longer one:
   * `Duration.days(7)` for an authority in short-lived mode.
   * @default - not checked at synthesis
   */
  readonly longestCertificateValidity?: Duration;
}

/**
 * The hierarchies a mesh can stand on. Every one that creates an authority has synthesis print its monthly price.
 *
 * | | Authorities | Client certificates | A month, about |
 * |---|---|---|---|
 * | `shortLivedRoot` | one root | up to 7 days | $50 |
 * | `shortLivedSubordinate` | root and subordinate | up to 7 days | $450 |
 * | `generalPurposeSubordinate` | root and subordinate | up to the subordinate's validity | $800 |
 */
export class CertificateAuthority {
  /**
   * One root in short-lived mode. The cheapest, and the default of a mesh: certificates live 7 days at most, so that a
   * lost one soon is worthless. The root signs client certificates itself; to replace it is to replace the trust anchor.
   */
  static shortLivedRoot(scope: Construct, id: string, props: CertificateAuthorityProps = {}): ICertificateAuthority {
    return announcePrice(new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE' }));
  }

  /**
   * A general-purpose root with a subordinate in short-lived mode, which issues. The subordinate can be replaced
   * without a change of the trust anchor. (The reverse is impossible: what a short-lived authority signs lives 7 days.)
   */
  static shortLivedSubordinate(
    scope: Construct,
    id: string,
    props: SubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announcePrice(
      new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE', root: props.root ?? {} }),
    );
  }

  /** A general-purpose root with a general-purpose subordinate, which issues: for clients that can't rotate weekly. */
  static generalPurposeSubordinate(
    scope: Construct,
    id: string,
    props: SubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announcePrice(
      new AcmPcaAuthority(scope, id, { ...props, usageMode: 'GENERAL_PURPOSE', root: props.root ?? {} }),
    );
  }

  /**
   * An authority that exists already, in this account or shared with it. It must be active; nothing of it is changed.
   *
   * Throws when the chain holds a private key or doesn't start with a certificate.
   */
  static fromCertificateAuthorityAttributes(
    scope: Construct,
    id: string,
    attributes: CertificateAuthorityAttributes,
  ): ICertificateAuthority {
    return new ImportedAuthority(scope, id, attributes);
  }

  private constructor() {}
}
