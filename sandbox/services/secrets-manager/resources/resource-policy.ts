import type { ResourceType } from '../../../cloudformation/resource-type';
import { policyDocument } from '../../shared/policy-document';
import { boolean, optional, string, structure } from '../../shared/shape';
import type { Secrets } from '../state';

const shape = structure({
  SecretId: string({ min: 1, max: 2048 }),
  ResourcePolicy: policyDocument,
  BlockPublicPolicy: optional(boolean),
});

/** `AWS::SecretsManager::ResourcePolicy`. A secret has one policy. The sandbox doesn't check whether it is public. */
export function resourcePolicyType(secrets: Secrets): ResourceType {
  return {
    properties: { SecretId: 'createOnly', ResourcePolicy: 'mutable', BlockPublicPolicy: 'mutable' },
    async create({ properties }) {
      const { SecretId, ResourcePolicy } = shape(properties, '');
      const secret = secrets.getLiving(SecretId);
      secret.resourcePolicy = ResourcePolicy;
      return { physicalId: secret.details.arn, attributes: { Id: secret.details.arn } };
    },
    async update({ properties }, resource) {
      const { ResourcePolicy } = shape(properties, '');
      secrets.getLiving(resource.physicalId).resourcePolicy = ResourcePolicy;
      return resource;
    },
    async delete(_request, resource) {
      const secret = secrets.find(resource.physicalId);
      if (secret) secret.resourcePolicy = undefined;
    },
  };
}
