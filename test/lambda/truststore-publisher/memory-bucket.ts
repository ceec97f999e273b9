import type { FailedDeletion, ListedVersion, ObjectPublisher, ObjectVersionPage } from '../../../aws/s3';

/** A bucket that works like one of S3: pages, versions, and none of them when versioning is off. */
export class MemoryBucket implements Pick<ObjectPublisher, keyof ObjectPublisher> {
  versions: ListedVersion[] = [];
  readonly bodies = new Map<string, string>();
  readonly deletions: number[] = [];
  exists = true;
  /** What S3 answers as version of a new object. */
  nextVersion: string | undefined = 'v1';
  /** Keys whose versions S3 refuses to delete. */
  readonly locked = new Set<string>();

  constructor(private readonly pageSize = 1000) {}

  async putPem(_bucket: string, key: string, pem: string): Promise<string | undefined> {
    const versionId = this.nextVersion;
    this.versions.push({ key, versionId: versionId ?? 'null' });
    this.bodies.set(key, pem);
    return versionId;
  }

  async listVersions(_bucket: string, after: ListedVersion | undefined): Promise<ObjectVersionPage | undefined> {
    if (!this.exists) return undefined;
    const isAfter = (version: ListedVersion) =>
      after === undefined || `${version.key}\n${version.versionId}` > `${after.key}\n${after.versionId}`;
    const rest = this.versions.filter(isAfter);
    const versions = rest.slice(0, this.pageSize);
    return { versions, next: rest.length > versions.length ? versions.at(-1) : undefined };
  }

  async deleteVersions(_bucket: string, versions: readonly ListedVersion[]): Promise<readonly FailedDeletion[]> {
    this.deletions.push(versions.length);
    const refused = versions.filter(({ key }) => this.locked.has(key));
    this.versions = this.versions.filter(
      (one) =>
        this.locked.has(one.key) ||
        !versions.some(({ key, versionId }) => key === one.key && versionId === one.versionId),
    );
    return refused.map(({ key }) => ({ key, code: 'AccessDenied', message: 'Access Denied' }));
  }
}
