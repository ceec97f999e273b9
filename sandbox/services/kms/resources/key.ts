import type { Account } from '../../../account';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { type AwsCall, AwsError } from '../../../endpoint/api';
import { policyDocument } from '../../shared/policy-document';
import { anything, boolean, oneOf, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import { assertKeyPolicy, defaultKeyPolicy } from '../authorization';
import { KEY_SPECS, KEY_USAGES, type Key, type KeySettings } from '../key';
import { DEFAULT_WAITING_PERIOD, waitingPeriod } from '../management-operations';
import type { Keys } from '../state';

const shape = structure({
  BypassPolicyLockoutSafetyCheck: optional(boolean),
  Description: optional(string({ max: 8192 })),
  Enabled: optional(boolean),
  /** Rotation keeps the old key material, so nobody can tell whether it happened. */
  EnableKeyRotation: optional(boolean),
  KeyPolicy: optional(policyDocument),
  KeySpec: optional(oneOf(...KEY_SPECS)),
  KeyUsage: optional(oneOf(...KEY_USAGES)),
  MultiRegion: optional(boolean),
  Origin: optional(oneOf('AWS_KMS')),
  PendingWindowInDays: optional(waitingPeriod),
  RotationPeriodInDays: optional(anything),
  Tags: optional(tagList),
});

/** A change fails the update, so nobody deletes a key by a change. */
const IMMUTABLE = ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'] as const;

/**
 * `AWS::KMS::Key`: symmetric keys for encryption, and RSA and elliptic curve keys for signatures. A key that is deleted
 * stays for `PendingWindowInDays`, but nobody can use it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
 */
export function keyType(keys: Keys, account: Account, deployer: Pick<AwsCall, 'authorize'>): ResourceType {
  function settingsOf(properties: Properties): KeySettings {
    const { Description = '', Enabled = true, KeyPolicy, Tags = [] } = shape(properties, '');
    return {
      description: Description,
      isEnabled: Enabled,
      policy: KeyPolicy ?? defaultKeyPolicy(account),
      tags: Tags,
    };
  }

  function assertPolicy(key: Key, { policy }: KeySettings, properties: Properties): void {
    const { BypassPolicyLockoutSafetyCheck: bypassesLockoutCheck = false } = shape(properties, '');
    assertKeyPolicy(key, policy, { call: deployer, account, bypassesLockoutCheck });
  }

  return {
    properties: {
      BypassPolicyLockoutSafetyCheck: 'mutable',
      Description: 'mutable',
      Enabled: 'mutable',
      EnableKeyRotation: 'mutable',
      KeyPolicy: 'mutable',
      KeySpec: 'mutable',
      KeyUsage: 'mutable',
      MultiRegion: 'mutable',
      Origin: 'mutable',
      PendingWindowInDays: 'mutable',
      RotationPeriodInDays: 'mutable',
      Tags: 'mutable',
    },
    async create({ properties }) {
      const { spec, usage, isMultiRegion } = identityOf(properties);
      if ((spec === 'SYMMETRIC_DEFAULT') !== (usage === 'ENCRYPT_DECRYPT')) {
        throw new AwsError('ValidationException', `the sandbox has no ${spec} keys for ${usage}`);
      }
      const settings = settingsOf(properties);
      const key = keys.make({ spec, usage, isMultiRegion }, settings);
      assertPolicy(key, settings, properties);
      keys.add(key);
      return asResource(key);
    },
    async update({ properties }, resource, oldProperties) {
      assertSameIdentity(properties, oldProperties);
      const key = keys.get(resource.physicalId);
      const settings = settingsOf(properties);
      assertPolicy(key, settings, properties);
      Object.assign(key.settings, settings);
      return asResource(key);
    },
    async delete({ properties }, resource) {
      const key = keys.find(resource.physicalId);
      if (key === undefined || key.state === 'PendingDeletion') return;
      keys.scheduleDeletion(key, shape(properties, '').PendingWindowInDays ?? DEFAULT_WAITING_PERIOD);
    },
  };
}

function identityOf(properties: Properties) {
  const { KeySpec: spec = 'SYMMETRIC_DEFAULT', KeyUsage, MultiRegion: isMultiRegion = false } = shape(properties, '');
  // KMS requires the usage of all other keys.
  if (KeyUsage === undefined && spec !== 'SYMMETRIC_DEFAULT') {
    throw new AwsError(
      'ValidationException',
      'You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.',
    );
  }
  return { spec, usage: KeyUsage ?? 'ENCRYPT_DECRYPT', isMultiRegion } as const;
}

function assertSameIdentity(properties: Properties, oldProperties: Properties): void {
  const defaults = { KeySpec: 'SYMMETRIC_DEFAULT', KeyUsage: 'ENCRYPT_DECRYPT', MultiRegion: false, Origin: 'AWS_KMS' };
  const after = { ...defaults, ...properties };
  const before = { ...defaults, ...oldProperties };
  const changed = IMMUTABLE.find((name) => String(after[name]) !== String(before[name]));
  if (changed === undefined) return;
  throw new AwsError('ValidationException', `You cannot change the ${changed} of a KMS key after it is created.`);
}

function asResource({ identity: { id, arn } }: Key): Resource {
  return { physicalId: id, attributes: { Arn: arn, KeyId: id } };
}
