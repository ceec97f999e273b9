import type { Account } from '../../../account';
import type { AwsAnswer, AwsCall } from '../../../endpoint/api';
import { page } from '../../shared/paging';
import type { Bucket } from '../bucket';
import { S3Error } from '../s3-error';
import type { Buckets } from '../state';
import { xmlAnswer } from './answer';
import type { S3Operation } from './object-operations';
import type { S3Route } from './route';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html */
const MAX_BUCKETS = 10_000;

/** ListBuckets, HeadBucket, GetBucketLocation, GetBucketTagging, and GetBucketVersioning. */
export function bucketOperations(account: Account, buckets: Buckets): Readonly<Record<string, S3Operation>> {
  function authorizedBucket(action: string, { bucket: name }: S3Route, call: AwsCall): Bucket {
    call.authorize(`s3:${action}`, buckets.arn(name), {}, buckets.find(name)?.policy);
    return buckets.get(name);
  }

  function listBuckets(_route: S3Route, call: AwsCall): AwsAnswer {
    call.authorize('s3:ListAllMyBuckets', '*');
    const prefix = call.query.get('prefix') ?? '';
    const size = call.query.get('max-buckets') ?? String(MAX_BUCKETS);
    if (!/^[1-9]\d{0,4}$/.test(size)) throw new S3Error('InvalidArgument', 'max-buckets must be from 1 to 10000', 400);
    const region = call.query.get('bucket-region') ?? account.region;
    const found = buckets.all().filter(({ name }) => name.startsWith(prefix) && region === account.region);
    const { items, nextToken } = page(found, Number(size), call.query.get('continuation-token') ?? undefined);
    return xmlAnswer('ListAllMyBucketsResult', {
      Owner: { ID: account.id },
      Buckets: {
        Bucket: items.map(({ name, createdDate }) => ({
          Name: name,
          CreationDate: createdDate,
          BucketRegion: account.region,
        })),
      },
      ContinuationToken: nextToken,
      Prefix: prefix === '' ? undefined : prefix,
    });
  }

  function headBucket(route: S3Route, call: AwsCall): AwsAnswer {
    authorizedBucket('ListBucket', route, call);
    return { status: 200, headers: { 'x-amz-bucket-region': account.region } };
  }

  /** Empty for us-east-1. */
  function getBucketLocation(route: S3Route, call: AwsCall): AwsAnswer {
    authorizedBucket('GetBucketLocation', route, call);
    return xmlAnswer('LocationConstraint', account.region === 'us-east-1' ? {} : { '#text': account.region });
  }

  function getBucketTagging(route: S3Route, call: AwsCall): AwsAnswer {
    const { tags } = authorizedBucket('GetBucketTagging', route, call);
    if (tags.length === 0) throw new S3Error('NoSuchTagSet', 'The TagSet does not exist', 404);
    return xmlAnswer('Tagging', { TagSet: { Tag: tags.map(({ Key, Value = '' }) => ({ Key, Value })) } });
  }

  /** Empty for a bucket that never had versioning. */
  function getBucketVersioning(route: S3Route, call: AwsCall): AwsAnswer {
    const { versioning } = authorizedBucket('GetBucketVersioning', route, call);
    return xmlAnswer('VersioningConfiguration', { Status: versioning });
  }

  return {
    GetBucketLocation: getBucketLocation,
    GetBucketTagging: getBucketTagging,
    GetBucketVersioning: getBucketVersioning,
    HeadBucket: headBucket,
    ListBuckets: listBuckets,
  };
}
