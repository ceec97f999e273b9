import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { assumedRole } from '../../aws/assumed-role';
import { FUNCTION_SDK_SETTINGS } from '../../aws/sdk';
import type { Sts } from '../../aws/sts';
import { accountIdIn, secretsRoleArn } from '../../mesh/other-accounts';

export interface SecretsOfAccountsOptions {
  readonly trustDomain: string;
  /** The IDs of the accounts whose secrets are reached in a role of theirs. */
  readonly otherAccounts: readonly string[];
  readonly sts: Pick<Sts, 'assumeRole'>;
}

/** The session in which the issuer fills secrets of another account, in the CloudTrail of that account. */
const SESSION_NAME = 'mtls-mesh-issuer';

/**
 * Finds the client that reaches a secret. In another account, the function acts in the role that the account has for it, as
 * Secrets Manager documents for rotation across accounts. A role needs no resource policy and no KMS key for each secret.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda.html
 */
export function secretsOfAccounts(options: SecretsOfAccountsOptions) {
  const { trustDomain, otherAccounts, sts } = options;
  const own = new SecretsManagerClient(FUNCTION_SDK_SETTINGS);
  const ofRoles = new Map<string, SecretsManagerClient>();
  return (secretId: string): SecretsManagerClient => {
    if (!otherAccounts.includes(accountIdIn(secretId) ?? '')) return own;
    const roleArn = secretsRoleArn(secretId, trustDomain);
    const credentials = assumedRole(sts, roleArn, SESSION_NAME);
    const client = ofRoles.get(roleArn) ?? new SecretsManagerClient({ ...FUNCTION_SDK_SETTINGS, credentials });
    ofRoles.set(roleArn, client);
    return client;
  };
}
