import { failureSentence } from '../../../aws/failure';
import type { RevocationOrder, RevocationResult, RevokedCertificate } from '../../../mesh/contract';
import type { RegistryCertificate } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import { concernsKey, type Revocation, type RevocationRequest } from '../../../registry/revocation';
import { isExpired } from '../../../registry/status';
import type { RegistryRecord } from '../../../registry/stored-records';
import type { RegistrySurvey } from '../../../registry/survey';
import { grouped, inGroups } from '../groups';

/** A certificate that is marked in the registry. `problem` says why its item can't be read in full. */
type Marked =
  | { readonly certificate: RegistryCertificate; readonly already: boolean }
  | { readonly fingerprint: string; readonly already: boolean; readonly problem: string };

/** Certificates of which some could not be marked in the registry. */
class UnmarkedCertificatesError extends Error {
  override readonly name = 'UnmarkedCertificatesError';

  constructor(clientName: string, unmarked: readonly unknown[]) {
    super(
      `could not revoke ${unmarked.length} of the certificates of ${clientName}, revoke them again: ${failureSentence(unmarked[0])}`,
    );
  }
}

export interface OperatorRevocationOptions {
  readonly registry: Pick<Registry, 'markRevoked'>;
  readonly survey: Pick<RegistrySurvey, 'clientRecords'>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  readonly now: () => Date;
}

/** How many certificates are worked on at the same time. Their events share a call. */
const GROUP = 10;

/**
 * Revokes certificates for operators, who can't write to the registry themselves: what they revoke stays revoked. First marks
 * all certificates in the registry, whatever their dates, so that the authorizer refuses them within seconds. If the reason
 * concerns the key, the client's other certificates for the same key are among them. Then revokes those that haven't expired
 * at their authority, including certificates that were marked earlier. A certificate whose item can't be read in full is
 * marked only.
 */
export class OperatorRevocation {
  constructor(private readonly options: OperatorRevocationOptions) {}

  /**
   * @param signal ends everything
   * @param timeUp ends what comes after the marks, so that the result says what remains for the hourly run
   * @throws UnmarkedCertificatesError after all that could be marked are marked
   */
  async run(order: RevocationOrder, signal: AbortSignal, timeUp: AbortSignal): Promise<RevocationResult> {
    const request: RevocationRequest = { by: order.by, reason: order.reason };
    const { marked, unmarked } = await this.markAll(order, request, signal);
    const [unrecorded, untold] = await Promise.all([
      this.auditAll(marked, timeUp),
      this.tellAll(marked, request, timeUp),
    ]);
    if (unmarked.length > 0) throw new UnmarkedCertificatesError(order.clientName, unmarked);
    const failed = (one: Marked) => [...(untold.get(one) ?? []), ...(unrecorded.get(one) ?? [])];
    return { certificates: marked.map((one) => this.resultOf(one, request, failed(one))) };
  }

  /** Goes on after a certificate that can't be marked. */
  private async markAll(
    { clientName, fingerprints }: RevocationOrder,
    request: RevocationRequest,
    signal: AbortSignal,
  ): Promise<{ readonly marked: readonly Marked[]; readonly unmarked: readonly unknown[] }> {
    const ordered = fingerprints && new Set(fingerprints);
    const revokedKeys = new Set<string>();
    const marked = new Map<string, Marked>();
    const unmarked = new Map<string, unknown>();
    const isSelected = (record: RegistryRecord) => {
      const [fingerprint, key] = [fingerprintOf(record), publicKeyHashOf(record)];
      if (fingerprint === undefined || marked.has(fingerprint) || unmarked.has(fingerprint)) return false;
      return ordered === undefined || ordered.has(fingerprint) || (key !== undefined && revokedKeys.has(key));
    };
    // Another reading finds what is issued meanwhile, and what came before the certificate that it shares its key with.
    for (let found = -1; found < marked.size; ) {
      found = marked.size;
      const selected = filter(this.options.survey.clientRecords(clientName, signal), isSelected);
      for await (const group of grouped(selected, GROUP)) {
        const results = await Promise.allSettled(group.map((record) => this.mark(record, request, signal)));
        signal.throwIfAborted();
        for (const [index, record] of group.entries()) {
          const [fingerprint = '', key, result] = [fingerprintOf(record), publicKeyHashOf(record), results[index]];
          if (result?.status !== 'fulfilled') unmarked.set(fingerprint, result?.reason);
          else if (result.value !== undefined) marked.set(fingerprint, result.value);
          if (result?.status === 'fulfilled' && key !== undefined && concernsKey(request.reason)) revokedKeys.add(key);
        }
      }
    }
    return { marked: [...marked.values()], unmarked: [...unmarked.values()] };
  }

