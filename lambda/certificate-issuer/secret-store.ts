/**
 * `DEPLOYMENT` is a label of this package's own, on the version that a deployment put last; no client reads by it.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version
 */
export type SecretStage = 'AWSCURRENT' | 'AWSPENDING' | 'DEPLOYMENT';

/** Where clients find their certificates. A version's value, once written, never changes. */
export interface SecretStore {
  /** The value of one version; undefined when there is no such version, or no value in it yet. */
  getVersion(secretId: string, versionId: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Adds a version in the stage given. The first one of a secret is current as well:
   * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html
   */
  putVersion(
    secretId: string,
    versionId: string,
    stage: SecretStage,
    value: string,
    signal: AbortSignal,
  ): Promise<PutOutcome>;
  /** The id of the version in that stage. */
  findVersion(secretId: string, stage: SecretStage, signal: AbortSignal): Promise<string | undefined>;
  /** Makes a version current; false, and nothing changed, when `instead` is not the one that was. */
  makeCurrent(secretId: string, versionId: string, instead: string | undefined, signal: AbortSignal): Promise<boolean>;
  /** The version is no longer that of a rotation under way. */
  dropPending(secretId: string, versionId: string, signal: AbortSignal): Promise<void>;
}

/** `taken`: there is a version of that id, with another value. */
export type PutOutcome = 'stored' | 'stored as current' | 'taken';
