import { Annotations, type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { KMS_SIGNING_ALGORITHMS } from '../../mesh/kms-algorithms';
import { KeyAlgorithm, type SigningAlgorithm } from '../algorithms';

/** https://docs.aws.amazon.com/kms/latest/developerguide/symm-asymm-choose-key-spec.html */
const KEY_SPECS: Readonly<Record<KeyAlgorithm, string>> = {
  [KeyAlgorithm.EC_PRIME256V1]: 'ECC_NIST_P256',
  [KeyAlgorithm.EC_SECP384R1]: 'ECC_NIST_P384',
  [KeyAlgorithm.RSA_2048]: 'RSA_2048',
  [KeyAlgorithm.RSA_3072]: 'RSA_3072',
  [KeyAlgorithm.RSA_4096]: 'RSA_4096',
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
  readonly signingAlgorithm: SigningAlgorithm;
  readonly removalPolicy: RemovalPolicy;
}

/**
 * A KMS key that signs certificates. Its policy names who may sign. Without that, the policies of the account's principals
 * would decide.
 */
export class AuthorityKey extends Construct {
  readonly keyArn: string;
  private readonly policy: iam.PolicyDocument;
  private readonly signingAlgorithm: SigningAlgorithm;

  constructor(scope: Construct, id: string, props: AuthorityKeyProps) {
    super(scope, id);
    this.signingAlgorithm = props.signingAlgorithm;
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
    const key = new kms.CfnKey(this, 'Resource', {
      description: props.description,
      keySpec: KEY_SPECS[props.keyAlgorithm],
      keyUsage: 'SIGN_VERIFY',
      keyPolicy: this.policy,
    });
    key.applyRemovalPolicy(props.removalPolicy);
    this.keyArn = key.attrArn;
  }

  /** The part of the key's ARN after the slash. */
  get keyId(): string {
    return (this.node.defaultChild as kms.CfnKey).ref;
  }

  grantSign(grantee: iam.IGrantable): iam.Grant {
    const actions = ['kms:Sign'];
    const conditions = {
      StringEquals: {
        'kms:MessageType': 'DIGEST',
        'kms:SigningAlgorithm': KMS_SIGNING_ALGORITHMS[this.signingAlgorithm],
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
