import type { Construct } from 'constructs';
import type {
  CertificateAuthorityAttributes,
  CertificateAuthorityProps,
  SubordinateCertificateAuthorityProps,
} from './certificate-authority-props';
import type { ICertificateAuthority } from './interfaces';
import { AcmPcaAuthority } from './private/acm-pca-authority';
import { announcePrice } from './private/authority-price';
import { ImportedAuthority } from './private/imported-authority';

/**
 * The hierarchies that a mesh can use. Synthesis prints the monthly price of each authority that it creates.
 *
 * | | Authorities | Client certificates | Monthly price, about |
 * |---|---|---|---|
 * | `shortLivedRoot` | one root | up to 7 days | $50 |
 * | `shortLivedSubordinate` | root and subordinate | up to 7 days | $450 |
 * | `generalPurposeSubordinate` | root and subordinate | up to the subordinate's validity | $800 |
 */
export class CertificateAuthority {
  /**
   * One root in short-lived mode. This is the cheapest hierarchy and the default of a mesh. Certificates are valid for at
   * most 7 days, so a stolen one expires soon. The root signs client certificates itself, so replacing it replaces the
   * trust anchor.
   */
  static shortLivedRoot(scope: Construct, id: string, props: CertificateAuthorityProps = {}): ICertificateAuthority {
    return announcePrice(new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE' }));
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
    return announcePrice(
      new AcmPcaAuthority(scope, id, { ...props, usageMode: 'SHORT_LIVED_CERTIFICATE', root: props.root ?? {} }),
    );
  }

  /** A general-purpose root and a general-purpose subordinate, which issues: for clients that can't rotate weekly. */
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
