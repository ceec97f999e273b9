import type { Account } from '../../account';
import { Bucket } from './bucket';
import { S3Error } from './s3-error';

/** The buckets of the account. */
export class Buckets {
  private readonly byName = new Map<string, Bucket>();

  constructor(
    private readonly account: Account,
    private readonly now: () => Date,
  ) {}

  /** @throws S3Error `InvalidBucketName`, `BucketAlreadyOwnedByYou` */
  create(name: string): Bucket {
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
    if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) || name.includes('..') || /^(\d+\.){3}\d+$/.test(name)) {
      throw new S3Error('InvalidBucketName', `The specified bucket is not valid: ${name}`, 400);
    }
    if (this.byName.has(name)) {
      throw new S3Error('BucketAlreadyOwnedByYou', `${name} already exists`, 409);
    }
    const bucket = new Bucket(name, this.arn(name), this.now());
    this.byName.set(name, bucket);
    return bucket;
  }

  /** Sorted by name. */
  all(): readonly Bucket[] {
    return [...this.byName.values()].sort(({ name: one }, { name: other }) => (one < other ? -1 : 1));
  }

  find(name: string): Bucket | undefined {
    return this.byName.get(name);
  }

  /** @throws S3Error `NoSuchBucket` */
  get(name: string): Bucket {
    const bucket = this.find(name);
    if (bucket) return bucket;
    throw new S3Error('NoSuchBucket', 'The specified bucket does not exist', 404);
  }

  /** @throws S3Error `BucketNotEmpty`, also for delete markers */
  delete(bucket: Bucket): void {
    if (!bucket.isEmpty) {
      const reason = 'The bucket you tried to delete is not empty. You must delete all versions in the bucket.';
      throw new S3Error('BucketNotEmpty', reason, 409);
    }
    this.byName.delete(bucket.name);
  }

  /** The ARN of a bucket or an object. */
  arn(bucket: string, key?: string): string {
    const arn = `arn:${this.account.partition}:s3:::${bucket}`;
    return key === undefined ? arn : `${arn}/${key}`;
  }
}
