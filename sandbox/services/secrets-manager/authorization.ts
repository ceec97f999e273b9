import type { AwsCall, ConditionKeys } from '../../endpoint/api';
import { resourceTagKeys } from '../shared/tags';
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
