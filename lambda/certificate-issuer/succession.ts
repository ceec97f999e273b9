import type { RegistryCertificate, RegistryClient } from '../../pki/contract';
import type { Log } from '../log';
import type { CertificateId, Registry } from './registry';

const HOUR_MS = 3_600_000;

/** How long a replaced certificate stays usable; without hours, for as long as it is valid. */
type Overlap = Pick<RegistryClient, 'overlapHours'>;

/** Which certificate of a client is the current one, and how long those before it may still be used. */
export class Succession {
  constructor(
    private readonly registry: Pick<Registry, 'noteCurrent' | 'noteRefusal' | 'certificatesOf'>,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /** As `succeed`, unless a certificate that was issued later is current: the event is an old one, delivered again. */
  async succeedUnlessReplaced(current: CertificateId, overlap: Overlap, signal: AbortSignal): Promise<void> {
    const certificates = await this.certificatesOfSecret(current.clientName, signal);
    const { issuedAt } = certificates.find(({ fingerprint }) => fingerprint === current.fingerprint) ?? {};
    const isReplaced = certificates.some(
      (other) => other.currentSince !== undefined && issuedAt !== undefined && other.issuedAt > issuedAt,
    );
    if (!isReplaced) await this.succeed(current, overlap, signal);
  }

  /** Notes that the certificate is the one clients now read in the secret. */
  async succeed(current: CertificateId, { overlapHours }: Overlap, signal: AbortSignal): Promise<void> {
    await this.registry.noteCurrent(current, this.now().toISOString(), signal);
    if (overlapHours === undefined) return;

    const certificates = await this.certificatesOfSecret(current.clientName, signal);
    const { currentSince } = certificates.find(({ fingerprint }) => fingerprint === current.fingerprint) ?? {};
    if (currentSince === undefined) return;
    // Counted from when it was replaced, whenever that is noted.
    const refuseAfter = new Date(Date.parse(currentSince) + overlapHours * HOUR_MS).toISOString();
    for (const before of certificates) {
      if (before.status === 'REVOKED' || before.refuseAfter !== undefined || before.notAfter <= refuseAfter) continue;
      // One that was never current may become it yet.
      if (before.currentSince === undefined || before.currentSince >= currentSince) continue;
      await this.registry.noteRefusal(before, refuseAfter, signal);
      const { clientName, serialNumber } = before;
      this.log({ event: 'certificate-replaced', client: clientName, serialNumber, refuseAfter });
    }
  }

  /** Whoever keeps its own key renews its certificate at a time of its own: what the secret holds doesn't replace that. */
  private async certificatesOfSecret(clientName: string, signal: AbortSignal): Promise<readonly RegistryCertificate[]> {
    const certificates = await this.registry.certificatesOf(clientName, signal);
    return certificates.filter(({ issuedBy }) => issuedBy !== 'request');
  }
}
