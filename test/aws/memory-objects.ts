import type { ObjectReader, VersionedObject } from '../../aws/s3';

/** Objects of S3 by `<bucket> <key> <version>`. */
export class MemoryObjects implements Pick<ObjectReader, 'readObject'> {
  readonly texts = new Map<string, string>();

  async readObject({ bucket, key, versionId }: VersionedObject): Promise<string> {
    const text = this.texts.get(`${bucket} ${key} ${versionId}`);
    if (text === undefined) throw new Error('NoSuchVersion');
    return text;
  }
}
