import type { AwsCall, ConditionKeys } from '../../endpoint/api';
import type { KmsService } from '../kms';
import { resourceTagKeys } from '../shared/tags';
import type { Secret } from './secret';
import type { Secrets } from './state';

/** Authorizes by the ARN, tags, and resource policy of the secret, before the answer reveals anything about it. */
export type Authorize = (call: AwsCall, action: string, secretId: string, keys?: ConditionKeys) => void;

export function authorizationOn(secrets: Secrets): Authorize {
  return (call, action, id, keys = {}) => {
    const secret = secrets.find(id);
    const resource = secret?.details.arn ?? (id.startsWith('arn:') ? id : secrets.arnWithoutSuffix(id));
    const context = { 'secretsmanager:SecretId': resource, ...resourceTagKeys(secret?.details.tags ?? []), ...keys };
    call.authorize(`secretsmanager:${action}`, resource, context, secret?.resourcePolicy);
  };
}

export type KeyAuthorizer = Pick<KmsService, 'authorizeUse'>;

/**
 * Authorizes the use of the secret's key: a reader decrypts, and a writer also makes a data key.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
 */
export function authorizeKey(keys: KeyAuthorizer, call: AwsCall, { details }: Secret, use: 'read' | 'write'): void {
  keys.authorizeUse(call, details.kmsKeyId, {
    service: 'secretsmanager',
    actions: use === 'read' ? ['Decrypt'] : ['GenerateDataKey', 'Decrypt'],
    context: { SecretARN: details.arn },
  });
}
