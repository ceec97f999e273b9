import type { ResourceType } from '../../../cloudformation/resource-type';
import { policyDocument } from '../../shared/policy-document';
import { string, structure } from '../../shared/shape';
import type { Buckets } from '../state';

const shape = structure({ Bucket: string({ min: 3, max: 63 }), PolicyDocument: policyDocument });

/** `AWS::S3::BucketPolicy`. `Ref` is the name of the bucket. */
export function bucketPolicyType(buckets: Buckets): ResourceType {
  return {
    properties: { Bucket: 'createOnly', PolicyDocument: 'mutable' },
    async create({ properties }) {
      const { Bucket, PolicyDocument } = shape(properties, '');
      const bucket = buckets.get(Bucket);
      bucket.policy = PolicyDocument;
      return { physicalId: bucket.name, attributes: {} };
    },
    async update({ properties }, resource) {
      buckets.get(resource.physicalId).policy = shape(properties, '').PolicyDocument;
      return resource;
    },
    async delete(_request, resource) {
      const bucket = buckets.find(resource.physicalId);
      if (bucket) bucket.policy = undefined;
    },
  };
}
