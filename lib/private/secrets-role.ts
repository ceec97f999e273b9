import { ArnFormat, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { secretsRoleName } from '../../mesh/other-accounts';
import { SECRET_ACTIONS, secretArnsOf } from './issuer-grants';
import { serviceHost } from './key-grant';

export interface SecretsRoleProps {
  readonly trustDomain: string;
  /** The account of the mesh. */
  readonly meshAccount: string;
}

/**
 * The role with which the issuer of a mesh in another account fills the secrets of this account. Its name is known to the
 * issuer, so it can be in this stack, once `add` is called, or in another one of the account.
 */
export class SecretsRole extends Construct {
  constructor(
    scope: Construct,
    id: string,
    private readonly props: SecretsRoleProps,
  ) {
    super(scope, id);
  }

  /**
   * Adds the role to this stack.
   *
   * The trust policy names the account and, by condition, the roles of the issuer's functions: a principal that is named itself
   * would be unknown after the function is replaced.
   * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
   */
  add(issuerRoleArns: readonly string[]): iam.Role {
    const { trustDomain, meshAccount } = this.props;
    const { region } = Stack.of(this);
    const secrets = secretArnsOf(this, trustDomain);
    const role = new iam.Role(this, 'Role', {
      roleName: secretsRoleName(trustDomain, region),
      description: `Lets the mesh ${trustDomain} of the account ${meshAccount} fill the secrets of its clients`,
      assumedBy: new iam.AccountPrincipal(meshAccount).withConditions({
        ArnEquals: { 'aws:PrincipalArn': issuerRoleArns },
      }),
    });
    role.addToPolicy(new iam.PolicyStatement({ actions: [...SECRET_ACTIONS], resources: [secrets] }));
    // The keys of clients, of any stack. https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        resources: [
          Stack.of(this).formatArn({
            service: 'kms',
            resource: 'key',
            resourceName: '*',
            arnFormat: ArnFormat.SLASH_RESOURCE_NAME,
          }),
        ],
        conditions: {
          StringEquals: { 'kms:ViaService': serviceHost(this, 'secretsmanager') },
          StringLike: { 'kms:EncryptionContext:SecretARN': secrets },
        },
      }),
    );
    return role;
  }
}
