import type { ObjectPublisher } from '../../aws/s3';

/** Objects of the bucket can't be deleted. */
class BucketNotEmptiedError extends Error {
  override readonly name = 'BucketNotEmptiedError';
}

/** Deletes every version of every object, so that CloudFormation can delete the bucket. @returns how many it deleted */
export async function emptyBucket(
  publisher: Pick<ObjectPublisher, 'listVersions' | 'deleteVersions'>,
  bucket: string,
  signal: AbortSignal,
): Promise<number> {
  let deleted = 0;
  let page = await publisher.listVersions(bucket, undefined, signal);
  while (page !== undefined) {
    if (page.versions.length > 0) {
      const [failed, ...others] = await publisher.deleteVersions(bucket, page.versions, signal);
      if (failed !== undefined) {
        throw new BucketNotEmptiedError(
          `${others.length + 1} versions in bucket ${bucket} can't be deleted, the first of ${failed.key}: ${failed.code} ${failed.message}`,
        );
      }
      deleted += page.versions.length;
    }
    page = page.next && (await publisher.listVersions(bucket, page.next, signal));
  }
  return deleted;
}