  private async mark(
    record: RegistryRecord,
    request: RevocationRequest,
    signal: AbortSignal,
  ): Promise<Marked | undefined> {
    const { registry, revocation, now } = this.options;
    if (record.kind === 'certificate') {
      const { certificate } = record;
      const revoked = await revocation.mark(certificate, request, signal);
      return { certificate: revoked ?? certificate, already: revoked === undefined };
    }
    if (record.kind !== 'malformed' || record.malformed.certificate === undefined) return undefined;
    const { clientName, problem, certificate } = record.malformed;
    const { fingerprint } = certificate;
    const mark = { revokedAt: now().toISOString(), revokedBy: request.by, revocationReason: request.reason };
    const isMarked = await registry.markRevoked({ clientName, fingerprint }, mark, signal);
    return { fingerprint, already: !isMarked, problem };
  }

  /** @returns what failed */
  private auditAll(all: readonly Marked[], timeUp: AbortSignal): Promise<Failures> {
    return failuresOf(all, async (one) => {
      if ('problem' in one || one.already || this.isExpired(one)) return [];
      if (timeUp.aborted) return ['the time was too short to send the event of the revocation'];
      return this.options.revocation.audit(one.certificate);
    });
  }

  /** @returns what failed */
  private tellAll(all: readonly Marked[], { reason }: RevocationRequest, timeUp: AbortSignal): Promise<Failures> {
    return failuresOf(all, async (one) => {
      if ('problem' in one) {
        return [`the registry refuses the certificate, and its authority was not told: ${one.problem}`];
      }
      const { revokedAtAuthority, revocationReason = reason } = one.certificate;
      if (revokedAtAuthority !== undefined || this.isExpired(one)) return [];
      const failure = await this.tell({ ...one.certificate, revocationReason }, timeUp);
      return failure === undefined ? [] : [`${failure}; the mesh tries again within the hour`];
    });
  }

  private async tell(certificate: RegistryCertificate, timeUp: AbortSignal): Promise<string | undefined> {
    try {
      timeUp.throwIfAborted();
      return await this.options.revocation.tellAuthority(certificate, timeUp);
    } catch (error) {
      if (!timeUp.aborted) throw error;
      return 'the time was too short to revoke the certificate at its authority';
    }
  }

  private resultOf(marked: Marked, request: RevocationRequest, failures: readonly string[]): RevokedCertificate {
    const at = this.options.now().toISOString();
    if ('problem' in marked) {
      const { fingerprint, already } = marked;
      return {
        serialNumber: fingerprint,
        fingerprint,
        already,
        expired: false,
        revokedAt: at,
        reason: request.reason,
        failures,
      };
    }
    const { certificate, already } = marked;
    const { serialNumber, fingerprint, revokedAt = at, revocationReason: reason = request.reason } = certificate;
    return { serialNumber, fingerprint, already, expired: this.isExpired(marked), revokedAt, reason, failures };
  }

  private isExpired({ certificate }: { readonly certificate: RegistryCertificate }): boolean {
    return isExpired(certificate, this.options.now());
  }
}

type Failures = ReadonlyMap<Marked, readonly string[]>;

async function failuresOf(
  all: readonly Marked[],
  work: (one: Marked) => Promise<readonly string[]>,
): Promise<Failures> {
  const failures = new Map<Marked, readonly string[]>();
  await inGroups(all, GROUP, async (one) => void failures.set(one, await work(one)));
  return failures;
}

async function* filter<T>(all: AsyncIterable<T>, isWanted: (one: T) => boolean): AsyncIterable<T> {
  for await (const one of all) if (isWanted(one)) yield one;
}

function publicKeyHashOf(record: RegistryRecord): string | undefined {
  return record.kind === 'certificate' ? record.certificate.publicKeyHash : undefined;
}

function fingerprintOf(record: RegistryRecord): string | undefined {
  if (record.kind === 'certificate') return record.certificate.fingerprint;
  return record.kind === 'malformed' ? record.malformed.certificate?.fingerprint : undefined;
}
