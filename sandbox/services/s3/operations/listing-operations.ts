import type { AwsAnswer, AwsCall } from '../../../endpoint/api';
import type { XmlElements } from '../../../endpoint/xml';
import type { Bucket, ObjectVersion, StoredObject } from '../bucket';
import { S3Error } from '../s3-error';
import type { Buckets } from '../state';
import { xmlAnswer } from './answer';
import { type Listing, type ListingRequest, listingRequest, listPage } from './listing';
import type { S3Operation } from './object-operations';
import type { S3Route } from './route';

/** ListObjectVersions, ListObjectsV2, and ListObjects. */
export function listingOperations(buckets: Buckets): Readonly<Record<string, S3Operation>> {
  function authorizedBucket(
    action: string,
    route: S3Route,
    call: AwsCall,
    { prefix, maxKeys }: ListingRequest,
  ): Bucket {
    const keys = { 's3:prefix': prefix, 's3:max-keys': String(maxKeys) };
    call.authorize(`s3:${action}`, buckets.arn(route.bucket), keys, buckets.find(route.bucket)?.policy);
    return buckets.get(route.bucket);
  }

  function listObjectVersions(route: S3Route, call: AwsCall): AwsAnswer {
    const request = listingRequest(call.query);
    const bucket = authorizedBucket('ListBucketVersions', route, call, request);
    const keyMarker = call.query.get('key-marker') ?? '';
    const all = versionsAfter(bucket, keyMarker, call.query.get('version-id-marker'));
    const listing = listPage(all, request, keyMarker);
    const [versions, markers] = [
      listing.entries.filter(({ object }) => object),
      listing.entries.filter(({ object }) => !object),
    ];
    return xmlAnswer('ListVersionsResult', {
      ...listingElements(bucket, request, listing),
      KeyMarker: encodeKey(keyMarker, request),
      NextKeyMarker: listing.next && encodeKey(listing.next.key, request),
      NextVersionIdMarker: listing.next?.entry?.versionId,
      Version: versions.map((version) => ({
        ...versionElements(bucket, version, request),
        ...objectElements(version),
      })),
      DeleteMarker: markers.map((marker) => versionElements(bucket, marker, request)),
    });
  }

  function listObjectsV2(route: S3Route, call: AwsCall): AwsAnswer {
    const request = listingRequest(call.query);
    const bucket = authorizedBucket('ListBucket', route, call, request);
    const token = call.query.get('continuation-token');
    const after = token === null ? (call.query.get('start-after') ?? '') : keyOfToken(token);
    const listing = listPage(latestAfter(bucket, after), request, after);
    return xmlAnswer('ListBucketResult', {
      ...listingElements(bucket, request, listing),
      KeyCount: listing.entries.length + listing.commonPrefixes.length,
      ContinuationToken: token ?? undefined,
      NextContinuationToken: listing.next && Buffer.from(`key:${listing.next.key}`).toString('base64url'),
      StartAfter: call.query.get('start-after') ?? undefined,
      Contents: listing.entries.map((version) => contentElements(version, request)),
    });
  }

  /** The first version of ListObjectsV2. */
  function listObjects(route: S3Route, call: AwsCall): AwsAnswer {
    const request = listingRequest(call.query);
    const bucket = authorizedBucket('ListBucket', route, call, request);
    const marker = call.query.get('marker') ?? '';
    const listing = listPage(latestAfter(bucket, marker), request, marker);
    return xmlAnswer('ListBucketResult', {
      ...listingElements(bucket, request, listing),
      Marker: encodeKey(marker, request),
      NextMarker: listing.next && request.delimiter !== '' ? encodeKey(listing.next.key, request) : undefined,
      Contents: listing.entries.map((version) => contentElements(version, request)),
    });
  }

  return { ListObjectVersions: listObjectVersions, ListObjectsV2: listObjectsV2, ListObjects: listObjects };
}

/** @throws S3Error `InvalidArgument` for a version marker that is empty or has no key marker */
function versionsAfter(bucket: Bucket, keyMarker: string, versionIdMarker: string | null): readonly ObjectVersion[] {
  const all = bucket.allVersions();
  if (versionIdMarker === null) return all.filter(({ key }) => isAfter(key, keyMarker));
  if (versionIdMarker === '') throw new S3Error('InvalidArgument', 'A version-id marker cannot be empty.', 400);
  if (keyMarker === '') {
    throw new S3Error('InvalidArgument', 'A version-id marker cannot be specified without a key marker.', 400);
  }
  const index = all.findIndex(({ key, versionId }) => key === keyMarker && versionId === versionIdMarker);
  if (index >= 0) return all.slice(index + 1);
  return all.filter(({ key, versionId }) =>
    key === keyMarker ? versionId === 'null' || versionId < versionIdMarker : isAfter(key, keyMarker),
  );
}

function latestAfter(bucket: Bucket, marker: string): readonly ObjectVersion[] {
  const latest = bucket.allVersions().filter((version) => version.object && bucket.isLatest(version));
  return latest.filter(({ key }) => isAfter(key, marker));
}

function isAfter(key: string, marker: string): boolean {
  return marker === '' || Buffer.compare(Buffer.from(key), Buffer.from(marker)) > 0;
}

function keyOfToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith('key:')) return text.slice('key:'.length);
  throw new S3Error('InvalidArgument', 'The continuation token provided is incorrect', 400);
}

function listingElements(bucket: Bucket, request: ListingRequest, listing: Listing<ObjectVersion>): XmlElements {
  return {
    Name: bucket.name,
    Prefix: encodeKey(request.prefix, request),
    Delimiter: request.delimiter === '' ? undefined : encodeKey(request.delimiter, request),
    MaxKeys: request.maxKeys,
    EncodingType: request.encodesKeys ? 'url' : undefined,
    IsTruncated: listing.next !== undefined,
    CommonPrefixes: listing.commonPrefixes.map((prefix) => ({ Prefix: encodeKey(prefix, request) })),
  };
}

function versionElements(bucket: Bucket, version: ObjectVersion, request: ListingRequest): XmlElements {
  return {
    Key: encodeKey(version.key, request),
    VersionId: version.versionId,
    IsLatest: bucket.isLatest(version),
    LastModified: version.lastModified.toISOString(),
  };
}

function contentElements(version: ObjectVersion, request: ListingRequest): XmlElements {
  return {
    Key: encodeKey(version.key, request),
    LastModified: version.lastModified,
    ...objectElements(version),
  };
}

function objectElements({ object }: { readonly object?: StoredObject }): XmlElements {
  return { ETag: object?.etag, Size: object?.body.length, StorageClass: 'STANDARD' };
}

function encodeKey(key: string, { encodesKeys }: ListingRequest): string {
  return encodesKeys ? encodeURIComponent(key).replaceAll('%2F', '/') : key;
}
