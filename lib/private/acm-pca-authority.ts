import { Duration, Names, RemovalPolicy } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { KeyAlgorithm, SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityProps, CertificateAuthoritySubject } from '../certificate-authority-props';
import type { ICertificateAuthority } from '../interfaces';
import { grantIssue, grantRevoke, templateArn } from './authority-grants';
import { checkDuration, checkText, isLonger, refuse } from './validation';

/** The modes of an authority, by their names in ACM PCA. They differ in price and in the validity of certificates. */
export type UsageMode = 'GENERAL_PURPOSE' | 'SHORT_LIVED_CERTIFICATE';

/** https://docs.aws.amazon.com/privateca/latest/userguide/short-lived-certificates.html */
const SHORT_LIVED_VALIDITY = Duration.days(7);
const ROOT_VALIDITY = Duration.days(10 * 365);
const SUBORDINATE_VALIDITY = Duration.days(5 * 365);

export interface AcmPcaAuthorityProps extends CertificateAuthorityProps {
  readonly usageMode: UsageMode;
  /** The general-purpose root that signs this authority. If it is absent, this authority is a root. */
  readonly root?: CertificateAuthorityProps;
}

/** An authority that CloudFormation creates: the authority, its certificate, and the activation that connects the two. */
export class AcmPcaAuthority extends Construct implements ICertificateAuthority {
  readonly usageMode: UsageMode;
  /** The authority above, when this one is a subordinate. */
  readonly root?: AcmPcaAuthority;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly longestCertificateValidity: Duration;
  readonly certificateAuthorityArn: string;
  readonly certificateChain: string;

  constructor(scope: Construct, id: string, props: AcmPcaAuthorityProps) {
    super(scope, id);

    const keyAlgorithm = props.keyAlgorithm ?? KeyAlgorithm.EC_PRIME256V1;
    const validity = props.validity ?? (props.root ? SUBORDINATE_VALIDITY : ROOT_VALIDITY);
    this.usageMode = props.usageMode;
    this.signingAlgorithm = props.signingAlgorithm ?? signingAlgorithmFor(keyAlgorithm);
    this.longestCertificateValidity =
      props.usageMode === 'SHORT_LIVED_CERTIFICATE' && !isLonger(SHORT_LIVED_VALIDITY, validity)
        ? SHORT_LIVED_VALIDITY
        : validity;
    checkFamily(this, keyAlgorithm, this.signingAlgorithm);
    checkDuration(this, 'validity', validity, validityProblem);

    if (props.root) {
      this.root = new AcmPcaAuthority(this, 'Root', {
        removalPolicy: props.removalPolicy,
        ...props.root,
        usageMode: 'GENERAL_PURPOSE',
      });
      checkOutlives(this, this.root.longestCertificateValidity, validity);
    }

    const authority = new acmpca.CfnCertificateAuthority(this, 'Resource', {
      type: this.root ? 'SUBORDINATE' : 'ROOT',
      usageMode: props.usageMode,
      keyAlgorithm,
      signingAlgorithm: this.signingAlgorithm,
      subject: subjectOf(this, props.subject),
    });
    const certificate = new acmpca.CfnCertificate(this, 'Certificate', {
      // The root's ARN is that of its activation, because the root can't sign before it is active.
      certificateAuthorityArn: this.root?.certificateAuthorityArn ?? authority.attrArn,
      certificateSigningRequest: authority.attrCertificateSigningRequest,
      signingAlgorithm: this.root?.signingAlgorithm ?? this.signingAlgorithm,
      templateArn: templateArn(this, this.root ? 'SubordinateCACertificate_PathLen0/V1' : 'RootCACertificate/V1'),
      validity: { type: 'DAYS', value: validity.toDays() },
    });
    const activation = new acmpca.CfnCertificateAuthorityActivation(this, 'Activation', {
      certificateAuthorityArn: authority.attrArn,
      certificate: certificate.attrCertificate,
      certificateChain: this.root?.certificateChain,
    });
    // Deletion of the activation disables the authority, so a retained authority needs all three resources.
    for (const resource of [authority, certificate, activation]) {
      resource.applyRemovalPolicy(props.removalPolicy ?? RemovalPolicy.RETAIN);
    }

    // `Ref` of an activation is the ARN of its authority, so resources that use the authority wait for the activation.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-acmpca-certificateauthorityactivation.html
    this.certificateAuthorityArn = activation.ref;
    this.certificateChain = activation.attrCompleteCertificateChain;
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    return grantIssue(this, this.certificateAuthorityArn, grantee);
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantRevoke(this.certificateAuthorityArn, grantee);
  }
}

function signingAlgorithmFor(keyAlgorithm: KeyAlgorithm): SigningAlgorithm {
  switch (keyAlgorithm) {
    case KeyAlgorithm.EC_PRIME256V1:
      return SigningAlgorithm.SHA256WITHECDSA;
    case KeyAlgorithm.EC_SECP384R1:
      return SigningAlgorithm.SHA384WITHECDSA;
    default:
      return SigningAlgorithm.SHA256WITHRSA;
  }
}

function checkFamily(scope: IConstruct, keyAlgorithm: KeyAlgorithm, signingAlgorithm: SigningAlgorithm): void {
  const family = keyAlgorithm.startsWith('RSA') ? 'RSA' : 'ECDSA';
  if (!signingAlgorithm.endsWith(`WITH${family}`)) {
    refuse(scope, 'signingAlgorithm', `must match the family of keyAlgorithm (${keyAlgorithm})`, signingAlgorithm);
  }
}

function validityProblem(validity: Duration): string | undefined {
  const days = validity.toDays({ integral: false });
  return Number.isInteger(days) && days >= 1 ? undefined : 'must be whole days, at least one';
}

/** A certificate must expire before its issuer's, and the subordinate's starts a little later than the root's. */
function checkOutlives(scope: IConstruct, rootValidity: Duration, validity: Duration): void {
  checkDuration(scope, 'validity', validity, () =>
    isLonger(rootValidity, validity)
      ? undefined
      : `must be shorter than the root's validity (${rootValidity.toHumanString()})`,
  );
}

/** https://docs.aws.amazon.com/privateca/latest/APIReference/API_ASN1Subject.html */
const LONGEST_PART: Readonly<Record<keyof CertificateAuthoritySubject, number>> = {
  commonName: 64,
  organization: 64,
  organizationalUnit: 64,
  country: 2,
  state: 128,
  locality: 128,
};

function subjectOf(scope: IConstruct, given?: CertificateAuthoritySubject): CertificateAuthoritySubject {
  const subject = given ?? { commonName: Names.uniqueResourceName(scope, { maxLength: 64, separator: ' ' }) };
  for (const part of Object.keys(LONGEST_PART) as (keyof CertificateAuthoritySubject)[]) {
    const text = subject[part];
    if (text !== undefined) checkText(scope, `subject.${part}`, text, (value) => partProblem(part, value));
  }
  return subject;
}

function partProblem(part: keyof CertificateAuthoritySubject, text: string): string | undefined {
  if (part === 'country') return /^[A-Za-z]{2}$/.test(text) ? undefined : 'must have two letters';
  const longest = LONGEST_PART[part];
  return text.length >= 1 && text.length <= longest ? undefined : `must have 1 to ${longest} characters`;
}
