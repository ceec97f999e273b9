import { createHash } from 'node:crypto';
import { AwsCallError, isAwsError } from './aws-error';
import type { AwsConnection } from './connection';
import type { RetryPolicy } from './retry';
import { type ResponseReader, type ServiceRequest, type ServiceResponse, SignedCaller } from './signed-caller';
import { elements, escapeXml, onlyElement } from './xml';

/** One version of an object. Its content never changes. */
export interface VersionedObject extends S3Object {
  readonly versionId: string;
}

export interface S3Object {
  readonly bucket: string;
  readonly key: string;
}

/** A version or a delete marker. */
export type ListedVersion = Omit<VersionedObject, 'bucket'>;

export interface ObjectVersionPage {
  readonly versions: readonly ListedVersion[];
  /** Where the next page starts; undefined after the last. */
  readonly next: ListedVersion | undefined;
}

/** An object version that S3 did not delete. */
export interface FailedDeletion {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}

/** About eight seconds of delays: a new bucket may take as long to propagate. */
const RETRY_POLICY: RetryPolicy = { attempts: 10, timeout: 3_000, backoff: { first: 50, longest: 5_000 } };

/** Larger than any truststore that API Gateway accepts. Bytes. */
const LARGEST_OBJECT = 1_000_000;

const NOT_MODIFIED = 304;

/** The content of an object, and what identifies it. */
export interface TaggedText {
  readonly text: string;
  readonly entityTag: string;
}

export interface S3Options {
  readonly connection: AwsConnection;
  /** @default - ten attempts */
  readonly retryPolicy?: RetryPolicy;
}

/** Options of `ObjectReader`. */
export interface ObjectReaderOptions extends S3Options {
  /** Bytes. @default - a megabyte */
  readonly largestObject?: number;
}

/** Reads objects. https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export class ObjectReader {
  constructor(private readonly options: ObjectReaderOptions) {}

  /**
   * The text of an object, or of one of its versions.
   * @throws AwsCallError when the object does not exist, can't be read, or is too large
   */
  async readObject(object: S3Object | VersionedObject, signal: AbortSignal): Promise<string> {
    const { headers, text } = await this.get(object, {}, signal);
    const versionId = 'versionId' in object ? object.versionId : undefined;
    if (versionId === undefined || headers['x-amz-version-id'] === versionId) return text;
    throw new AwsCallError('s3:GetObjectVersion', 'InvalidAnswer', `another version than requested ${nameOf(object)}`);
  }

  /**
   * As `readObject`. S3 sends the object only if it isn't the one that was read before.
   * @returns `before` itself if the object is still the same
   */
  async readIfChanged(object: S3Object, before: TaggedText | undefined, signal: AbortSignal): Promise<TaggedText> {
    const condition = before && { 'if-none-match': before.entityTag };
    const { status, headers, text } = await this.get(object, condition ?? {}, signal);
    if (before !== undefined && status === NOT_MODIFIED) return before;
    const entityTag = headers['etag'];
    if (entityTag === undefined) throw new AwsCallError('s3:GetObject', 'InvalidAnswer', `no ETag ${nameOf(object)}`);
    return { text, entityTag };
  }

  private get(
    object: S3Object | VersionedObject,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<ServiceResponse> {
    const { bucket, key } = object;
    const versionId = 'versionId' in object ? object.versionId : undefined;
    const operation = versionId === undefined ? 'GetObject' : 'GetObjectVersion';
    const reader: ResponseReader<ServiceResponse> = {
      isAnswer: (status) => status === 200 || (status === NOT_MODIFIED && 'if-none-match' in headers),
      answerIn: (response) => response,
      errorIn: (response) => {
        const { code, message = 'no message' } = readError(response);
        return { code, message: `${message} ${nameOf(object)}` };
      },
      largestBody: this.options.largestObject ?? LARGEST_OBJECT,
    };
    const query = versionId === undefined ? '' : `?versionId=${encodeURIComponent(versionId)}`;
    const request = { method: 'GET', path: `/${encodeKey(key)}${query}`, headers } as const;
    return callBucket(this.options, bucket, operation, request, reader, signal);
  }
}

/** For messages. */
function nameOf(object: S3Object | VersionedObject): string {
  const { bucket, key } = object;
  return `(s3://${bucket}/${key}${'versionId' in object ? `, version ${object.versionId}` : ''})`;
}

/** Puts objects into a bucket with versioning, and empties it. */
export class ObjectPublisher {
  constructor(private readonly options: S3Options) {}

  /** Puts a PEM object. @returns its version; undefined when versioning is off */
  async putPem(bucket: string, key: string, pem: string, signal: AbortSignal): Promise<string | undefined> {
    const request = {
      method: 'PUT',
      path: `/${encodeKey(key)}`,
      headers: { 'content-type': 'application/x-pem-file' },
      body: pem,
    } as const;
    const { headers } = await callBucket(this.options, bucket, 'PutObject', request, ANY_RESPONSE, signal);
    return headers['x-amz-version-id'] ?? undefined;
  }

