import { Duration } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityProps } from '../certificate-authority-props';
import { allowRevocationList, grantIssue, grantRevoke, templateArn } from './authority-grants';
import { authorityOptions, checkOutlives } from './authority-options';
import { ACM_PCA_PRICES, type MonthlyCost } from './monthly-price';
import type { RootAuthority, SubordinateCertificate, SubordinateOfAcmPca } from './root-authority';
import { isLonger } from './validation';

/** The modes of an authority, by their names in ACM PCA. They differ in price and in the validity of certificates. */
export type UsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE';

/** https://docs.aws.amazon.com/privateca/latest/userguide/short-lived-certificates.html */
const SHORT_LIVED_VALIDITY = Duration.days(7);

export interface AcmPcaAuthorityProps extends CertificateAuthorityProps {
  readonly usageMode: UsageMode;
  readonly revocationListBucket?: s3.IBucket;
  /** Adds the root that signs this authority. If it is absent, this authority is a root. */
  readonly root?: (scope: Construct) => RootAuthority;
}

/** An authority that CloudFormation creates: the authority, its certificate, and the activation that connects the two. */
export class AcmPcaAuthority extends Construct implements RootAuthority {
  readonly usageMode: UsageMode;
  /** The authority above, when this one is a subordinate. */
  readonly root?: RootAuthority;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly longestCertificateValidity: Duration;
  readonly certificateAuthorityArn: string;
  readonly certificateChain: string;
  private readonly revocationListBucket?: s3.IBucket;

  constructor(scope: Construct, id: string, props: AcmPcaAuthorityProps) {
    super(scope, id);

    const { usageMode } = props;
    const place = props.root ? 'subordinate' : 'root';
    const options = authorityOptions(this, props, place);
    const { keyAlgorithm, signingAlgorithm, validity, subject, removalPolicy } = options;
    this.usageMode = usageMode;
    this.signingAlgorithm = signingAlgorithm;
    this.longestCertificateValidity =
      usageMode === 'SHORT_LIVED_CERTIFICATE' && !isLonger(SHORT_LIVED_VALIDITY, validity)
        ? SHORT_LIVED_VALIDITY
        : validity;
    this.root = props.root?.(this);
    if (this.root) checkOutlives(this, this.root.longestCertificateValidity, options, props);

    const type = this.root ? 'SUBORDINATE' : 'ROOT';
    const authority = new acmpca.CfnCertificateAuthority(this, 'Resource', {
      ...{ type, usageMode, keyAlgorithm, signingAlgorithm, subject },
      ...(props.revocationListBucket && revocationConfiguration(props.revocationListBucket)),
    });
    this.revocationListBucket = props.revocationListBucket;
    const bucketPolicy = this.revocationListBucket && allowRevocationList(this, this.revocationListBucket);
    if (bucketPolicy) authority.node.addDependency(bucketPolicy);
    const request = {
      certificateAuthorityArn: authority.attrArn,
      certificateSigningRequest: authority.attrCertificateSigningRequest,
      validity,
    };
    const { certificate, resource } = this.root?.certify(this, request) ?? this.certifyItself(request);
    const activation = new acmpca.CfnCertificateAuthorityActivation(this, 'Activation', {
      certificateAuthorityArn: authority.attrArn,
      certificate,
      certificateChain: this.root?.certificateChain,
    });
    // Deletion of the activation disables the authority, so a retained authority needs all three resources.
    for (const retained of [authority, resource, activation]) retained.applyRemovalPolicy(removalPolicy);

    // `Ref` of an activation is the ARN of its authority, so resources that use the authority wait for the activation.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-acmpca-certificateauthorityactivation.html
    this.certificateAuthorityArn = activation.ref;
    this.certificateChain = activation.attrCompleteCertificateChain;
  }

  get monthlyCost(): MonthlyCost {
    const place = this.root ? 'subordinate' : 'root';
    return this.usageMode === 'GENERAL_PURPOSE'
      ? { what: `a general-purpose ${place}`, dollars: ACM_PCA_PRICES.generalPurpose }
      : { what: `a short-lived ${place}`, dollars: ACM_PCA_PRICES.shortLived };
  }

  priceOfCertificates(count: number): number {
    if (this.usageMode === 'SHORT_LIVED_CERTIFICATE') return count * ACM_PCA_PRICES.shortLivedCertificate;
    return ACM_PCA_PRICES.generalPurposeCertificates.reduce(
      ({ sum, below }, { upTo, dollars }) => ({
        sum: sum + Math.max(Math.min(count, upTo) - below, 0) * dollars,
        below: upTo,
      }),
      { sum: 0, below: 0 },
    ).sum;
  }

  certify(scope: Construct, { certificateSigningRequest, validity }: SubordinateOfAcmPca): SubordinateCertificate {
    // The ARN is that of the activation, because the root can't sign before it is active.
    return this.sign(scope, 'SubordinateCACertificate_PathLen0/V1', {
      certificateAuthorityArn: this.certificateAuthorityArn,
      ...{ certificateSigningRequest, validity },
    });
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    return grantIssue(this, this.certificateAuthorityArn, grantee);
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantRevoke(this.certificateAuthorityArn, grantee, this.revocationListBucket);
  }

  private certifyItself(request: SubordinateOfAcmPca): SubordinateCertificate {
    return this.sign(this, 'RootCACertificate/V1', request);
  }

  private sign(
    scope: Construct,
    template: string,
    { certificateAuthorityArn, certificateSigningRequest, validity }: SubordinateOfAcmPca,
  ): SubordinateCertificate {
    const resource = new acmpca.CfnCertificate(scope, 'Certificate', {
      certificateAuthorityArn,
      certificateSigningRequest,
      signingAlgorithm: this.signingAlgorithm,
      templateArn: templateArn(this, template),
      validity: { type: 'DAYS', value: validity.toDays() },
    });
    return { certificate: resource.attrCertificate, resource };
  }
}

/** The days of a list's validity. ACM PCA replaces it when half of them have passed. */
const LIST_DAYS = 7;

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_CrlConfiguration.html */
function revocationConfiguration({ bucketName }: s3.IBucket) {
  const crlConfiguration: acmpca.CfnCertificateAuthority.CrlConfigurationProperty = {
    enabled: true,
    s3BucketName: bucketName,
    expirationInDays: LIST_DAYS,
    // A list with a public ACL couldn't be written into a bucket that blocks public access.
    s3ObjectAcl: 'BUCKET_OWNER_FULL_CONTROL',
  };
  return { revocationConfiguration: { crlConfiguration } };
}
