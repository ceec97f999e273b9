import type { Account } from '../../account';
import { type AwsCall, AwsError } from '../../endpoint/api';
import type { JsonOperation } from '../../endpoint/json-protocol';
import { page } from '../shared/paging';
import { policyDocument } from '../shared/policy-document';
import { anything, boolean, integer, oneOf, optional, string, structure } from '../shared/shape';
import { assertKeyPolicy, type authorizationOn } from './authorization';
import type { Key } from './key';
import type { Keys } from './state';

const PAGE_SIZE = 100;
/** https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html */
export const waitingPeriod = integer({ min: 7, max: 30 });
export const DEFAULT_WAITING_PERIOD = 30;

const keyId = string({ min: 1, max: 2048 });
const keyShape = structure({ KeyId: keyId, GrantTokens: optional(anything) });
const paging = { Limit: optional(integer({ min: 1, max: 1000 })), Marker: optional(string()) };
const policyName = optional(oneOf('default'));

interface Surroundings {
  readonly keys: Keys;
  readonly authorize: ReturnType<typeof authorizationOn>;
  readonly account: Account;
}

/** The operations that describe keys, and change their state or policy. */
export function managementOperations({
  keys,
  authorize,
  account,
}: Surroundings): Readonly<Record<string, JsonOperation>> {
  function describeKey(input: unknown, call: AwsCall): object {
    const { KeyId } = keyShape(input, '');
    authorize(call, 'DescribeKey', KeyId);
    return { KeyMetadata: metadata(keys.get(KeyId), account) };
  }

  function getPublicKey(input: unknown, call: AwsCall): object {
    const { KeyId } = keyShape(input, '');
    authorize(call, 'GetPublicKey', KeyId);
    const key = keys.getUsable(KeyId);
    const { arn, spec, usage } = key.identity;
    if (spec === 'SYMMETRIC_DEFAULT') {
      throw new AwsError('UnsupportedOperationException', `${arn} is a symmetric key, which has no public key.`);
    }
    return {
      KeyId: arn,
      PublicKey: key.publicKey.toString('base64'),
      CustomerMasterKeySpec: spec,
      KeySpec: spec,
      KeyUsage: usage,
      SigningAlgorithms: key.signingAlgorithms,
    };
  }

  function setEnabled(isEnabled: boolean) {
    return (input: unknown, call: AwsCall): undefined => {
      const { KeyId } = keyShape(input, '');
      authorize(call, isEnabled ? 'EnableKey' : 'DisableKey', KeyId);
      keys.getKept(KeyId).settings.isEnabled = isEnabled;
    };
  }

  const scheduleShape = structure({ KeyId: keyId, PendingWindowInDays: optional(waitingPeriod) });

  function scheduleKeyDeletion(input: unknown, call: AwsCall): object {
    const { KeyId, PendingWindowInDays = DEFAULT_WAITING_PERIOD } = scheduleShape(input, '');
    const conditionKeys = { 'kms:ScheduleKeyDeletionPendingWindowInDays': String(PendingWindowInDays) };
    authorize(call, 'ScheduleKeyDeletion', KeyId, conditionKeys);
    const key = keys.getKept(KeyId);
    const date = keys.scheduleDeletion(key, PendingWindowInDays);
    return { KeyId: key.identity.arn, DeletionDate: seconds(date), KeyState: key.state, PendingWindowInDays };
  }

  /** The key is disabled afterwards, as documented. */
  function cancelKeyDeletion(input: unknown, call: AwsCall): object {
    const { KeyId } = keyShape(input, '');
    authorize(call, 'CancelKeyDeletion', KeyId);
    const key = keys.get(KeyId);
    if (key.deletionDate === undefined) {
      const reason = `${key.identity.arn} is not pending deletion (or pending replica deletion).`;
      throw new AwsError('KMSInvalidStateException', reason);
    }
    key.deletionDate = undefined;
    key.settings.isEnabled = false;
    return { KeyId: key.identity.arn };
  }

  const getPolicyShape = structure({ KeyId: keyId, PolicyName: policyName });

  function getKeyPolicy(input: unknown, call: AwsCall): object {
    const { KeyId } = getPolicyShape(input, '');
    authorize(call, 'GetKeyPolicy', KeyId);
    return { Policy: JSON.stringify(keys.get(KeyId).settings.policy), PolicyName: 'default' };
  }

  const putPolicyShape = structure({
    KeyId: keyId,
    PolicyName: policyName,
    Policy: policyDocument,
    BypassPolicyLockoutSafetyCheck: optional(boolean),
  });

  function putKeyPolicy(input: unknown, call: AwsCall): undefined {
    const { KeyId, Policy, BypassPolicyLockoutSafetyCheck: bypasses = false } = putPolicyShape(input, '');
    authorize(call, 'PutKeyPolicy', KeyId, { 'kms:BypassPolicyLockoutSafetyCheck': String(bypasses) });
    const key = keys.get(KeyId);
    assertKeyPolicy(key, Policy, { call, account, bypassesLockoutCheck: bypasses });
    key.settings.policy = Policy;
  }

  const listTagsShape = structure({ KeyId: keyId, ...paging });

  function listResourceTags(input: unknown, call: AwsCall): object {
    const { KeyId, Limit, Marker } = listTagsShape(input, '');
    authorize(call, 'ListResourceTags', KeyId);
    const tags = keys.get(KeyId).settings.tags.map(({ Key, Value = '' }) => ({ TagKey: Key, TagValue: Value }));
    return listed('Tags', tags, { Limit, Marker });
  }

  const listAliasesShape = structure({ KeyId: optional(keyId), ...paging });

  function listAliases(input: unknown, call: AwsCall): object {
    const { KeyId, Limit, Marker } = listAliasesShape(input, '');
    call.authorize('kms:ListAliases', '*');
    const id = KeyId === undefined ? undefined : keys.get(KeyId).identity.id;
    const aliases = [...keys.aliases]
      .filter(([, { identity }]) => id === undefined || identity.id === id)
      .map(([name, { identity }]) => ({
        AliasName: name,
        AliasArn: keys.arnOf(name),
        TargetKeyId: identity.id,
      }));
    return listed('Aliases', aliases, { Limit, Marker });
  }

  const listKeysShape = structure(paging);

  function listKeys(input: unknown, call: AwsCall): object {
    const { Limit, Marker } = listKeysShape(input, '');
    call.authorize('kms:ListKeys', '*');
    const all = keys.all.map(({ identity }) => ({ KeyId: identity.id, KeyArn: identity.arn }));
    return listed('Keys', all, { Limit, Marker });
  }

  return {
    CancelKeyDeletion: cancelKeyDeletion,
    DescribeKey: describeKey,
    DisableKey: setEnabled(false),
    EnableKey: setEnabled(true),
    GetKeyPolicy: getKeyPolicy,
    GetPublicKey: getPublicKey,
    ListAliases: listAliases,
    ListKeys: listKeys,
    ListResourceTags: listResourceTags,
    PutKeyPolicy: putKeyPolicy,
    ScheduleKeyDeletion: scheduleKeyDeletion,
  };
}

