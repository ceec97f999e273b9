import { createHash } from 'node:crypto';
import { AccessDenied, type AwsAnswer, type AwsCall, type ConditionKeys } from '../../../endpoint/api';
import type { KeyUse, KmsService } from '../../kms';
import type { Bucket, ObjectVersion, StoredObject } from '../bucket';
import { S3Error } from '../s3-error';
import type { Buckets } from '../state';
import { readPayload } from './payload';
import { assertPreconditions, isNotModified, preconditionKeys } from './precondition';
import { RESPONSE_HEADERS, type S3Route } from './route';

type KeyAction = KeyUse['actions'][number];

export type S3Operation = (route: S3Route, call: AwsCall) => AwsAnswer;

/** Headers that S3 stores with an object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
];

/**
 * PutObject, GetObject, HeadObject, and DeleteObject.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
 */
export function objectOperations(
  buckets: Buckets,
  now: () => Date,
  keys: Pick<KmsService, 'authorizeUse'>,
): Readonly<Record<string, S3Operation>> {
  function authorize(call: AwsCall, action: string, { bucket, key }: S3Route, more: ConditionKeys = {}): void {
    const versionId = call.query.get('versionId');
    const keys: ConditionKeys = versionId === null ? more : { ...more, 's3:versionid': versionId };
    call.authorize(`s3:${action}`, buckets.arn(bucket, key), keys, buckets.find(bucket)?.policy);
  }

  function putObject(route: S3Route, call: AwsCall): AwsAnswer {
    authorize(call, 'PutObject', route, preconditionKeys(call));
    // Whether an ETag matches says something about the object.
    if (call.headers['if-match'] !== undefined) authorize(call, 'GetObject', route);
    const bucket = buckets.get(route.bucket);
    const { body, checksum } = readPayload(call);
    const etag = etagOf(body);
    const kmsKeyId = keyIdFor(call, bucket);
    authorizeKey({ caller: call, keys, buckets }, kmsKeyId, 'GenerateDataKey', route);
    assertPreconditions(call, bucket.latest(route.key)?.object);
    const object = { body, etag, checksum, kmsKeyId, headers: keptHeaders(call) };
    const version = bucket.put(route.key, object, now());
    return { status: 200, headers: { etag, ...versionHeader(bucket, version), ...checksum, ...encryption(object) } };
  }

  function getObject(route: S3Route, call: AwsCall): AwsAnswer {
    const { bucket, version, object } = readObject(route, call);
    authorizeKey({ caller: call, keys, buckets }, object.kmsKeyId, 'Decrypt', route);
    if (isNotModified(call, object)) {
      return { status: 304, headers: { etag: object.etag, ...versionHeader(bucket, version) } };
    }
    const checksum = call.headers['x-amz-checksum-mode']?.toUpperCase() === 'ENABLED' ? object.checksum : {};
    return {
      status: 200,
      headers: {
        ...object.headers,
        ...versionHeader(bucket, version),
        ...checksum,
        ...encryption(object),
        ...replacedHeaders(call),
        etag: object.etag,
        'last-modified': version.lastModified.toUTCString(),
        'content-length': String(object.body.length),
      },
      body: object.body,
    };
  }

  function headObject(route: S3Route, call: AwsCall): AwsAnswer {
    const { status, headers } = getObject(route, call);
    return { status, headers };
  }

  function readObject(route: S3Route, call: AwsCall): { bucket: Bucket; version: ObjectVersion; object: StoredObject } {
    const versionId = call.query.get('versionId');
    authorize(call, versionId === null ? 'GetObject' : 'GetObjectVersion', route);
    const bucket = buckets.get(route.bucket);
    const version = versionId === null ? bucket.latest(route.key) : bucket.version(route.key, versionId);
    if (version?.object) return { bucket, version, object: version.object };
    if (versionId !== null && !version) {
      throw new S3Error('NoSuchVersion', 'The specified version does not exist.', 404);
    }
    if (versionId !== null) {
      const reason = 'The specified method is not allowed against this resource.';
      throw new S3Error('MethodNotAllowed', reason, 405, { 'x-amz-delete-marker': 'true' });
    }
    revealAbsence(call, bucket);
    const marker = version ? { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, version) } : {};
    throw new S3Error('NoSuchKey', 'The specified key does not exist.', 404, marker);
  }

  function deleteObject(route: S3Route, call: AwsCall): AwsAnswer {
    const versionId = call.query.get('versionId');
    authorize(call, versionId === null ? 'DeleteObject' : 'DeleteObjectVersion', route);
    const bucket = buckets.get(route.bucket);
    if (versionId === null) {
      const marker = bucket.remove(route.key, now());
      return {
        status: 204,
        headers: marker ? { 'x-amz-delete-marker': 'true', ...versionHeader(bucket, marker) } : {},
      };
    }
    const removed = bucket.removeVersion(route.key, versionId);
    const wasMarker = removed !== undefined && removed.object === undefined;
    return {
      status: 204,
      headers: { 'x-amz-version-id': versionId, ...(wasMarker && { 'x-amz-delete-marker': 'true' }) },
    };
  }

  return { PutObject: putObject, GetObject: getObject, HeadObject: headObject, DeleteObject: deleteObject };
}

