import { AwsCallError } from './aws-error';
import { callBucket, encodeKey, readError, type S3Options } from './s3';
import type { ResponseReader, ServiceResponse } from './signed-caller';

/** What is known of an object without its content. */
export interface ObjectState {
  /** Identifies the content. */
  readonly entityTag: string;
  /** By names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

export interface ObjectContent {
  readonly bucket: string;
  readonly key: string;
  readonly content: Buffer<ArrayBuffer>;
  readonly contentType: string;
  /** Of each value, S3 keeps ASCII only. */
  readonly metadata: Readonly<Record<string, string>>;
}

const METADATA_PREFIX = 'x-amz-meta-';

const [PRECONDITION_FAILED, CONFLICT, NOT_FOUND] = [412, 409, 404];

/**
 * Objects that several writers put, each of which must have seen what it replaces.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class ConditionalObjects {
  constructor(private readonly options: S3Options) {}

  /** Undefined if there is no such object. Whoever asks must be allowed to list the bucket, or S3 answers 403. */
  async state(bucket: string, key: string, signal: AbortSignal): Promise<ObjectState | undefined> {
    const reader: ResponseReader<ServiceResponse> = {
      isAnswer: (status) => status === 200 || status === NOT_FOUND,
      answerIn: (response) => response,
      // The answer to HEAD has no body.
      errorIn: ({ status }) => ({ code: `HTTP ${status}`, message: `(s3://${bucket}/${key})` }),
      retryableStatuses: [403],
    };
    const request = { method: 'HEAD', path: `/${encodeKey(key)}` } as const;
    const { status, headers } = await callBucket(this.options, bucket, 'GetObject', request, reader, signal);
    if (status === NOT_FOUND) return undefined;
    const entityTag = headers['etag'];
    if (entityTag === undefined) throw new AwsCallError('s3:GetObject', 'InvalidAnswer', 'no ETag');
    const metadata = Object.entries(headers)
      .filter(([name]) => name.startsWith(METADATA_PREFIX))
      .map(([name, value]) => [name.slice(METADATA_PREFIX.length), String(value)]);
    return { entityTag, metadata: Object.fromEntries(metadata) };
  }

  /**
   * Replaces an object.
   * @param seen the state that is replaced, undefined for no object
   * @returns false, without a change, if another writer has put the object since
   */
  async put(object: ObjectContent, seen: ObjectState | undefined, signal: AbortSignal): Promise<boolean> {
    const { bucket, key, content, contentType } = object;
    const condition = seen === undefined ? { 'if-none-match': '*' } : { 'if-match': seen.entityTag };
    const metadata = Object.entries(object.metadata).map(([name, value]) => [`${METADATA_PREFIX}${name}`, value]);
    const request = {
      method: 'PUT',
      path: `/${encodeKey(key)}`,
      headers: { 'content-type': contentType, ...condition, ...Object.fromEntries(metadata) },
      body: content,
    } as const;
    const reader: ResponseReader<ServiceResponse> = {
      isAnswer: (status) => status === 200 || [PRECONDITION_FAILED, CONFLICT, NOT_FOUND].includes(status),
      answerIn: (response) => response,
      errorIn: readError,
    };
    const { status, text } = await callBucket(this.options, bucket, 'PutObject', request, reader, signal);
    if (status === 200) return true;
    // 404 is also the answer to `If-Match` for an object that was deleted since.
    const { code = `HTTP ${status}`, message = 'no message' } = readError({ status, text, headers: {} });
    if (code === 'NoSuchBucket') throw new AwsCallError('s3:PutObject', code, message);
    return false;
  }
}
