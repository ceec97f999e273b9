import type { RegistryCertificate, RegistryClient } from '../../../registry/records';
import type { Log } from '../../log';
import type { Registry } from '../registry';
import type { SecretStore } from '../secret-store';
import type { FilledVersion } from './secret-versions';

const HOUR_MS = 3_600_000;

/** How long a replaced certificate stays usable; without hours, for as long as it is valid. */
type Overlap = Pick<RegistryClient, 'overlapHours'>;

/** Secrets Manager does not make a version current, and not because another one became it. */
class SuccessionError extends Error {
  override readonly name = 'SuccessionError';
}

/**
 * Which certificate of a client is the current one, and how long those before it may still be used.
 *
 * The current stage only ever moves from a certificate to one that was issued later. Each move names the version that it
 * takes the stage from, so that one which takes effect late, when others have moved on, changes nothing.
 */
export class Succession {
  constructor(
    private readonly registry: Pick<Registry, 'noteCurrent' | 'noteRefusal' | 'certificatesOf'>,
    private readonly secrets: Pick<SecretStore, 'findVersion' | 'makeCurrent'>,
    private readonly now: () => Date,
    private readonly log: Log,
  ) {}

  /**
   * Makes the version the one that clients read, and notes its certificate as the current one.
   * @returns false when a version whose certificate was issued later is current, which then stays
   */
  async succeed(version: FilledVersion, overlap: Overlap, signal: AbortSignal): Promise<boolean> {
    const isCurrent = version.isCurrent || (await this.becomeCurrent(version, signal));
    if (isCurrent) await this.note(version, overlap, signal);
    return isCurrent;
  }

  private async becomeCurrent(version: FilledVersion, signal: AbortSignal): Promise<boolean> {
    const { secretId, secretVersionId } = version;
    let refused: { readonly current: string | undefined } | undefined;
    for (;;) {
      const current = await this.secrets.findVersion(secretId, 'AWSCURRENT', signal);
      if (current === secretVersionId) return true;
      if (refused && refused.current === current) {
        throw new SuccessionError(`version ${current ?? 'none'} of ${secretId} can't be replaced`);
      }
      if (current !== undefined && (await this.isYounger(current, version, signal))) return false;
      signal.throwIfAborted();
      if (await this.secrets.makeCurrent(secretId, secretVersionId, current, signal)) return true;
      // Another version became current meanwhile, or this one did and the answer was lost.
      refused = { current };
    }
  }

  /** Asked after it was seen as current: what is current stands in the registry. */
  private async isYounger(secretVersionId: string, than: FilledVersion, signal: AbortSignal): Promise<boolean> {
    const certificates = await this.registry.certificatesOf(than.secret.clientName, signal);
    return beginningOf(secretVersionId, certificates) > beginningOf(than.secretVersionId, certificates);
  }

  private async note({ secret }: FilledVersion, { overlapHours }: Overlap, signal: AbortSignal): Promise<void> {
    await this.registry.noteCurrent(secret, this.now().toISOString(), signal);
    if (overlapHours === undefined) return;

    const certificates = await this.registry.certificatesOf(secret.clientName, signal);
    const current = certificates.find(({ fingerprint }) => fingerprint === secret.fingerprint);
    if (current?.currentSince === undefined) return;
    // Counted from when it was replaced, whenever that is noted.
    const refuseAfter = new Date(Date.parse(current.currentSince) + overlapHours * HOUR_MS).toISOString();
    for (const before of certificates) {
      if (before.status === 'REVOKED' || before.refuseAfter !== undefined || before.notAfter <= refuseAfter) continue;
      // Whoever keeps its own key renews at a time of its own: what the secret holds does not replace that.
      if (before.issuedBy === 'request') continue;
      // One that was issued later may become current yet.
      if (before.fingerprint === current.fingerprint || before.issuedAt >= current.issuedAt) continue;
      await this.registry.noteRefusal(before, refuseAfter, signal);
      const { clientName, serialNumber } = before;
      this.log({ event: 'certificate-replaced', client: clientName, serialNumber, refuseAfter });
    }
  }
}

/**
 * When the first certificate for a version was issued. A run that is repeated issues a later one, and its version is
 * not younger for that. Before all others when the registry does not know of any.
 */
function beginningOf(secretVersionId: string, certificates: readonly RegistryCertificate[]): string {
  const issued = certificates.filter((certificate) => certificate.secretVersionId === secretVersionId);
  return issued.map(({ issuedAt }) => issuedAt).sort()[0] ?? '';
}
