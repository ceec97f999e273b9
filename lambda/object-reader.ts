/** One version of an object in a bucket, which never changes. */
export interface VersionedObject {
  readonly bucket: string;
  readonly key: string;
  readonly versionId: string;
}

export interface ObjectReader {
  /**
   * The object's text. Rejects when there is no such version, when it may not be read, and when it is too large to be what
   * somebody reads here: certificates.
   */
  read(object: VersionedObject, signal: AbortSignal): Promise<string>;
}
