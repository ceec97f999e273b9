import type { X509Certificate } from 'node:crypto';
import type { Duration } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct, type IConstruct } from 'constructs';
import { acmPcaArnProblem } from '../../mesh/aws-names';
import { SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityAttributes } from '../certificate-authority-props';
import type { ICertificateAuthority } from '../interfaces';
import { readAuthorities } from './authority-certificates';
import { grantIssue, grantRevoke } from './authority-grants';
import { checkProps } from './properties/check';
import { AUTHORITY_ATTRIBUTES } from './properties/interface-kinds';
import { checkText } from './validation';

/** An existing authority. It adds no resources. */
export class ImportedAuthority extends Construct implements ICertificateAuthority {
  readonly certificateAuthorityArn: string;
  readonly certificateChain: string;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly longestCertificateValidity?: Duration;
  private readonly revocationListBucket?: s3.IBucket;

  constructor(scope: Construct, id: string, attributes: CertificateAuthorityAttributes) {
    super(scope, id);

    checkProps(this, attributes, AUTHORITY_ATTRIBUTES);
    checkText(this, 'certificateAuthorityArn', attributes.certificateAuthorityArn, acmPcaArnProblem);
    const [issuing] = readAuthorities(this, 'certificateChain', attributes.certificateChain);

    this.certificateAuthorityArn = attributes.certificateAuthorityArn;
    this.certificateChain = attributes.certificateChain;
    this.signingAlgorithm = attributes.signingAlgorithm ?? signingAlgorithmOf(this, issuing);
    this.longestCertificateValidity = attributes.longestCertificateValidity;
    this.revocationListBucket = attributes.revocationListBucket;
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    return grantIssue(this, this.certificateAuthorityArn, grantee);
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantRevoke(this.certificateAuthorityArn, grantee, this.revocationListBucket);
  }
}

/** Undefined for a key that Node.js can't read. The publisher of the truststore refuses it. */
function keyTypeOf(certificate: X509Certificate): string | undefined {
  try {
    return certificate.publicKey.asymmetricKeyType;
  } catch {
    return undefined;
  }
}

function signingAlgorithmOf(scope: IConstruct, issuing: X509Certificate | undefined): SigningAlgorithm {
  const keyType = issuing && keyTypeOf(issuing);
  switch (keyType) {
    case 'ec':
      return SigningAlgorithm.SHA256WITHECDSA;
    case 'rsa':
      return SigningAlgorithm.SHA256WITHRSA;
    default:
      throw new Error(
        `${scope.node.path}: signingAlgorithm must be set when certificateChain doesn't determine it, ` +
          `got a chain that ${issuing === undefined ? 'is a token' : `starts with a key of type ${keyType ?? 'unknown'}`}`,
      );
  }
}
