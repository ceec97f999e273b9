/** https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version */
export type SecretStage = 'AWSCURRENT' | 'AWSPENDING';

/** Where clients find their certificates. A version's value, once written, never changes. */
export interface SecretStore {
  /** The value of one version; undefined when there is no such version, or no value in it yet. */
  getVersion(secretId: string, versionId: string, signal: AbortSignal): Promise<string | undefined>;
  /** Adds a version in the stage given; false when there is one of that id with another value. */
  putVersion(
    secretId: string,
    versionId: string,
    stage: SecretStage,
    value: string,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** The id of the version in that stage. */
  findVersion(secretId: string, stage: SecretStage, signal: AbortSignal): Promise<string | undefined>;
  /** Makes a version current; fails when `instead` is not the one that was. */
  makeCurrent(secretId: string, versionId: string, instead: string | undefined, signal: AbortSignal): Promise<void>;
  /** Ends a rotation that can't succeed: as long as a version is pending, Secrets Manager starts no other. */
  dropPending(secretId: string, versionId: string, signal: AbortSignal): Promise<void>;
}
