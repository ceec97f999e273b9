import type { PolicyDocument } from '../../endpoint/api';
import { randomText } from '../shared/random-text';
import type { Tag } from '../shared/tags';

export interface StoredObject {
  readonly body: Buffer;
  /** Including its quotation marks. */
  readonly etag: string;
  /** Headers for readers, such as the content type and user metadata, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** The checksum of the writer by its header name. */
  readonly checksum: Readonly<Record<string, string>>;
  /** The KMS key that encrypts it. Absent for a key of Amazon S3. */
  readonly kmsKeyId?: string | undefined;
}

export interface ObjectVersion {
  readonly key: string;
  /** `null` for an object that was written without versioning. */
  readonly versionId: string;
  readonly lastModified: Date;
  /** Absent for a delete marker. */
  readonly object?: StoredObject;
}

export type Versioning = 'Enabled' | 'Suspended';

/**
 * A bucket: the versions of every key, newest first.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/versioning-workflows.html
 */
export class Bucket {
  private readonly versions = new Map<string, ObjectVersion[]>();
  private written = 0;
  versioning?: Versioning | undefined;
  policy?: PolicyDocument | undefined;
  /** The KMS key of new objects. */
  defaultKmsKeyId?: string | undefined;
  /** https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html */
  blocksPublicAccess = true;
  tags: readonly Tag[] = [];
  /** Whether one data key serves all objects. */
  hasBucketKey = false;

  constructor(
    readonly name: string,
    readonly arn: string,
    readonly createdDate: Date,
  ) {}

  get isEmpty(): boolean {
    return this.versions.size === 0;
  }

  /** All versions of all keys. Keys are sorted by their UTF-8 bytes, and the newest version is first. */
  allVersions(): readonly ObjectVersion[] {
    const inOrder = [...this.versions].sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
    return inOrder.flatMap(([, versions]) => versions);
  }

  isLatest(version: ObjectVersion): boolean {
    return this.latest(version.key) === version;
  }

  latest(key: string): ObjectVersion | undefined {
    return this.versions.get(key)?.[0];
  }

  version(key: string, versionId: string): ObjectVersion | undefined {
    return this.versions.get(key)?.find((version) => version.versionId === versionId);
  }

  put(key: string, object: StoredObject, at: Date): ObjectVersion {
    return this.add({ key, versionId: this.newVersionId(), lastModified: at, object });
  }

  /**
   * Deletes an object without a version. With versioning, this adds a delete marker.
   * @returns the marker, or undefined without versioning
   */
  remove(key: string, at: Date): ObjectVersion | undefined {
    if (this.versioning) return this.add({ key, versionId: this.newVersionId(), lastModified: at });
    this.versions.delete(key);
    return undefined;
  }

  /** Deletes a version permanently. @returns the version, or undefined if it doesn't exist */
  removeVersion(key: string, versionId: string): ObjectVersion | undefined {
    const versions = this.versions.get(key) ?? [];
    const removed = versions.find((version) => version.versionId === versionId);
    const rest = versions.filter((version) => version !== removed);
    if (rest.length > 0) this.versions.set(key, rest);
    else this.versions.delete(key);
    return removed;
  }

  /** Later versions have greater IDs, so a listing can continue after a version that was deleted. */
  private newVersionId(): string {
    if (this.versioning !== 'Enabled') return 'null';
    this.written += 1;
    return this.written.toString(36).padStart(8, '0') + randomText(24);
  }

  /** A bucket has at most one `null` version of a key. */
  private add(version: ObjectVersion): ObjectVersion {
    const others = (this.versions.get(version.key) ?? []).filter(
      ({ versionId }) => versionId !== 'null' || version.versionId !== 'null',
    );
    this.versions.set(version.key, [version, ...others]);
    return version;
  }
}