interface KeyAuthorization {
  readonly caller: Pick<AwsCall, 'authorize'>;
  readonly keys: Pick<KmsService, 'authorizeUse'>;
  readonly buckets: Buckets;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html */
export function authorizeKey(
  { caller, keys, buckets }: KeyAuthorization,
  keyId: string | undefined,
  action: KeyAction,
  { bucket, key }: Pick<S3Route, 'bucket' | 'key'>,
): void {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html
  const arn = buckets.get(bucket).hasBucketKey ? buckets.arn(bucket) : buckets.arn(bucket, key);
  keys.authorizeUse(caller, keyId, { service: 's3', actions: [action], context: { 'aws:s3:arn': arn } });
}

/** With its quotation marks. */
export function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/**
 * Without a KMS key, a key of Amazon S3 encrypts all objects since 2023.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
 */
function encryption({ kmsKeyId }: StoredObject): Readonly<Record<string, string>> {
  if (kmsKeyId === undefined) return { 'x-amz-server-side-encryption': 'AES256' };
  return { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': kmsKeyId };
}

/** The key that the request names, or the one of the bucket. Undefined for a key of Amazon S3. */
function keyIdFor({ headers }: AwsCall, bucket: Bucket): string | undefined {
  if (headers['x-amz-server-side-encryption'] === undefined) return bucket.defaultKmsKeyId;
  if (headers['x-amz-server-side-encryption'] !== 'aws:kms') return undefined;
  return headers['x-amz-server-side-encryption-aws-kms-key-id'] ?? 'alias/aws/s3';
}

/**
 * Only callers that can list the bucket learn that a key doesn't exist.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
 */
function revealAbsence(call: AwsCall, bucket: Bucket): void {
  try {
    call.authorize('s3:ListBucket', bucket.arn, {}, bucket.policy);
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    throw new S3Error('AccessDenied', `${error.message}, so that a missing key is not revealed`, 403);
  }
}

function versionHeader(bucket: Bucket, { versionId }: ObjectVersion): Readonly<Record<string, string>> {
  return bucket.versioning ? { 'x-amz-version-id': versionId } : {};
}

/** Only `GetObject` has parameters for them. */
function replacedHeaders({ query }: AwsCall): Readonly<Record<string, string>> {
  const replaced = RESPONSE_HEADERS.flatMap((parameter) => {
    const value = query.get(parameter);
    return value === null ? [] : [[parameter.replace('response-', ''), value]];
  });
  return Object.fromEntries(replaced);
}

/** `aws-chunked` describes the transfer, not the object. */
function keptHeaders({ headers }: AwsCall): Readonly<Record<string, string>> {
  const kept = Object.entries(headers).flatMap(([name, value = '']) => {
    if (!KEPT_HEADERS.includes(name) && !name.startsWith('x-amz-meta-')) return [];
    const stored = name === 'content-encoding' ? value.replace(/\s*aws-chunked\s*,?\s*/, '') : value;
    return stored === '' ? [] : [[name, stored]];
  });
  return { 'content-type': 'binary/octet-stream', ...Object.fromEntries(kept) };
}
