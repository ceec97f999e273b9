import type { ResourceType } from '../../../cloudformation/resource-type';
import { AwsError } from '../../../endpoint/api';
import { string, structure } from '../../shared/shape';
import type { Keys } from '../state';

const shape = structure({
  AliasName: string({ min: 1, max: 256 }, /^alias\/(?!aws\/)[\w/-]+$/),
  TargetKeyId: string({ min: 1, max: 2048 }),
});

/**
 * `AWS::KMS::Alias`
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-alias.html
 */
export function aliasType(keys: Keys): ResourceType {
  return {
    properties: { AliasName: 'createOnly', TargetKeyId: 'mutable' },
    async create({ properties }) {
      const { AliasName, TargetKeyId } = shape(properties, '');
      if (keys.aliases.has(AliasName)) {
        throw new AwsError('AlreadyExistsException', `An alias with the name ${keys.arnOf(AliasName)} already exists`);
      }
      keys.setAlias(AliasName, TargetKeyId);
      return { physicalId: AliasName, attributes: { AliasName } };
    },
    async update({ properties }, resource) {
      keys.setAlias(resource.physicalId, shape(properties, '').TargetKeyId);
      return resource;
    },
    delete: async (_request, resource) => keys.deleteAlias(resource.physicalId),
  };
}
