import type { NewVersion, PutVersionResult, SecretStage, SecretsManager } from '../../../aws/secrets-manager';

/** One secret that works like one of Secrets Manager: a version's value, once written, never changes. */
export class MemorySecrets implements Pick<SecretsManager, keyof SecretsManager> {
  readonly versions = new Map<string, string>();
  /** Which version is in which stage. */
  readonly stages = new Map<SecretStage, string>();

  get current(): string | undefined {
    return this.stages.get('AWSCURRENT');
  }

  /** What Secrets Manager does before it calls for a rotation: a pending version, without a value. */
  beginRotation(versionId: string): void {
    this.stages.set('AWSPENDING', versionId);
  }

  async arnOf(secretName: string): Promise<string> {
    return `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${secretName}-AbCdEf`;
  }

  async getVersion(_secretId: string, versionId: string): Promise<string | undefined> {
    return this.versions.get(versionId);
  }

  async putVersion({ versionId, stage, value }: NewVersion): Promise<PutVersionResult> {
    const stored = this.versions.get(versionId);
    if (stored !== undefined && stored !== value) return 'exists';
    if (stored === undefined) {
      const isFirst = this.versions.size === 0;
      this.versions.set(versionId, value);
      for (const label of isFirst ? [stage, 'AWSCURRENT' as const] : [stage]) this.stages.set(label, versionId);
    }
    return this.current === versionId ? 'stored as current' : 'stored';
  }

  async findVersion(_secretId: string, stage: SecretStage): Promise<string | undefined> {
    return this.stages.get(stage);
  }

  async promoteVersion(_secretId: string, versionId: string, instead: string | undefined): Promise<boolean> {
    if (instead !== this.current) return false;
    this.stages.set('AWSCURRENT', versionId);
    return true;
  }

  async removePending(_secretId: string, versionId: string): Promise<void> {
    if (this.stages.get('AWSPENDING') === versionId) this.stages.delete('AWSPENDING');
  }
}
