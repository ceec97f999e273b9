import { Annotations, CfnDeletionPolicy, type Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import type { EncryptionOptions } from '../mesh-function-options';
import { grantKeyThrough } from './key-grant';
import type { MeshFunction } from './mesh-function';

interface PublicationBucketProps extends EncryptionOptions {
  /**
   * CloudFormation can't delete a bucket with objects, so with `RETAIN_ON_UPDATE_OR_DELETE` the rollback of a first deployment would
   * fail. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-s3-bucket.html
   */
  readonly removalPolicy: RemovalPolicy;
  /** How long versions are kept that were replaced. @default - forever */
  readonly keepReplaced?: Duration;
}

/** A bucket for what a function of the mesh publishes. Nothing in it is secret, and all of it must be authentic. */
export function publicationBucket(scope: Construct, props: PublicationBucketProps): s3.Bucket {
  const bucket = new s3.Bucket(scope, 'Bucket', {
    versioned: true,
    ...bucketEncryption(props),
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
    enforceSSL: true,
    removalPolicy: props.removalPolicy,
    ...(props.keepReplaced && { lifecycleRules: [{ noncurrentVersionExpiration: props.keepReplaced }] }),
  });
  if (props.removalPolicy !== RemovalPolicy.DESTROY) warnOfFullBucket(bucket);
  return bucket;
}

/** An aspect such as `RemovalPolicies` may change the policy, and CloudFormation deletes no bucket with objects. */
function warnOfFullBucket(bucket: s3.Bucket): void {
  const validate = () => {
    const { deletionPolicy } = (bucket.node.defaultChild as s3.CfnBucket).cfnOptions;
    if (deletionPolicy === CfnDeletionPolicy.DELETE) {
      Annotations.of(bucket).addWarningV2(
        'cdk-mtls-service-mesh:fullBucket',
        'the bucket is deleted with the stack, but nothing empties it before, so that the deletion fails: set removalPolicy of ' +
          'the construct to DESTROY instead of changing it afterwards',
      );
    }
    return [];
  };
  bucket.node.addValidation({ validate });
}

/** Allows the publisher to use the key of the bucket, and to empty a bucket that is deleted. */
export function allowPublication(publisher: MeshFunction, bucket: s3.IBucket, removalPolicy: RemovalPolicy): void {
  const { encryptionKey: key } = bucket;
  if (key) {
    grantKeyThrough('s3', publisher, { grantee: publisher.handler, key, actions: ['kms:GenerateDataKey'] });
  }
  if (removalPolicy === RemovalPolicy.DESTROY) {
    publisher.allow(['s3:ListBucketVersions'], [bucket.bucketArn]);
    publisher.allow(['s3:DeleteObject', 's3:DeleteObjectVersion'], [bucket.arnForObjects('*')]);
  }
}

/** With a bucket key, API Gateway and the functions cause few calls to KMS. */
function bucketEncryption({ encryptionKey }: EncryptionOptions): Partial<s3.BucketProps> {
  if (!encryptionKey) return { encryption: s3.BucketEncryption.S3_MANAGED };
  return { encryption: s3.BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true };
}
