import { X509Certificate } from 'node:crypto';
import { type Duration, Token } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct, type IConstruct } from 'constructs';
import { authorityArnProblem } from '../../mesh/aws-names';
import { SigningAlgorithm } from '../algorithms';
import type { CertificateAuthorityAttributes } from '../certificate-authority-props';
import type { ICertificateAuthority } from '../interfaces';
import { grantIssue, grantRevoke } from './authority-grants';
import { checkText } from './validation';

/** An existing authority. It adds no resources. */
export class ImportedAuthority extends Construct implements ICertificateAuthority {
  readonly certificateAuthorityArn: string;
  readonly certificateChain: string;
  readonly signingAlgorithm: SigningAlgorithm;
  readonly longestCertificateValidity?: Duration;

  constructor(scope: Construct, id: string, attributes: CertificateAuthorityAttributes) {
    super(scope, id);

    checkText(this, 'certificateAuthorityArn', attributes.certificateAuthorityArn, authorityArnProblem);
    const keyType = firstKeyType(this, attributes.certificateChain);

    this.certificateAuthorityArn = attributes.certificateAuthorityArn;
    this.certificateChain = attributes.certificateChain;
    this.signingAlgorithm = attributes.signingAlgorithm ?? signingAlgorithmOf(this, keyType);
    this.longestCertificateValidity = attributes.longestCertificateValidity;
  }

  grantIssue(grantee: iam.IGrantable): iam.Grant {
    return grantIssue(this, this.certificateAuthorityArn, grantee);
  }

  grantRevoke(grantee: iam.IGrantable): iam.Grant {
    return grantRevoke(this.certificateAuthorityArn, grantee);
  }
}

/**
 * The type of the first key in the chain, or undefined for a token. Errors never quote the chain, which may contain a
 * private key by mistake. The publisher of the truststore checks the certificates.
 */
function firstKeyType(scope: IConstruct, chain: string): string | undefined {
  if (Token.isUnresolved(chain)) return undefined;
  if (chain.includes('PRIVATE KEY')) {
    throw new Error(`${scope.node.path}: certificateChain must contain certificates only, got a private key as well`);
  }
  try {
    return new X509Certificate(chain).publicKey.asymmetricKeyType;
  } catch (cause) {
    throw new Error(`${scope.node.path}: certificateChain must start with a certificate in PEM`, { cause });
  }
}

function signingAlgorithmOf(scope: IConstruct, keyType: string | undefined): SigningAlgorithm {
  switch (keyType) {
    case 'ec':
      return SigningAlgorithm.SHA256WITHECDSA;
    case 'rsa':
      return SigningAlgorithm.SHA256WITHRSA;
    default:
      throw new Error(
        `${scope.node.path}: signingAlgorithm must be set when certificateChain doesn't determine it, ` +
          `got a chain that ${keyType === undefined ? 'is a token' : `starts with a key of type ${keyType}`}`,
      );
  }
}
