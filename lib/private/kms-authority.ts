import { type Duration, Fn, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import type { ListingAuthority } from '../../mesh/kms-authority';
import { authorityParameterName } from '../../mesh/names';
import type { SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityProps, CertificateAuthoritySubject } from '../certificate-authority-props';
import { AuthorityKey, KEY_KINDS } from './authority-key';
import { AuthorityMaker, attributeOf } from './authority-maker';
import { type AuthorityOptions, authorityOptions, checkOutlives } from './authority-options';
import { KMS_PRICES, type MonthlyCost } from './monthly-price';
import type { RootAuthority, SubordinateCertificate, SubordinateOfAcmPca } from './root-authority';
import { refuse } from './validation';

export interface KmsAuthorityProps extends CertificateAuthorityProps {
  /** Adds the root that signs this authority. If it is absent, this authority is a root. */
  readonly root?: (scope: Construct) => KmsAuthority;
}

/** `instanceof` would not know a construct of another copy of the package, as `Construct.isConstruct` explains. */
const KMS_AUTHORITY = Symbol.for('cdk-mtls-service-mesh.KmsAuthority');

/** An authority with its key in KMS. Its certificate is made by a custom resource, and kept in an SSM parameter. */
export class KmsAuthority extends Construct implements RootAuthority {
  static isKmsAuthority(value: unknown): value is KmsAuthority {
    return typeof value === 'object' && value !== null && KMS_AUTHORITY in value;
  }

  readonly [KMS_AUTHORITY] = true;
  /** The authority above, when this one is a subordinate. */
  readonly root?: KmsAuthority;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly longestCertificateValidity: Duration;
  readonly certificateAuthorityArn: string;
  readonly certificateChain: string;
  readonly issuesRevocationLists = true;
  /** Whether there are authorities below this one. */
  signsAuthorities = false;

  private readonly key: AuthorityKey;
  private readonly maker: AuthorityMaker;
  private readonly subject: CertificateAuthoritySubject;
  /** PEM, without that of the root. */
  private readonly certificate: string;

  constructor(scope: Construct, id: string, props: KmsAuthorityProps) {
    super(scope, id);

    const options = authorityOptions(this, props, props.root ? 'subordinate' : 'root');
    const { keyAlgorithm, signingAlgorithm, validity, subject, removalPolicy } = options;
    checkHash(this, options);
    this.signingAlgorithm = signingAlgorithm;
    this.subject = subject;
    this.longestCertificateValidity = validity;
    this.root = props.root?.(this);
    if (this.root) checkOutlives(this, this.root.longestCertificateValidity, options, props);

    this.key = new AuthorityKey(this, 'Key', {
      description: `Certificate authority ${subject.commonName}`,
      ...{ keyAlgorithm, removalPolicy },
    });
    this.maker = this.root?.maker ?? new AuthorityMaker(this, 'Maker', { removalPolicy: props.removalPolicy });
    const signing = this.root ?? this;
    if (this.root) this.root.signsAuthorities = true;
    if (!this.root) this.key.grantSign(this.maker.handler);
    this.maker.allow(['kms:GetPublicKey'], [this.key.keyArn]);
    const made = this.maker.make(this, {
      certificateAuthorityArn: this.key.keyArn,
      issuerKeyArn: signing.key.keyArn,
      signingAlgorithm: signing.signingAlgorithm,
      subject,
      validityDays: validity.toDays(),
      parameterArn: parameterArn(this, this.key.keyId),
      ...(this.root && { issuerCertificate: this.root.certificate }),
    });
    made.applyRemovalPolicy(removalPolicy);

    this.certificateAuthorityArn = attributeOf(made, 'CertificateAuthorityArn');
    this.certificate = attributeOf(made, 'Certificate');
    this.certificateChain = this.certificate + (this.root?.certificateChain ?? '');
  }

  get monthlyCost(): MonthlyCost {
    return { what: `the KMS key of a ${this.root ? 'subordinate' : 'root'}`, dollars: KMS_PRICES.key };
  }

  priceOfCertificates(count: number): number {
    return count * KMS_PRICES.signature;
  }

  certify(scope: Construct, { certificateAuthorityArn, validity }: SubordinateOfAcmPca): SubordinateCertificate {
    const { key, maker, signingAlgorithm, certificate } = this;
    this.signsAuthorities = true;
    const id = Fn.select(1, Fn.split('/', certificateAuthorityArn));
    // The function asks ACM PCA for the request itself, because it doesn't sign what an event contains.
    maker.allow(['acm-pca:GetCertificateAuthorityCsr'], [certificateAuthorityArn]);
    const made = maker.make(scope, {
      certificateAuthorityArn,
      issuerKeyArn: key.keyArn,
      signingAlgorithm,
      validityDays: validity.toDays(),
      parameterArn: parameterArn(scope, id),
      issuerCertificate: certificate,
    });
    return { certificate: attributeOf(made, 'Certificate'), resource: made };
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    const readCertificate = iam.Grant.addToPrincipal({
      grantee,
      actions: ['ssm:GetParameter'],
      resourceArns: [parameterArn(this, this.key.keyId)],
    });
    return this.key.grantSign(grantee).combine(readCertificate);
  }

  /** What the function must know that publishes the revocation lists of the authority. */
  get listing(): ListingAuthority {
    const { certificateAuthorityArn, signingAlgorithm, subject } = this;
    const issuerKeyArn = this.root?.key.keyArn ?? certificateAuthorityArn;
    return { certificateAuthorityArn, issuerKeyArn, signingAlgorithm, subject };
  }

  /** Allows `grantee` to publish the revocation lists of the authority. */
  grantList(grantee: iam.IGrantable): iam.Grant {
    const resourceArns = [this, ...(this.root ? [this.root] : [])].map(({ key }) => key.keyArn);
    const readKeys = iam.Grant.addToPrincipal({ grantee, actions: ['kms:GetPublicKey'], resourceArns });
    return this.grantIssue(grantee).combine(readKeys);
  }

  /** The registry alone knows of a revocation, so there is nothing to allow. */
  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return iam.Grant.drop(grantee, 'the mesh publishes the revocation lists of KMS authorities');
  }
}

function checkHash(scope: IConstruct, { keyAlgorithm, signingAlgorithm }: AuthorityOptions): void {
  const { signingAlgorithms } = KEY_KINDS[keyAlgorithm];
  if (signingAlgorithms.includes(signingAlgorithm)) return;
  const rule = `must be ${signingAlgorithms.join(' or ')} for a ${keyAlgorithm} key in KMS`;
  refuse(scope, 'signingAlgorithm', rule, signingAlgorithm);
}

/** @param id as `authorityParameterName` */
function parameterArn(scope: IConstruct, id: string): string {
  const resourceName = authorityParameterName(id).slice(1);
  return Stack.of(scope).formatArn({ service: 'ssm', resource: 'parameter', resourceName });
}
