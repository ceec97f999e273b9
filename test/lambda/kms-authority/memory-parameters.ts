import type { ParameterStore } from '../../../aws/ssm';

/** SSM parameters in memory. */
export class MemoryParameters implements Pick<ParameterStore, keyof ParameterStore> {
  private readonly versions = new Map<string, readonly string[]>();

  get names(): readonly string[] {
    return [...this.versions.keys()];
  }

  async get(name: string): Promise<string | undefined> {
    return this.find(name);
  }

  async history(name: string): Promise<readonly string[]> {
    return this.versions.get(name) ?? [];
  }

  async put(name: string, value: string): Promise<void> {
    this.set(name, value);
  }

  async delete(name: string): Promise<void> {
    this.versions.delete(name);
  }

  /** The current value. */
  find(name: string): string | undefined {
    return this.versions.get(name)?.at(-1);
  }

  set(name: string, value: string): void {
    this.versions.set(name, [...(this.versions.get(name) ?? []), value]);
  }

  clear(): void {
    this.versions.clear();
  }
}
