import { AccessDenied, type AwsAnswer, type AwsCall, type ConditionKeys } from '../../../endpoint/api';
import type { XmlElements } from '../../../endpoint/xml';
import type { Bucket } from '../bucket';
import { notImplemented, S3Error } from '../s3-error';
import type { Buckets } from '../state';
import { xmlAnswer } from './answer';
import type { S3Operation } from './object-operations';
import { readPayload } from './payload';
import type { S3Route } from './route';
import { malformedXml, readXml } from './xml';

/**
 * The maximum number of objects in a request. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html
 */
const MAX_OBJECTS = 1000;

interface ObjectIdentifier {
  readonly key: string;
  readonly versionId?: string;
}

/** DeleteObjects. A failed key doesn't affect the others, and the deletion of a key that doesn't exist succeeds. */
export function deleteObjectsOperation(buckets: Buckets, now: () => Date): S3Operation {
  function deleteOne(bucket: Bucket, { key, versionId }: ObjectIdentifier, call: AwsCall): XmlElements {
    const action = versionId === undefined ? 'DeleteObject' : 'DeleteObjectVersion';
    const conditionKeys: ConditionKeys = versionId === undefined ? {} : { 's3:versionid': versionId };
    call.authorize(`s3:${action}`, buckets.arn(bucket.name, key), conditionKeys, bucket.policy);
    if (versionId === undefined) {
      const marker = bucket.remove(key, now());
      return marker ? { Key: key, DeleteMarker: true, DeleteMarkerVersionId: marker.versionId } : { Key: key };
    }
    const removed = bucket.removeVersion(key, versionId);
    const wasMarker = removed !== undefined && removed.object === undefined;
    return wasMarker
      ? { Key: key, VersionId: versionId, DeleteMarker: true, DeleteMarkerVersionId: versionId }
      : { Key: key, VersionId: versionId };
  }

  return ({ bucket: name }: S3Route, call: AwsCall): AwsAnswer => {
    const { body, checksum } = readPayload(call);
    if (Object.keys(checksum).length === 0 && call.headers['content-md5'] === undefined) {
      throw new S3Error('InvalidRequest', 'Missing required header for this request: Content-MD5', 400);
    }
    const bucket = buckets.get(name);
    const { identifiers, quiet } = readRequest(body.toString('utf8'));
    const deleted: XmlElements[] = [];
    const errors: XmlElements[] = [];
    for (const identifier of identifiers) {
      try {
        deleted.push(deleteOne(bucket, identifier, call));
      } catch (error) {
        if (!(error instanceof AccessDenied)) throw error;
        const { key, versionId } = identifier;
        errors.push({ Key: key, VersionId: versionId, Code: 'AccessDenied', Message: error.message });
      }
    }
    return xmlAnswer('DeleteResult', { Deleted: quiet ? [] : deleted, Error: errors });
  };
}

function readRequest(text: string): { identifiers: readonly ObjectIdentifier[]; quiet: boolean } {
  const { Delete: root } = readXml(text);
  if (typeof root !== 'object' || root === null || !('Object' in root)) throw malformedXml();
  const identifiers = [root.Object].flat().map(readIdentifier);
  if (identifiers.length > MAX_OBJECTS) throw malformedXml();
  return { identifiers, quiet: 'Quiet' in root && root.Quiet === 'true' };
}

function readIdentifier(element: unknown): ObjectIdentifier {
  if (typeof element !== 'object' || element === null) throw malformedXml();
  const { Key, VersionId, '#text': _whitespace, ...others } = element as Readonly<Record<string, unknown>>;
  const [other] = Object.keys(others);
  if (other !== undefined) throw notImplemented(`the element ${other} of DeleteObjects`);
  if (typeof Key !== 'string' || Key === '') throw malformedXml();
  if (VersionId !== undefined && typeof VersionId !== 'string') throw malformedXml();
  return VersionId === undefined || VersionId === '' ? { key: Key } : { key: Key, versionId: VersionId };
}
