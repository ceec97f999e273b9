import { AwsCallError, isAwsError } from './aws-error';
import { callBucket, encodeKey, ObjectReader, readError, type S3Options, type TaggedText } from './s3';
import type { ResponseReader, ServiceResponse } from './signed-caller';

export interface ObjectContent {
  readonly bucket: string;
  readonly key: string;
  readonly content: Buffer<ArrayBuffer>;
  readonly contentType: string;
}

/** Bytes. A list of a hundred thousand certificates has five million. */
const LARGEST_OBJECT = 50_000_000;

const [PRECONDITION_FAILED, CONFLICT, NOT_FOUND] = [412, 409, 404];

/**
 * Objects with several writers, each of which must have seen what it replaces.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export class ConditionalObjects {
  private readonly reader: ObjectReader;

  constructor(private readonly options: S3Options) {
    this.reader = new ObjectReader({ ...options, largestObject: LARGEST_OBJECT });
  }

  /** Undefined if there is no such object. Whoever asks must be allowed to list the bucket, or S3 answers 403. */
  async read(bucket: string, key: string, signal: AbortSignal): Promise<TaggedText | undefined> {
    try {
      return await this.reader.readIfChanged({ bucket, key }, undefined, signal);
    } catch (error) {
      if (isAwsError(error, 'NoSuchKey')) return undefined;
      throw error;
    }
  }

  /**
   * Replaces an object.
   * @param seen what is replaced, undefined for no object
   * @returns false, without a change, if another writer has put the object since
   */
  async replace(object: ObjectContent, seen: TaggedText | undefined, signal: AbortSignal): Promise<boolean> {
    const condition: Readonly<Record<string, string>> =
      seen === undefined ? { 'if-none-match': '*' } : { 'if-match': seen.entityTag };
    const reader: ResponseReader<ServiceResponse> = {
      isAnswer: (status) => status === 200 || [PRECONDITION_FAILED, CONFLICT, NOT_FOUND].includes(status),
      answerIn: (response) => response,
      errorIn: readError,
    };
    const { bucket, key, content, contentType } = object;
    const request = {
      method: 'PUT',
      path: `/${encodeKey(key)}`,
      headers: { 'content-type': contentType, ...condition },
      body: content,
    } as const;
    const response = await callBucket(this.options, bucket, 'PutObject', request, reader, signal);
    if (response.status === 200) return true;
    // 404 is also the answer to `If-Match` for an object that was deleted since.
    const { code = `HTTP ${response.status}`, message = 'no message' } = readError(response);
    if (code === 'NoSuchBucket') throw new AwsCallError('s3:PutObject', code, message);
    return false;
  }
}
