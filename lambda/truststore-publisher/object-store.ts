/** Where a truststore's bundle is published. */
export interface ObjectStore {
  /** Puts a PEM object and gives its version; undefined when the bucket keeps none. */
  putPem(bucket: string, key: string, pem: string, signal: AbortSignal): Promise<string | undefined>;
  /** Versions and delete markers that follow `after`, a page of at most 1000; undefined when there is no such bucket. */
  listVersions(bucket: string, after: ObjectVersion | undefined, signal: AbortSignal): Promise<VersionPage | undefined>;
  /** Deletes at most 1000 versions and gives those that it was refused. */
  deleteVersions(
    bucket: string,
    versions: readonly ObjectVersion[],
    signal: AbortSignal,
  ): Promise<readonly RefusedDeletion[]>;
}

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

export interface VersionPage {
  readonly versions: readonly ObjectVersion[];
  /** Where the next page starts; undefined after the last. */
  readonly next: ObjectVersion | undefined;
}

export interface RefusedDeletion {
  readonly key: string;
  readonly code: string;
  readonly message: string;
}
