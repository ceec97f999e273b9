import { type Account, globalArn } from '../../account';
import { AccessDenied, type AwsCall, AwsError, type ConditionKeys, type PolicyDocument } from '../../endpoint/api';
import { parsePolicy } from '../iam/policy/policy';
import { resourceTagKeys } from '../shared/tags';
import type { Key } from './key';
import type { Keys } from './state';

export type EncryptionContext = Readonly<Record<string, string>>;

/** https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html#key-policy-limit */
const MAX_POLICY_BYTES = 32_768;

/**
 * The default policy of a key. It delegates to the account: IAM policies decide.
 * https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 */
export function defaultKeyPolicy(account: Account): PolicyDocument {
  const Principal = { AWS: globalArn(account, 'iam', 'root') };
  const Statement = { Effect: 'Allow', Principal, Action: 'kms:*', Resource: '*' };
  return { Version: '2012-10-17', Statement };
}

/**
 * Authorizes the use of a key by the policies of the caller and of the key. The policy of a key that isn't of the app
 * counts as one that delegates to the account.
 */
export function authorizationOn(keys: Keys, account: Account) {
  return (call: Pick<AwsCall, 'authorize'>, action: string, keyId: string, more: ConditionKeys = {}): void => {
    const key = keys.find(keyId);
    const alias = /(^|:)(alias\/.+)$/.exec(keyId)?.[2];
    const conditionKeys: ConditionKeys = {
      'kms:CallerAccount': account.id,
      ...(key && { ...keyConditions(key), 'kms:ResourceAliases': keys.aliasesOf(key) }),
      ...(alias !== undefined && { 'kms:RequestAlias': alias }),
      ...more,
    };
    const resource = key?.identity.arn ?? keys.arnOf(keyId);
    call.authorize(`kms:${action}`, resource, conditionKeys, key?.settings.policy ?? defaultKeyPolicy(account));
  };
}

/**
 * Checks a policy for a key, such as whether it allows the caller to put another policy later.
 * https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-Policy
 * @throws AwsError
 */
export function assertKeyPolicy(
  key: Key,
  policy: PolicyDocument,
  { call, account, bypassesLockoutCheck }: KeyPolicyCheck,
): void {
  if (Buffer.byteLength(JSON.stringify(policy)) > MAX_POLICY_BYTES) {
    throw new AwsError('LimitExceededException', `the key policy is longer than ${MAX_POLICY_BYTES} bytes`);
  }
  const statements = [policy.Statement].flat();
  if (statements.some(({ Principal }) => Principal === undefined)) {
    throw new AwsError('MalformedPolicyDocumentException', 'each statement of a key policy must have a Principal');
  }
  assertSupported(policy);
  if (bypassesLockoutCheck) return;
  try {
    const conditionKeys = { 'kms:CallerAccount': account.id, ...keyConditions(key) };
    call.authorize('kms:PutKeyPolicy', key.identity.arn, conditionKeys, policy);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    const reason = 'The new key policy will not allow you to update the key policy in the future.';
    throw new AwsError('MalformedPolicyDocumentException', reason);
  }
}

function assertSupported(policy: PolicyDocument): void {
  try {
    parsePolicy(policy);
  } catch (error) {
    if (error instanceof AwsError) throw new AwsError('MalformedPolicyDocumentException', error.message);
    throw error;
  }
}

interface KeyPolicyCheck {
  readonly call: Pick<AwsCall, 'authorize'>;
  readonly account: Account;
  readonly bypassesLockoutCheck: boolean;
}

/** https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html */
function keyConditions({ identity, settings }: Key): ConditionKeys {
  return {
    ...resourceTagKeys(settings.tags),
    'kms:KeyOrigin': 'AWS_KMS',
    'kms:KeySpec': identity.spec,
    'kms:KeyUsage': identity.usage,
    'kms:MultiRegion': String(identity.isMultiRegion),
    ...(identity.isMultiRegion && { 'kms:MultiRegionKeyType': 'PRIMARY' }),
  };
}

/** The condition keys of an encryption context. */
export function contextKeys(context: EncryptionContext): ConditionKeys {
  const names = Object.keys(context);
  if (names.length === 0) return {};
  const each = Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value]);
  return { ...Object.fromEntries(each), 'kms:EncryptionContextKeys': names };
}
