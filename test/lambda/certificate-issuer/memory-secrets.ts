import type { SecretStore } from '../../../lambda/certificate-issuer/client-certificate';

/** One secret that works like one of Secrets Manager: a version, once written, never changes. */
export class MemorySecrets implements SecretStore {
  readonly versions = new Map<string, string>();
  current: string | undefined;

  async getVersion(_secretId: string, versionId: string): Promise<string | undefined> {
    return this.versions.get(versionId);
  }

  async putCurrentVersion(_secretId: string, versionId: string, value: string): Promise<boolean> {
    const stored = this.versions.get(versionId) ?? value;
    if (stored !== value) return false;
    this.versions.set(versionId, value);
    this.current = versionId;
    return true;
  }
}