  /** Versions and delete markers after `after`, at most 1,000; undefined when the bucket does not exist. */
  async listVersions(
    bucket: string,
    after: ListedVersion | undefined,
    signal: AbortSignal,
  ): Promise<ObjectVersionPage | undefined> {
    const query = new URLSearchParams({
      versions: '',
      // Keys may hold characters that XML can't represent.
      'encoding-type': 'url',
      ...(after && { 'key-marker': after.key }),
      // S3 rejects an empty marker.
      ...(after?.versionId && { 'version-id-marker': after.versionId }),
    });
    // S3 expects `%20` where URLSearchParams writes a plus sign.
    const path = `/?${query.toString().replaceAll('+', '%20')}`;
    try {
      return await callBucket(
        this.options,
        bucket,
        'ListBucketVersions',
        { method: 'GET', path },
        VERSION_PAGE,
        signal,
      );
    } catch (error) {
      if (isAwsError(error, 'NoSuchBucket')) return undefined;
      throw error;
    }
  }

  /** Deletes at most 1,000 versions. @returns the versions that S3 did not delete */
  async deleteVersions(
    bucket: string,
    versions: readonly ListedVersion[],
    signal: AbortSignal,
  ): Promise<readonly FailedDeletion[]> {
    const objects = versions.map(
      ({ key, versionId }) =>
        `<Object><Key>${escapeXml(key)}</Key><VersionId>${escapeXml(versionId)}</VersionId></Object>`,
    );
    const body = `<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>${objects.join('')}</Delete>`;
    const headers = {
      'content-type': 'application/xml',
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
      'content-md5': createHash('md5').update(body).digest('base64'),
    };
    const request = { method: 'POST', path: '/?delete=', headers, body } as const;
    try {
      return await callBucket(this.options, bucket, 'DeleteObjectVersion', request, FAILED_DELETIONS, signal);
    } catch (error) {
      if (isAwsError(error, 'NoSuchBucket')) return [];
      throw error;
    }
  }
}

/**
 * S3 recommends URLs with the bucket in the host. The bucket is in the path instead where no server certificate matches the
 * host: at a configured endpoint, and for a bucket with a dot in its name.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/VirtualHosting.html
 */
export function callBucket<T>(
  { connection, retryPolicy = RETRY_POLICY }: S3Options,
  bucket: string,
  operation: string,
  { path, headers, body, method }: ServiceRequest,
  reader: ResponseReader<T>,
  signal: AbortSignal,
): Promise<T> {
  const service = { name: 's3', endpointVariable: 'S3' };
  const isHost = connection.endpoint(service.endpointVariable) === undefined && !bucket.includes('.');
  const request = {
    method,
    path: isHost ? path : `/${bucket}${path}`,
    headers,
    body,
    ...(isHost && { hostLabel: bucket }),
  };
  return new SignedCaller({ service, connection, retryPolicy }).call(operation, request, reader, signal);
}

export function encodeKey(key: string): string {
  return key.split('/').map(encodeURIComponent).join('/');
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export function readError({ text }: ServiceResponse) {
  return { code: onlyElement(text, 'Code'), message: onlyElement(text, 'Message') };
}

const ANY_RESPONSE: ResponseReader<ServiceResponse> = { answerIn: (response) => response, errorIn: readError };

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
const VERSION_PAGE: ResponseReader<ObjectVersionPage> = {
  answerIn({ text }) {
    if (!/<ListVersionsResult[ >]/.test(text)) return undefined;
    const versions = elements(text, 'Version', 'DeleteMarker').map((element) => ({
      key: decodeURIComponent((onlyElement(element, 'Key') ?? '').replaceAll('+', '%20')),
      versionId: onlyElement(element, 'VersionId') ?? '',
    }));
    const next = {
      key: decodeURIComponent((onlyElement(text, 'NextKeyMarker') ?? '').replaceAll('+', '%20')),
      versionId: onlyElement(text, 'NextVersionIdMarker') ?? '',
    };
    return { versions, next: onlyElement(text, 'IsTruncated') === 'true' ? next : undefined };
  },
  errorIn: readError,
};

const FAILED_DELETIONS: ResponseReader<readonly FailedDeletion[]> = {
  answerIn({ text }) {
    if (!/<DeleteResult[ />]/.test(text)) return undefined;
    return elements(text, 'Error').map((element) => ({
      key: onlyElement(element, 'Key') ?? '',
      code: onlyElement(element, 'Code') ?? 'UnknownError',
      message: onlyElement(element, 'Message') ?? '',
    }));
  },
  errorIn: readError,
};
