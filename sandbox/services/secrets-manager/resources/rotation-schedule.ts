import { randomUUID } from 'node:crypto';
import type { Properties, ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { boolean, optional, string, structure } from '../../shared/shape';
import type { Rotations } from '../rotation/rotations';
import { readRotationRules, rotationRulesShape } from '../rotation/rules';
import type { Secrets } from '../state';

const shape = structure({
  SecretId: string({ min: 1, max: 2048 }),
  RotationLambdaARN: optional(string({ min: 1, max: 2048 })),
  RotationRules: optional(rotationRulesShape),
  RotateImmediatelyOnUpdate: optional(boolean),
});

/**
 * `AWS::SecretsManager::RotationSchedule` with a Lambda function. Like CloudFormation, it waits neither for the
 * rotation that it starts nor for the test if `RotateImmediatelyOnUpdate` is false.
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-rotationschedule.html
 */
export function rotationScheduleType(secrets: Secrets, rotations: Rotations): ResourceType {
  function configure(properties: Properties): string {
    const { SecretId, RotationLambdaARN, RotationRules, RotateImmediatelyOnUpdate = true } = shape(properties, '');
    if (RotationLambdaARN === undefined) {
      throw new AwsError('InvalidRequestException', 'the sandbox knows rotation by RotationLambdaARN only');
    }
    const secret = secrets.getLiving(SecretId);
    const rules = RotationRules === undefined ? undefined : readRotationRules(RotationRules);
    rotations.configure(secret, RotationLambdaARN, rules);
    if (RotateImmediatelyOnUpdate) rotations.begin(secret, randomUUID());
    else rotations.test(secret);
    return secret.details.arn;
  }

  return {
    properties: {
      SecretId: 'createOnly',
      RotationLambdaARN: 'mutable',
      RotationRules: 'mutable',
      RotateImmediatelyOnUpdate: 'mutable',
    },
    async create({ properties }) {
      const arn = configure(properties);
      return { physicalId: arn, attributes: { Id: arn } };
    },
    async update({ properties }, resource) {
      configure(properties);
      return resource;
    },
    async delete(_request, { physicalId }) {
      const secret = secrets.find(physicalId);
      if (secret) rotations.cancel(secret);
    },
  };
}
