import type { TrustAnchorProperties } from '../../mesh/external-clients';
import { brokenBucketNameRule, brokenObjectKeyRule, brokenObjectVersionRule } from '../../mesh/names';
import { PropertyError, textProperty } from './properties';
import type { ResourceProperties } from './request';
import type { ObjectReader } from '../object-reader';

/** @throws PropertyError when the property says neither what the certificates are nor where they stand */
export function trustAnchorProperty(properties: ResourceProperties, name: string): TrustAnchorProperties {
  const value = Object.hasOwn(properties, name) ? properties[name] : undefined;
  return readTrustAnchor(value, name);
}

/** None when the property is absent. @throws PropertyError likewise */
export function trustAnchorsProperty(properties: ResourceProperties, name: string): readonly TrustAnchorProperties[] {
  const value = Object.hasOwn(properties, name) ? properties[name] : [];
  if (!Array.isArray(value)) throw new PropertyError(name, 'must be a list', value);
  return value.map((item: unknown, index) => readTrustAnchor(item, `${name}[${index}]`));
}

/** The PEM text of an anchor. Whether its certificates are good, the text does not say. */
export async function trustAnchorPem(
  anchor: TrustAnchorProperties,
  objects: ObjectReader,
  signal: AbortSignal,
): Promise<string> {
  if ('Pem' in anchor) return anchor.Pem;
  const { BucketName: bucket, ObjectKey: key, VersionId: versionId } = anchor;
  return objects.read({ bucket, key, versionId }, signal);
}

function readTrustAnchor(value: unknown, name: string): TrustAnchorProperties {
  const fields = new Map<string, unknown>(typeof value === 'object' && value !== null ? Object.entries(value) : []);
  const field = (of: string, brokenRule: (text: string) => string | undefined) =>
    textProperty({ [`${name}.${of}`]: fields.get(of) }, `${name}.${of}`, brokenRule);
  const names = [...fields.keys()].sort().join();
  if (names === 'Pem') return { Pem: field('Pem', () => undefined) };
  if (names === 'BucketName,ObjectKey,VersionId') {
    return {
      BucketName: field('BucketName', brokenBucketNameRule),
      ObjectKey: field('ObjectKey', brokenObjectKeyRule),
      VersionId: field('VersionId', brokenObjectVersionRule),
    };
  }
  // Nothing of the value is quoted but names: it may hold a private key by mistake.
  throw new PropertyError(name, 'must have a Pem, or BucketName, ObjectKey and VersionId', [...fields.keys()]);
}
