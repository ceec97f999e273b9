import type { CallerIdentity } from '../../mesh/contract';
import type { IssuedFacts, RegistryLookup } from '../../registry/lookup';
import { refusalOf } from '../../registry/status';
import type { CallerCertificate } from './client-certificate-reader';
import { refusalError } from './denial';
import { RegistryMemory } from './memory';

/** Identifies callers with certificates that the mesh issued. */
export class IssuedCallers {
  private readonly memory: RegistryMemory<IssuedFacts>;

  /** @param capacity the number of certificates to remember */
  constructor(
    private readonly registry: Pick<RegistryLookup, 'findIssued'>,
    private readonly now: () => Date,
    capacity = 512,
  ) {
    this.memory = new RegistryMemory(now, capacity);
  }

  /** @throws DenialError, or AwsCallError if the registry can't be read */
  async identify({ identity, validity }: Extract<CallerCertificate, { kind: 'issued' }>): Promise<CallerIdentity> {
    const { clientName, spiffeId, serialNumber, fingerprint } = identity;
    const { client, certificate } = await this.memory.recall(fingerprint, () =>
      this.registry.findIssued(clientName, fingerprint),
    );
    const facts = { client, certificate: certificate && { ...certificate, ...validity } };
    const refusal = refusalOf(facts, spiffeId, this.now());
    if (refusal === undefined) return identity;
    throw refusalError(refusal, clientName, { subject: spiffeId, serialNumber });
  }
}
