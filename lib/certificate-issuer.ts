import { Duration, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { brokenTrustDomainRule, secretName } from '../pki/names';
import type { ICertificateAuthority } from './certificate-authority';
import { MeshFunction } from './private/mesh-function';
import { checkText } from './private/validation';

/** Properties of a `CertificateIssuer`. */
export interface CertificateIssuerProps {
  /**
   * The SPIFFE trust domain of the clients. Their SPIFFE IDs, and the names of their secrets, begin with it.
   *
   * @see https://github.com/spiffe/spiffe/blob/main/standards/SPIFFE-ID.md
   */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /**
   * How long the function's log is kept.
   * @default logs.RetentionDays.ONE_YEAR
   */
  readonly logRetention?: logs.RetentionDays;

  /**
   * What becomes of the function's log when it leaves the stack.
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * The function that makes a client's key, has the authority sign a certificate for it, and puts both into the client's
 * secret. The key is nowhere else: not in a response, an output, the environment or a log.
 *
 * All that it may do: have client certificates issued by this one authority from the one template that takes the
 * identity from the issuer and not from the request; and read and write the secrets of this trust domain.
 */
export class CertificateIssuer extends Construct {
  /** The SPIFFE trust domain of the clients. */
  readonly trustDomain: string;

  /** The authority that signs the certificates. */
  readonly certificateAuthority: ICertificateAuthority;

  /** The function itself; a `MeshClient` is a custom resource that calls it. */
  readonly handler: lambda.IFunction;

  constructor(scope: Construct, id: string, props: CertificateIssuerProps) {
    super(scope, id);

    checkText(this, 'trustDomain', props.trustDomain, brokenTrustDomainRule);
    this.trustDomain = props.trustDomain;
    this.certificateAuthority = props.certificateAuthority;

    const issuer = new MeshFunction(this, 'Issuer', {
      asset: 'certificate-issuer',
      description: 'Issues client certificates into secrets',
      timeout: Duration.minutes(3),
      // CPU grows with memory, and an RSA key of 4096 bits takes seconds of it.
      memorySize: 512,
      logRetention: props.logRetention,
      removalPolicy: props.removalPolicy,
    });
    this.certificateAuthority.grantIssue(issuer.handler);
    issuer.allow(
      ['secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'],
      [secretArns(this, props.trustDomain)],
    );
    this.handler = issuer.handler;
  }
}

/** A pattern rather than a list: the ARNs of a hundred clients would outgrow the role's policy. */
function secretArns(scope: Construct, trustDomain: string): string {
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: `secret:${secretName(trustDomain, '*')}`,
  });
}
