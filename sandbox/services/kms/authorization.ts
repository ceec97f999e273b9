import type { Account } from '../../account';
import type { AwsCall, ConditionKeys } from '../../endpoint/api';
import type { Keys } from './state';

export type EncryptionContext = Readonly<Record<string, string>>;

/**
 * Authorizes the use of a key by the policies of the caller and of the key. The policy of a key that isn't of the app
 * counts as one that delegates to the account.
 */
export function authorizationOn(keys: Keys, account: Account) {
  return (
    call: AwsCall,
    action: string,
    keyId: string,
    context?: EncryptionContext,
    more: ConditionKeys = {},
  ): void => {
    const key = keys.find(keyId);
    const alias = /(^|:)(alias\/.+)$/.exec(keyId)?.[2];
    const conditionKeys: ConditionKeys = {
      'kms:CallerAccount': account.id,
      ...(key && { 'kms:KeySpec': key.identity.spec, 'kms:KeyUsage': key.identity.usage }),
      ...(alias !== undefined && { 'kms:RequestAlias': alias }),
      ...contextKeys(context ?? {}),
      ...more,
    };
    const delegation = {
      Version: '2012-10-17',
      Statement: {
        Effect: 'Allow',
        Principal: { AWS: `arn:${account.partition}:iam::${account.id}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    };
    const resource = key?.identity.arn ?? keys.arnOf(keyId);
    call.authorize(`kms:${action}`, resource, conditionKeys, key?.settings.policy ?? delegation);
  };
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
function contextKeys(context: EncryptionContext): ConditionKeys {
  const names = Object.keys(context);
  if (names.length === 0) return {};
  const each = Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]);
  return { ...Object.fromEntries(each), 'kms:EncryptionContextKeys': names };
}
