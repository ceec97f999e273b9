import type { SecretStage, SecretStore } from '../../../lambda/certificate-issuer/secret-store';

/** One secret that works like one of Secrets Manager: a version's value, once written, never changes. */
export class MemorySecrets implements SecretStore {
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

  async getVersion(_secretId: string, versionId: string): Promise<string | undefined> {
    return this.versions.get(versionId);
  }

  async putVersion(_secretId: string, versionId: string, stage: SecretStage, value: string): Promise<boolean> {
    const stored = this.versions.get(versionId) ?? value;
    if (stored !== value) return false;
    this.versions.set(versionId, value);
    this.stages.set(stage, versionId);
    return true;
  }

  async findVersion(_secretId: string, stage: SecretStage): Promise<string | undefined> {
    return this.stages.get(stage);
  }

  async makeCurrent(_secretId: string, versionId: string, instead: string | undefined): Promise<void> {
    if (instead !== this.current) throw new Error('InvalidParameterException: the version is not the current one');
    this.stages.set('AWSCURRENT', versionId);
  }

  async dropPending(_secretId: string, versionId: string): Promise<void> {
    if (this.stages.get('AWSPENDING') === versionId) this.stages.delete('AWSPENDING');
  }
}
