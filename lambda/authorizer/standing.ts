import type { CallerIdentity, RegistryCertificate, RegistryClient } from '../../pki/contract';
import { BoundedMap } from './bounded-map';
import { DeniedError } from './denied-error';

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

/** How long what was read counts: so long may a revoked certificate still be let in. */
export const MEMORY_MS = 10_000;

interface Memory {
  /** Milliseconds since 1970. */
  readonly readAt: number;
  readonly standing: Promise<Standing>;
}

/** Remembers for some seconds what the registry said, so that no request of a busy client waits for it. */
export class StandingMemory {
  private readonly remembered: BoundedMap<string, Memory>;

  /** @param capacity for how many certificates */
  constructor(
    private readonly registry: StandingReader,
    private readonly now: () => Date,
    capacity = 512,
  ) {
    this.remembered = new BoundedMap(capacity);
  }

  /** @throws DeniedError for whom the registry does not let in, and whatever keeps it from being read */
  async assertGood({ clientName, spiffeId, serialNumber, fingerprint }: CallerIdentity): Promise<void> {
    const { client, certificate } = await this.recall(clientName, fingerprint);
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

  /** Requests at once share one reading. What could not be read is not remembered. */
  private recall(clientName: string, fingerprint: string): Promise<Standing> {
    const now = this.now().getTime();
    const known = this.remembered.get(fingerprint);
    // A clock that was set back does not make the memory longer.
    if (known !== undefined && now >= known.readAt && now < known.readAt + MEMORY_MS) return known.standing;

    const memory = { readAt: now, standing: this.registry.read(clientName, fingerprint) };
    this.remembered.set(fingerprint, memory);
    memory.standing.catch(() => {
      if (this.remembered.get(fingerprint) === memory) this.remembered.delete(fingerprint);
    });
    return memory.standing;
  }
}
