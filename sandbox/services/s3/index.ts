import type { ResourceType } from '../../cloudformation/resource-type';
import type { AwsAnswer, AwsApi, AwsCall, CallDescription } from '../../endpoint/api';
import type { KmsService } from '../kms';
import type { Service, Surroundings } from '../shared/service';
import { errorAnswer } from './operations/answer';
import { bucketOperations } from './operations/bucket-operations';
import { deleteObjectsOperation } from './operations/delete-objects';
import { listingOperations } from './operations/listing-operations';
import { authorizeKey, etagOf, objectOperations, type S3Operation } from './operations/object-operations';
import { routeOf } from './operations/route';
import { bucketType } from './resources/bucket';
import { bucketPolicyType } from './resources/bucket-policy';
import { notImplemented, S3Error } from './s3-error';
import { Buckets } from './state';

/** An object that another service writes. */
interface NewObject {
  readonly bucket: string;
  readonly key: string;
  readonly body: Buffer;
  readonly contentType?: string;
}

/** Amazon S3: buckets with and without versioning, objects, and bucket policies. Supports path-style URLs only. */
export class S3Service implements Service {
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  readonly api: AwsApi;
  private readonly buckets: Buckets;
  private readonly keys: Pick<KmsService, 'authorizeUse'>;
  private readonly now: () => Date;

  constructor({ account, clock }: Surroundings, keys: Pick<KmsService, 'authorizeUse'>) {
    const now = () => clock.now();
    const buckets = new Buckets(account, now);
    const operations: Readonly<Record<string, S3Operation>> = {
      ...objectOperations(buckets, now, keys),
      ...bucketOperations(account, buckets),
      ...listingOperations(buckets),
      DeleteObjects: deleteObjectsOperation(buckets, now),
    };
    this.buckets = buckets;
    this.keys = keys;
    this.now = now;
    this.resourceTypes = {
      'AWS::S3::Bucket': bucketType(buckets, account),
      'AWS::S3::BucketPolicy': bucketPolicyType(buckets),
    };
    this.api = {
      signingName: 's3',
      describe,
      async handle(call) {
        try {
          assertOwner(call, account.id);
          return answer(call, operations);
        } catch (error) {
          return errorAnswer(error, call.method === 'HEAD');
        }
      },
    };
  }

  /**
   * Authorizes another service by the policy of the bucket.
   * @throws AccessDenied, S3Error `NoSuchBucket`
   */
  authorize(caller: Pick<AwsCall, 'authorize'>, action: string, bucket: string, key?: string): void {
    const { policy } = this.buckets.get(bucket);
    caller.authorize(`s3:${action}`, this.buckets.arn(bucket, key), {}, policy);
  }

  /** Whether the bucket refuses objects that everyone can read. */
  blocksPublicAccess(bucket: string): boolean {
    return this.buckets.get(bucket).blocksPublicAccess;
  }

  /**
   * Writes an object for another service.
   * @throws AccessDenied, S3Error `NoSuchBucket`
   */
  putObject(caller: Pick<AwsCall, 'authorize'>, { bucket: name, key, body, contentType }: NewObject): void {
    this.authorize(caller, 'PutObject', name, key);
    const bucket = this.buckets.get(name);
    const kmsKeyId = bucket.defaultKmsKeyId;
    authorizeKey({ caller, keys: this.keys, buckets: this.buckets }, kmsKeyId, 'GenerateDataKey', {
      bucket: name,
      key,
    });
    const headers = { 'content-type': contentType ?? 'binary/octet-stream' };
    bucket.put(key, { body, etag: etagOf(body), checksum: {}, kmsKeyId, headers }, this.now());
  }

  /** Reads an object for another service. Undefined if the bucket, key, or version doesn't exist. */
  getObject(bucket: string, key: string, versionId?: string): { body: Buffer; versionId: string } | undefined {
    const found = this.buckets.find(bucket);
    const version = versionId === undefined ? found?.latest(key) : found?.version(key, versionId);
    return version?.object && { body: version.object.body, versionId: version.versionId };
  }
}

function describe(call: Parameters<AwsApi['describe']>[0]): CallDescription {
  try {
    const { operation, bucket, key } = routeOf(call);
    return { operation, input: { Bucket: bucket, Key: key } };
  } catch {
    return { operation: `${call.method} ${call.path}`, input: {} };
  }
}

function answer(call: AwsCall, operations: Readonly<Record<string, S3Operation>>): AwsAnswer {
  const route = routeOf(call);
  const operation = operations[route.operation];
  if (!operation) throw notImplemented(`s3:${route.operation}`);
  return operation(route, call);
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html */
function assertOwner({ headers }: AwsCall, accountId: string): void {
  const expected = headers['x-amz-expected-bucket-owner'];
  if (expected === undefined || expected === accountId) return;
  throw new S3Error('AccessDenied', `the bucket belongs to ${accountId}, not to ${expected}`, 403);
}
