import type { ObjectReader } from '../../lambda/trust-anchor';

/** Objects of S3 by `<bucket> <key> <version>`. */
export class MemoryObjects implements ObjectReader {
  readonly texts = new Map<string, string>();

  async readText(bucket: string, key: string, versionId: string): Promise<string> {
    const text = this.texts.get(`${bucket} ${key} ${versionId}`);
    if (text === undefined) throw new Error('NoSuchVersion');
    return text;
  }
}
