import type { ObjectReader } from '../../aws/s3';
import { bucketNameProblem, objectKeyProblem, objectVersionProblem } from '../../mesh/aws-names';
import type { PublishedTrustAnchorProperties, TrustAnchorProperties } from '../../mesh/custom-resources';
import { type FindProblem, PropertyError, textProperty } from './properties';
import { isRecord, type ResourceProperties } from './request';

/**
 * Also reads the property of another app, which has what the parameter of the trust anchor contains.
 *
 * @throws PropertyError if the property contains neither certificates nor their location
 */
export function trustAnchorProperty(properties: ResourceProperties, name: string): TrustAnchorProperties {
  const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return readTrustAnchor(isRecord(value) ? published(value) : value, name);
}

/** Empty if the property is absent. @throws PropertyError as `trustAnchorProperty` */
export function trustAnchorsProperty(properties: ResourceProperties, name: string): readonly TrustAnchorProperties[] {
  const value = Object.hasOwn(properties, name) ? properties[name] : [];
  if (!Array.isArray(value)) throw new PropertyError(name, 'must be a list', value);
  return value.map((item: unknown, index) => readTrustAnchor(item, `${name}[${index}]`));
}

/** The PEM text of a trust anchor. It is not validated. */
export async function trustAnchorPem(
  anchor: TrustAnchorProperties,
  objects: Pick<ObjectReader, 'readObject'>,
  signal: AbortSignal,
): Promise<string> {
  if ('Pem' in anchor) return anchor.Pem;
  const { BucketName: bucket, ObjectKey: key, VersionId: versionId } = anchor;
  return objects.readObject({ bucket, key, versionId }, signal);
}

function published(value: Readonly<Record<string, unknown>>): unknown {
  const [[field, text] = [], ...others] = Object.entries(value);
  if (field !== ('Published' satisfies keyof PublishedTrustAnchorProperties) || others.length > 0) return value;
  const [, BucketName, VersionId, ObjectKey] = /^([^,\n]*),([^,\n]*),(.*)$/.exec(String(text)) ?? [];
  return BucketName === undefined ? { Pem: text } : { BucketName, ObjectKey, VersionId };
}

function readTrustAnchor(value: unknown, name: string): TrustAnchorProperties {
  const fields = new Map<string, unknown>(isRecord(value) ? Object.entries(value) : []);
  const field = (of: string, findProblem: FindProblem) =>
    textProperty({ [`${name}.${of}`]: fields.get(of) }, `${name}.${of}`, findProblem);
  const names = [...fields.keys()].sort().join();
  if (names === 'Pem') return { Pem: field('Pem', () => undefined) };
  if (names === 'BucketName,ObjectKey,VersionId') {
    return {
      BucketName: field('BucketName', bucketNameProblem),
      ObjectKey: field('ObjectKey', objectKeyProblem),
      VersionId: field('VersionId', objectVersionProblem),
    };
  }
  // The error quotes only names, because a value may be a private key by mistake.
  throw new PropertyError(name, 'must have a Pem, or BucketName, ObjectKey and VersionId', [...fields.keys()]);
}