function listed(
  name: string,
  all: readonly object[],
  { Limit, Marker }: { Limit: number | undefined; Marker: string | undefined },
): object {
  const { items, nextToken } = page(all, Limit ?? PAGE_SIZE, Marker);
  return { [name]: items, Truncated: nextToken !== undefined, NextMarker: nextToken };
}

function metadata({ identity, settings, state, deletionDate, signingAlgorithms }: Key, account: Account): object {
  const { arn, spec, usage, isMultiRegion } = identity;
  return {
    AWSAccountId: account.id,
    Arn: arn,
    CreationDate: seconds(identity.createdAt),
    CustomerMasterKeySpec: spec,
    DeletionDate: deletionDate && seconds(deletionDate),
    Description: settings.description,
    Enabled: state === 'Enabled',
    EncryptionAlgorithms: usage === 'ENCRYPT_DECRYPT' ? ['SYMMETRIC_DEFAULT'] : undefined,
    KeyId: identity.id,
    KeyManager: 'CUSTOMER',
    KeySpec: spec,
    KeyState: state,
    KeyUsage: usage,
    MultiRegion: isMultiRegion,
    MultiRegionConfiguration: isMultiRegion
      ? { MultiRegionKeyType: 'PRIMARY', PrimaryKey: { Arn: arn, Region: account.region }, ReplicaKeys: [] }
      : undefined,
    Origin: 'AWS_KMS',
    SigningAlgorithms: usage === 'SIGN_VERIFY' ? signingAlgorithms : undefined,
  };
}

function seconds(date: Date): number {
  return date.getTime() / 1000;
}
