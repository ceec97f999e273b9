import type { IssuedFacts, RegistryLookup } from '../../registry/lookup';
import { refusalOf } from '../../registry/status';
import type { CallerCertificate } from './client-certificate-reader';
import { refusalError } from './denial';
import { type AcceptedCaller, type Lookup, RegistryMemory, type RegistryMemoryOptions } from './registry-memory';

/** Identifies callers with certificates that the mesh issued. */
export class IssuedCallers {
  private readonly memory: RegistryMemory<IssuedFacts>;

  constructor(
    private readonly registry: Pick<RegistryLookup, 'findIssued'>,
    private readonly options: RegistryMemoryOptions,
  ) {
    this.memory = new RegistryMemory(options);
  }

  /** As `RegistryMemory.identify`. */
  identify(
    { identity, validity }: Extract<CallerCertificate, { kind: 'issued' }>,
    longestAge?: number,
  ): Promise<AcceptedCaller> {
    const { clientName, spiffeId, serialNumber, fingerprint } = identity;
    const lookup: Lookup<IssuedFacts> = {
      certificate: fingerprint,
      subject: clientName,
      read: () => this.registry.findIssued(clientName, fingerprint),
      decide: ({ client, certificate, grants }) => {
        const facts = { client, certificate: certificate && { ...certificate, ...validity } };
        const refusal = refusalOf(facts, spiffeId, this.options.now());
        if (refusal === undefined) return { identity, grants };
        throw refusalError(refusal, clientName, { subject: spiffeId, serialNumber });
      },
    };
    return this.memory.identify(lookup, longestAge);
  }
}
