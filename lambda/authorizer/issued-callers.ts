import type { CallerIdentity } from '../../mesh/contract';
import type { RegistryCertificate, RegistryClient } from '../../registry/records';
import { DeniedError } from './denial';
import { ShortMemory } from './memory';

/** What the registry says of a client and of one of its certificates; undefined for what it does not know. */
export interface Standing {
  readonly client: Readonly<Record<keyof Pick<RegistryClient, 'spiffeId' | 'state'>, string | undefined>> | undefined;
  readonly certificate:
    | Readonly<Record<keyof Pick<RegistryCertificate, 'spiffeId' | 'status' | 'refuseAfter'>, string | undefined>>
    | undefined;
}

export interface StandingReader {
  /** Rejects when the registry can't be read. */
  read(clientName: string, fingerprint: string): Promise<Standing>;
}

/** Knows how the clients stand for whom the mesh issues certificates. */
export class StandingMemory {
  private readonly remembered: ShortMemory<Standing>;

  /** @param capacity for how many certificates */
  constructor(
    private readonly registry: StandingReader,
    private readonly now: () => Date,
    capacity = 512,
  ) {
    this.remembered = new ShortMemory(now, capacity);
  }

  /** @throws DeniedError for whom the registry does not let in, and whatever keeps it from being read */
  async assertGood({ clientName, spiffeId, serialNumber, fingerprint }: CallerIdentity): Promise<void> {
    const { client, certificate } = await this.remembered.recall(fingerprint, () =>
      this.registry.read(clientName, fingerprint),
    );
    const denied = (reason: string) => new DeniedError(reason, spiffeId, serialNumber);
    if (client?.spiffeId !== spiffeId) throw denied('client not in the registry');
    if (certificate?.spiffeId !== spiffeId) throw denied('certificate not in the registry');
    if (certificate.status !== ('ISSUED' satisfies RegistryCertificate['status'])) throw denied('certificate revoked');
    if (client.state !== ('ENABLED' satisfies RegistryClient['state'])) throw denied('client disabled');
    const { refuseAfter } = certificate;
    if (refuseAfter !== undefined && !(this.now().getTime() < Date.parse(refuseAfter))) {
      throw denied(`certificate replaced, and refused since ${refuseAfter}`);
    }
  }
}
