import type { ObjectReader, VersionedObject } from '../../lambda/object-reader';

/** Objects of S3 by `<bucket> <key> <version>`. */
export class MemoryObjects implements ObjectReader {
  readonly texts = new Map<string, string>();

  async read({ bucket, key, versionId }: VersionedObject): Promise<string> {
    const text = this.texts.get(`${bucket} ${key} ${versionId}`);
    if (text === undefined) throw new Error('NoSuchVersion');
    return text;
  }
}
