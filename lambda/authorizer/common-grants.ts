import { ALL_CLIENTS } from '../../mesh/grant';
import type { HeldGrant } from '../../registry/admission';
import type { RegistryLookup } from '../../registry/lookup';
import { RegistryMemory, type RegistryMemoryOptions } from './registry-memory';

type Grants = readonly HeldGrant[];

/** The grants that all clients have. An instance remembers them once, for all callers. */
export class CommonGrants {
  private readonly memory: RegistryMemory<Grants, Grants>;

  constructor(
    private readonly registry: Pick<RegistryLookup, 'findGrantsOfAllClients'>,
    options: RegistryMemoryOptions,
  ) {
    this.memory = new RegistryMemory(options);
  }

  /** As `RegistryMemory.identify`. */
  find(longestAge?: number): Promise<Grants> {
    const lookup = {
      certificate: ALL_CLIENTS,
      subject: ALL_CLIENTS,
      read: () => this.registry.findGrantsOfAllClients(),
      decide: (grants: Grants) => grants,
    };
    return this.memory.identify(lookup, longestAge);
  }
}
