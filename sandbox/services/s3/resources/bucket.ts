import type { Account } from '../../../account';
import { physicalName } from '../../../cloudformation/physical-name';
import type { Properties, Resource, ResourceType } from '../../../cloudformation/resource-type';
import { anything, boolean, list, oneOf, optional, string, structure } from '../../shared/shape';
import { tagList } from '../../shared/tags';
import type { Bucket } from '../bucket';
import type { Buckets } from '../state';

const MAX_BUCKET_NAME = 63;

const bucketEncryption = structure({
  ServerSideEncryptionConfiguration: list(
    structure({
      BlockedEncryptionTypes: optional(anything),
      BucketKeyEnabled: optional(boolean),
      ServerSideEncryptionByDefault: optional(
        structure({
          KMSMasterKeyID: optional(string({ min: 1, max: 2048 })),
          SSEAlgorithm: oneOf('AES256', 'aws:kms', 'aws:kms:dsse'),
        }),
      ),
    }),
    { max: 1 },
  ),
});

const publicAccessBlock = structure({
  BlockPublicAcls: optional(boolean),
  BlockPublicPolicy: optional(boolean),
  IgnorePublicAcls: optional(boolean),
  RestrictPublicBuckets: optional(boolean),
});

const shape = structure({
  BucketName: optional(string({ min: 3, max: MAX_BUCKET_NAME })),
  VersioningConfiguration: optional(structure({ Status: oneOf('Enabled', 'Suspended') })),
  BucketEncryption: optional(bucketEncryption),
  PublicAccessBlockConfiguration: optional(publicAccessBlock),
  OwnershipControls: optional(anything),
  LifecycleConfiguration: optional(anything),
  LoggingConfiguration: optional(anything),
  Tags: optional(tagList),
});

/**
 * `AWS::S3::Bucket`. Versioning, default encryption, and tags are supported. Public access, ownership, lifecycle, and logging are
 * accepted without effect, because objects stay in memory, are never public, and don't live long enough to expire.
 */
export function bucketType(buckets: Buckets, account: Account): ResourceType {
  function asResource({ name, arn }: Bucket): Resource {
    const domain = 'amazonaws.com';
    return {
      physicalId: name,
      attributes: {
        Arn: arn,
        DomainName: `${name}.s3.${domain}`,
        DualStackDomainName: `${name}.s3.dualstack.${account.region}.${domain}`,
        RegionalDomainName: `${name}.s3.${account.region}.${domain}`,
      },
    };
  }

  function configure(bucket: Bucket, properties: Properties): Resource {
    const { VersioningConfiguration, BucketEncryption, PublicAccessBlockConfiguration, Tags } = shape(properties, '');
    const [rule] = BucketEncryption?.ServerSideEncryptionConfiguration ?? [];
    const { SSEAlgorithm = 'AES256', KMSMasterKeyID = 'alias/aws/s3' } = rule?.ServerSideEncryptionByDefault ?? {};
    // All new buckets do, unless the template says otherwise.
    bucket.blocksPublicAccess =
      PublicAccessBlockConfiguration?.BlockPublicAcls ?? PublicAccessBlockConfiguration === undefined;
    bucket.hasBucketKey = rule?.BucketKeyEnabled ?? false;
    bucket.defaultKmsKeyId = SSEAlgorithm === 'AES256' ? undefined : KMSMasterKeyID;
    bucket.tags = Tags ?? [];
    // Versioning can be suspended, but not removed.
    bucket.versioning = VersioningConfiguration?.Status ?? (bucket.versioning && 'Suspended');
    return asResource(bucket);
  }

  return {
    properties: {
      BucketName: 'createOnly',
      VersioningConfiguration: 'mutable',
      BucketEncryption: 'mutable',
      PublicAccessBlockConfiguration: 'mutable',
      OwnershipControls: 'mutable',
      LifecycleConfiguration: 'mutable',
      LoggingConfiguration: 'mutable',
      Tags: 'mutable',
    },
    otherProperties: 'ignored',
    async create(request) {
      const { BucketName } = shape(request.properties, '');
      const name = BucketName ?? physicalName(request, MAX_BUCKET_NAME).toLowerCase();
      return configure(buckets.create(name), request.properties);
    },
    async update({ properties }, resource) {
      return configure(buckets.get(resource.physicalId), properties);
    },
    async delete(_request, resource) {
      const bucket = buckets.find(resource.physicalId);
      if (bucket) buckets.delete(bucket);
    },
  };
}
