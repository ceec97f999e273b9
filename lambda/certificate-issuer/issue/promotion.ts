import type { Log } from '../../../aws/cloudwatch';
import type { SecretsManager } from '../../../aws/secrets-manager';
import type { RegistryCertificate, RegistryClient } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import type { FilledVersion } from './secret-versions';

const HOUR_MS = 3_600_000;

/** How long a replaced certificate stays valid. Without `overlapHours`, until it expires. */
type Overlap = Pick<RegistryClient, 'overlapHours'>;

/** Secrets Manager refuses to make a version current, even though no other version has become current. */
class PromotionError extends Error {
  override readonly name = 'PromotionError';
}

export interface PromotionOptions {
  readonly registry: Pick<Registry, 'getCertificate' | 'markCurrent' | 'markReplaced' | 'certificatesOf'>;
  readonly secrets: Pick<SecretsManager, 'findVersion' | 'promoteVersion'>;
  readonly now: () => Date;
  readonly log: Log;
}

/**
 * Moves AWSCURRENT to a version, and limits how long the replaced certificates stay valid.
 *
 * The label moves only to a certificate that was issued later. Each move names the version that it takes the label
 * from, so a move that takes effect late, after others, changes nothing.
 */
export class Promotion {
  constructor(private readonly options: PromotionOptions) {}

  /**
   * Makes the version current and records its certificate as the current one.
   * @returns false, and changes nothing, if the current version has a certificate that was issued later
   */
  async promote(version: FilledVersion, overlap: Overlap, signal: AbortSignal): Promise<boolean> {
    const isCurrent = version.isCurrent || (await this.moveLabel(version, signal));
    if (isCurrent) await this.record(version, overlap, signal);
    return isCurrent;
  }

  private async moveLabel(version: FilledVersion, signal: AbortSignal): Promise<boolean> {
    const { secrets } = this.options;
    const { secretId, secretVersionId } = version;
    let refused: { readonly current: string | undefined } | undefined;
    for (;;) {
      const current = await secrets.findVersion(secretId, 'AWSCURRENT', signal);
      if (current === secretVersionId) return true;
      if (refused && refused.current === current) {
        throw new PromotionError(`version ${current ?? 'none'} of ${secretId} can't be replaced`);
      }
      if (current !== undefined && (await this.isNewer(current, version, signal))) return false;
      signal.throwIfAborted();
      if (await secrets.promoteVersion(secretId, secretVersionId, current, signal)) return true;
      // Another version has become current, or this one has and the response was lost.
      refused = { current };
    }
  }

  /** The version was current before the call, so its certificate is in the registry. */
  private async isNewer(secretVersionId: string, than: FilledVersion, signal: AbortSignal): Promise<boolean> {
    const certificates = await this.options.registry.certificatesOf(than.secret.clientName, signal);
    return firstIssuedAt(secretVersionId, certificates) > firstIssuedAt(than.secretVersionId, certificates);
  }

  private async record({ secret }: FilledVersion, { overlapHours }: Overlap, signal: AbortSignal): Promise<void> {
    const { registry, now, log } = this.options;
    const current = await registry.getCertificate(secret, signal);
    if (current === undefined) return;
    // The overlap begins with the promotion, even if a later run records it.
    const { currentSince = now().toISOString() } = current;
    await registry.markCurrent(current, currentSince, signal);
    if (overlapHours === undefined) return;

    const refuseAfter = new Date(Date.parse(currentSince) + overlapHours * HOUR_MS).toISOString();
    for (const replaced of await registry.certificatesOf(secret.clientName, signal)) {
      if (!isReplacedBy(current, replaced) || replaced.notAfter <= refuseAfter) continue;
      await registry.markReplaced(replaced, refuseAfter, signal);
      const { clientName, serialNumber } = replaced;
      log({ event: 'certificate-replaced', client: clientName, serialNumber, refuseAfter });
    }
  }
}

/** Whether the promotion of `current` limits the validity of the client's other certificate. */
function isReplacedBy(current: RegistryCertificate, other: RegistryCertificate): boolean {
  const isSettled = other.status === 'REVOKED' || other.refuseAfter !== undefined;
  // A requester keeps its own key and renews on its own schedule, so the secret does not replace its certificate.
  const isRequested = other.issuedBy === 'request';
  // A certificate that was issued later may still become current.
  const isEarlier = other.fingerprint !== current.fingerprint && other.issuedAt < current.issuedAt;
  return !isSettled && !isRequested && isEarlier;
}

/**
 * When the first certificate for a version was issued. A repeated run issues a later certificate, but that does not
 * make its version newer. Empty, and so earlier than any other, for a version without a certificate in the registry.
 */
function firstIssuedAt(secretVersionId: string, certificates: readonly RegistryCertificate[]): string {
  const issued = certificates.filter((certificate) => certificate.secretVersionId === secretVersionId);
  return issued.map(({ issuedAt }) => issuedAt).sort()[0] ?? '';
}
