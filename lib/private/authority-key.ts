import { Annotations, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { KMS_SIGNING_ALGORITHMS } from '../../mesh/kms-algorithms';
import { KeyAlgorithm, SigningAlgorithm } from '../algorithms';

interface KeyKind {
  /** As KMS calls it. */
  readonly spec: string;
  /** What such a key can sign with. KMS has one hash for each curve. */
  readonly signingAlgorithms: readonly SigningAlgorithm[];
}

const { SHA256WITHECDSA, SHA384WITHECDSA, SHA256WITHRSA, SHA384WITHRSA, SHA512WITHRSA } = SigningAlgorithm;
const RSA = [SHA256WITHRSA, SHA384WITHRSA, SHA512WITHRSA];

/** https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
export const KEY_KINDS: Readonly<Record<KeyAlgorithm, KeyKind>> = {
  [KeyAlgorithm.EC_PRIME256V1]: { spec: 'ECC_NIST_P256', signingAlgorithms: [SHA256WITHECDSA] },
  [KeyAlgorithm.EC_SECP384R1]: { spec: 'ECC_NIST_P384', signingAlgorithms: [SHA384WITHECDSA] },
  [KeyAlgorithm.RSA_2048]: { spec: 'RSA_2048', signingAlgorithms: RSA },
  [KeyAlgorithm.RSA_3072]: { spec: 'RSA_3072', signingAlgorithms: RSA },
  [KeyAlgorithm.RSA_4096]: { spec: 'RSA_4096', signingAlgorithms: RSA },
};

/**
 * What the account may do with the key. It is what AWS recommends for key administrators, without `kms:CreateGrant`, with which
 * an administrator could let anyone sign. There is no action that signs.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-administrators
 */
const ADMINISTRATION = [
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:Describe*',
  'kms:Disable*',
  'kms:Enable*',
  'kms:Get*',
  'kms:List*',
  'kms:PutKeyPolicy',
  'kms:RevokeGrant',
  'kms:ScheduleKeyDeletion',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:Update*',
];

export interface AuthorityKeyProps {
  readonly description: string;
  readonly keyAlgorithm: KeyAlgorithm;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A KMS key that signs certificates. Its policy names who may sign. Without that, the policies of the account's principals
 * would decide.
 */
export class AuthorityKey extends Construct {
  readonly keyArn: string;
  /** The part of the ARN after the slash. */
  readonly keyId: string;
  private readonly policy: iam.PolicyDocument;
  private readonly signingAlgorithms: readonly SigningAlgorithm[];

  constructor(scope: Construct, id: string, props: AuthorityKeyProps) {
    super(scope, id);
    const { spec, signingAlgorithms } = KEY_KINDS[props.keyAlgorithm];
    this.signingAlgorithms = signingAlgorithms;
    this.policy = new iam.PolicyDocument({
      statements: [
        new iam.PolicyStatement({
          principals: [new iam.AccountRootPrincipal()],
          actions: ADMINISTRATION,
          resources: ['*'],
        }),
      ],
    });
    // `kms.Key` would let the account sign, unless the app has the feature flag `@aws-cdk/aws-kms:defaultKeyPolicies`.
    // A key can't change its kind, so another kind has another logical ID and is another key. CloudFormation refuses the change
    // itself, without a word of what to do.
    // https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html#cfn-kms-key-keyspec
    const key = new kms.CfnKey(this, spec, {
      description: props.description,
      keySpec: spec,
      keyUsage: 'SIGN_VERIFY',
      keyPolicy: this.policy,
    });
    key.applyRemovalPolicy(props.removalPolicy);
    this.keyArn = key.attrArn;
    this.keyId = key.ref;
  }

  /**
   * Allows `grantee` to sign digests with each algorithm of the key: clients whose stack isn't deployed yet have their certificates
   * signed with the algorithm from before.
   */
  grantSign(grantee: iam.IGrantable): iam.Grant {
    const actions = ['kms:Sign'];
    const algorithms = this.signingAlgorithms.map((algorithm) => KMS_SIGNING_ALGORITHMS[algorithm]);
    const conditions = {
      StringEquals: {
        'kms:MessageType': 'DIGEST',
        'kms:SigningAlgorithm': algorithms.length === 1 ? algorithms[0] : algorithms,
      },
    };
    const principals = [this.principalOf(grantee)];
    this.policy.addStatements(new iam.PolicyStatement({ principals, actions, resources: ['*'], conditions }));
    return iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [this.keyArn], conditions });
  }

  /**
   * The key's stack can't refer to a role in a stack that refers to the key. Then the policy of the key lets the policies of the
   * account's principals decide.
   */
  private principalOf({ grantPrincipal }: iam.IGrantable): iam.IPrincipal {
    if (!Construct.isConstruct(grantPrincipal) || Stack.of(grantPrincipal) === Stack.of(this)) return grantPrincipal;
    Annotations.of(this).addWarningV2(
      'cdk-mtls-service-mesh:authorityInAnotherStack',
      'the key policy lets every principal of the account sign whose own policy allows kms:Sign, because the issuer is in ' +
        'another stack: create the certificate authority in the stack of the issuer to let the issuer alone sign',
    );
    return new iam.AccountRootPrincipal();
  }
}
