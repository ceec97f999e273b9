import type { Clock } from '../../../clock';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { policyDocument } from '../../shared/policy-document';
import { anything, boolean, integer, oneOf, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import { KEY_SPECS, KEY_USAGES, type Key, type KeySettings } from '../key';
import type { Keys } from '../state';

const DAY = 24 * 60 * 60 * 1000;

const shape = structure({
  BypassPolicyLockoutSafetyCheck: optional(boolean),
  Description: optional(string({ max: 8192 })),
  Enabled: optional(boolean),
  /** Rotation keeps the old key material, so nobody can tell whether it happened. */
  EnableKeyRotation: optional(boolean),
  KeyPolicy: optional(policyDocument),
  KeySpec: optional(oneOf(...KEY_SPECS)),
  KeyUsage: optional(oneOf(...KEY_USAGES)),
  MultiRegion: optional(oneOf('false')),
  PendingWindowInDays: optional(integer({ min: 7, max: 30 })),
  RotationPeriodInDays: optional(anything),
  Tags: optional(tagList),
});

/**
 * `AWS::KMS::Key`: symmetric keys for encryption, and RSA and elliptic curve keys for signatures. A key that is deleted
 * stays for `PendingWindowInDays`, but nobody can use it.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
 */
export function keyType(keys: Keys, clock: Clock, rootArn: string): ResourceType {
  function settingsOf(properties: Properties): KeySettings {
    const { Description = '', Enabled = true, KeyPolicy } = shape(properties, '');
    // https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    const Statement = { Effect: 'Allow', Principal: { AWS: rootArn }, Action: 'kms:*', Resource: '*' };
    return { description: Description, isEnabled: Enabled, policy: KeyPolicy ?? { Version: '2012-10-17', Statement } };
  }

  return {
    properties: {
      BypassPolicyLockoutSafetyCheck: 'mutable',
      Description: 'mutable',
      Enabled: 'mutable',
      EnableKeyRotation: 'mutable',
      KeyPolicy: 'mutable',
      KeySpec: 'createOnly',
      KeyUsage: 'createOnly',
      MultiRegion: 'createOnly',
      PendingWindowInDays: 'mutable',
      RotationPeriodInDays: 'mutable',
      Tags: 'mutable',
    },
    async create({ properties }) {
      const { KeySpec: spec = 'SYMMETRIC_DEFAULT', KeyUsage: usage = 'ENCRYPT_DECRYPT' } = shape(properties, '');
      const isSymmetric = spec === 'SYMMETRIC_DEFAULT';
      if (isSymmetric !== (usage === 'ENCRYPT_DECRYPT')) {
        throw new AwsError('ValidationException', `the sandbox has no ${spec} keys for ${usage}`);
      }
      return asResource(keys.create({ spec, usage }, settingsOf(properties)));
    },
    async update({ properties }, resource) {
      const key = keys.get(resource.physicalId);
      Object.assign(key.settings, settingsOf(properties));
      return asResource(key);
    },
    async delete({ properties }, resource) {
      const key = keys.find(resource.physicalId);
      const days = shape(properties, '').PendingWindowInDays ?? 30;
      if (key) key.deletionDate = new Date(clock.now().getTime() + days * DAY);
    },
  };
}

function asResource({ identity: { id, arn } }: Key): Resource {
  return { physicalId: id, attributes: { Arn: arn, KeyId: id } };
}
