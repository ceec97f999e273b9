import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type {
  CertificateAuthorityAttributes,
  CertificateAuthorityProps,
  GeneralPurposeSubordinateCertificateAuthorityProps,
  KmsSubordinateCertificateAuthorityProps,
  SubordinateCertificateAuthorityProps,
} from './certificate-authority-props';
import type { ICertificateAuthority } from './interfaces';
import { AcmPcaAuthority } from './private/acm-pca-authority';
import { ImportedAuthority } from './private/imported-authority';
import { KmsAuthority } from './private/kms-authority';
import { announceAuthorityPrice } from './private/monthly-price';
import { refuse } from './private/validation';

/**
 * The hierarchies that a mesh can use. Synthesis prints the monthly price of a mesh with its authority.
 *
 * | | Authorities | Client certificates | Monthly price, about |
 * |---|---|---|---|
 * | `shortLivedRoot` | one root | up to 7 days | $50 |
 * | `shortLivedSubordinate` | root and subordinate | up to 7 days | $450 |
 * | `generalPurposeSubordinate` | root and subordinate | up to the subordinate's validity | $800 |
 * | `kmsRoot` | one root, its key in AWS KMS | up to the root's validity | $1 |
 * | `kmsSubordinate` | root and subordinate, their keys in AWS KMS | up to the subordinate's validity | $2 |
 * | `shortLivedSubordinateOfKmsRoot` | root with its key in AWS KMS, and subordinate | up to 7 days | $51 |
 */
export class CertificateAuthority {
  /**
   * One root in short-lived mode. This is the cheapest hierarchy and the default of a mesh. Certificates are valid for at
   * most 7 days, so a stolen one expires soon. The root signs client certificates itself, so replacing it replaces the
   * trust anchor.
   */
  static shortLivedRoot(scope: Construct, id: string, props: CertificateAuthorityProps = {}): ICertificateAuthority {
    return announceAuthorityPrice(new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE' }));
  }

  /**
   * A general-purpose root and a subordinate in short-lived mode, which issues the client certificates. You can replace the
   * subordinate without a change of the trust anchor. The root can't be short-lived, because everything that a short-lived
   * authority signs expires after 7 days.
   */
  static shortLivedSubordinate(
    scope: Construct,
    id: string,
    props: SubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announceAuthorityPrice(
      new AcmPcaAuthority(scope, id, {
        ...props,
        usageMode: 'SHORT_LIVED_CERTIFICATE',
        root: generalPurposeRoot(props),
      }),
    );
  }

  /** A general-purpose root and a general-purpose subordinate, which issues: for clients that can't rotate weekly. */
  static generalPurposeSubordinate(
    scope: Construct,
    id: string,
    props: GeneralPurposeSubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announceAuthorityPrice(
      new AcmPcaAuthority(scope, id, { ...props, usageMode: 'GENERAL_PURPOSE', root: generalPurposeRoot(props) }),
    );
  }

  /**
   * A root whose key is an asymmetric key in AWS KMS, which signs the client certificates itself. It costs a dollar a month. The
   * key can't leave KMS, and its policy lets only the functions sign that make authorities, issue certificates, and publish
   * revocation lists.
   *
   * ACM PCA refuses to issue anything but client certificates to the issuer. KMS signs any digest, so the functions that may
   * sign are trusted with more. See the security model.
   */
  static kmsRoot(scope: Construct, id: string, props: CertificateAuthorityProps = {}): ICertificateAuthority {
    return announceAuthorityPrice(new KmsAuthority(scope, id, props));
  }

  /**
   * A root and a subordinate whose keys are in AWS KMS, for two dollars a month. The root's key signs only the certificate of
   * the subordinate, which issues the client certificates. You can replace the subordinate without a change of the trust anchor.
   */
  static kmsSubordinate(
    scope: Construct,
    id: string,
    props: KmsSubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announceAuthorityPrice(new KmsAuthority(scope, id, { ...props, root: kmsRootOf(props) }));
  }

  /**
   * A subordinate in ACM PCA in short-lived mode below a root whose key is in AWS KMS: ACM PCA issues the client certificates, and
   * the root costs a dollar a month.
   */
  static shortLivedSubordinateOfKmsRoot(
    scope: Construct,
    id: string,
    props: KmsSubordinateCertificateAuthorityProps = {},
  ): ICertificateAuthority {
    return announceAuthorityPrice(
      new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE', root: kmsRootOf(props) }),
    );
  }

  /**
   * An existing authority, in this account or shared with it. The authority must be active. The stack doesn't change it.
   *
   * The owner of a shared authority must allow `acm-pca:IssueCertificate` with the template
   * `EndEntityClientAuthCertificate_APIPassthrough/V1`, `acm-pca:GetCertificate`, and `acm-pca:RevokeCertificate`. In AWS RAM,
   * that is a customer managed permission with these three actions: the default permission of AWS RAM allows other templates
   * only, and no revocation. An authority that you can't revoke at still signs valid certificates: the mesh refuses revoked
   * ones, and other verifiers accept them.
   *
   * Throws if the chain is anything but certificates of authorities in PEM.
   *
   * @see https://docs.aws.amazon.com/privateca/latest/userguide/pca-cmp.html
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

type AddRoot<T> = (scope: Construct) => T;

/** The root has the removal policy of the subordinate unless it has its own. */
function rootProps({ removalPolicy, root }: SubordinateCertificateAuthorityProps): CertificateAuthorityProps {
  return { removalPolicy, ...root };
}

function generalPurposeRoot(props: SubordinateCertificateAuthorityProps): AddRoot<AcmPcaAuthority> {
  return (scope) => new AcmPcaAuthority(scope, 'Root', { ...rootProps(props), usageMode: 'GENERAL_PURPOSE' });
}

function kmsRootOf(props: KmsSubordinateCertificateAuthorityProps): AddRoot<KmsAuthority> {
  return (scope) =>
    props.signedBy ? existingKmsRoot(scope, props) : new KmsAuthority(scope, 'Root', rootProps(props));
}

function existingKmsRoot(scope: Construct, { signedBy, root }: KmsSubordinateCertificateAuthorityProps): KmsAuthority {
  if (root) refuse(scope, 'root', 'must not be set with signedBy', 'a value');
  if (!KmsAuthority.isKmsAuthority(signedBy) || signedBy.root) {
    refuse(scope, 'signedBy', 'must be an authority of CertificateAuthority.kmsRoot', signedBy?.node.path ?? 'none');
  }
  // The function that signs is in the stack of the root, and can't refer to an authority in a stack that depends on it.
  if (Stack.of(signedBy) !== Stack.of(scope))
    refuse(scope, 'signedBy', 'must be in the same stack', signedBy.node.path);
  return signedBy;
}
