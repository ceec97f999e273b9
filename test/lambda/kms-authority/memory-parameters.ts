import type { ParameterStore } from '../../../aws/ssm';

/** SSM parameters in memory. */
export class MemoryParameters implements Pick<ParameterStore, keyof ParameterStore> {
  readonly values = new Map<string, string>();

  async get(name: string): Promise<string | undefined> {
    return this.values.get(name);
  }

  async put(name: string, value: string, { overwrite }: { readonly overwrite: boolean }): Promise<boolean> {
    if (this.values.has(name) && !overwrite) return false;
    this.values.set(name, value);
    return true;
  }

  async delete(name: string): Promise<void> {
    this.values.delete(name);
  }
}
