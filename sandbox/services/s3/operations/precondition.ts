import type { AwsCall, ConditionKeys } from '../../../endpoint/api';
import type { StoredObject } from '../bucket';
import { notImplemented, S3Error } from '../s3-error';

/** The headers of a conditional write. */
export const PRECONDITIONS = ['if-match', 'if-none-match'] as const;

/**
 * The condition keys of a conditional write.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
 */
export function preconditionKeys({ headers }: AwsCall): ConditionKeys {
  return Object.fromEntries(
    PRECONDITIONS.flatMap((name) => {
      const value = headers[name];
      return value === undefined ? [] : [[`s3:${name}`, value]];
    }),
  );
}

/**
 * Checks a write against the object that it would replace, which is undefined if there is none or a delete marker. Writes
 * happen one after the other here, so only the fault `conflicted` fails one with `ConditionalRequestConflict`.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 * @throws S3Error `PreconditionFailed`, `NoSuchKey`
 */
export function assertPreconditions({ headers }: AwsCall, current: StoredObject | undefined): void {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw notImplemented('If-None-Match with another value than *');
  if (ifNoneMatch !== undefined && ifMatch !== undefined) throw notImplemented('If-Match together with If-None-Match');
  if (ifNoneMatch !== undefined && current !== undefined) throw preconditionFailed('If-None-Match');
  if (ifMatch === undefined) return;
  if (current === undefined) throw new S3Error('NoSuchKey', 'The specified key does not exist.', 404);
  if (unquoted(ifMatch) !== unquoted(current.etag)) throw preconditionFailed('If-Match');
}

/**
 * Whether the caller of a read has the object already.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
export function isNotModified({ headers }: AwsCall, { etag }: StoredObject): boolean {
  const ifNoneMatch = headers['if-none-match'];
  return ifNoneMatch !== undefined && (ifNoneMatch === '*' || unquoted(ifNoneMatch) === unquoted(etag));
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', '');
}

function preconditionFailed(header: string): S3Error {
  const reason = `At least one of the pre-conditions you specified did not hold: ${header}`;
  return new S3Error('PreconditionFailed', reason, 412);
}
