import { failureSentence } from '../../../aws/failure';
import {
  type RevocationOrder,
  type RevocationResult,
  type RevokedCertificate,
  UNKNOWN_CERTIFICATE_ERROR,
} from '../../../mesh/contract';
import { concernsKey, type Revocation, type RevocationRequest } from '../../../registry/revocation';
import { isExpired } from '../../../registry/status';
import { type RevocableCertificate, revocableIn } from '../../../registry/stored-records';
import type { RegistrySurvey } from '../../../registry/survey';
import { grouped, inGroups } from '../groups';

/** A certificate of the client. `problem` says why its item can't be read in full. */
interface Found {
  readonly certificate: RevocableCertificate;
  readonly problem?: string;
}

/** A certificate that is marked in the registry. */
interface Marked extends Found {
  readonly already: boolean;
}

/** The registry doesn't contain the client, or certificates in the order. */
class UnknownCertificateError extends Error {
  override readonly name = UNKNOWN_CERTIFICATE_ERROR;
}

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
  readonly survey: Pick<RegistrySurvey, 'clientRecords'>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  readonly now: () => Date;
}

/** How many unknown certificates an error names. */
const MOST_NAMED = 5;

/** How many certificates are worked on at the same time. Their events share a call. */
const GROUP = 10;

/**
 * Revokes certificates for operators, who can't write to the registry themselves: what they revoke stays revoked. First marks
 * all certificates in the registry, whatever their dates, so that the authorizer refuses them within seconds. If the reason
 * concerns the key, the client's other certificates for the same key are among them. Then revokes those that haven't expired
 * at their authority, including certificates that were marked earlier. Of a certificate whose item can't be read in full,
 * revokes what can be read.
 */
export class OperatorRevocation {
  constructor(private readonly options: OperatorRevocationOptions) {}

  /**
   * @param signal ends everything
   * @param timeUp ends what comes after the marks, so that the result says what remains for the hourly run
   * @throws UnmarkedCertificatesError and UnknownCertificateError, after all that could be marked are marked
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
    assertKnown(order, marked);
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
    const isSelected = ({ certificate: { fingerprint, publicKeyHash = '' } }: Found) => {
      if (marked.has(fingerprint) || unmarked.has(fingerprint)) return false;
      return ordered === undefined || ordered.has(fingerprint) || revokedKeys.has(publicKeyHash);
    };
    // Another reading finds what is issued meanwhile, and what came before the certificate that it shares its key with.
    for (let found = -1; found < marked.size + unmarked.size; ) {
      found = marked.size + unmarked.size;
      for await (const group of grouped(this.find(clientName, isSelected, signal), GROUP)) {
        const results = await Promise.allSettled(group.map((one) => this.mark(one, request, signal)));
        signal.throwIfAborted();
        for (const [index, result] of results.entries()) {
          const { fingerprint = '', publicKeyHash } = group[index]?.certificate ?? {};
          if (result.status === 'rejected') unmarked.set(fingerprint, result.reason);
          else marked.set(fingerprint, result.value);
          if (publicKeyHash !== undefined && concernsKey(request.reason)) revokedKeys.add(publicKeyHash);
        }
      }
    }
    return { marked: [...marked.values()], unmarked: [...unmarked.values()] };
  }

  private async *find(
    clientName: string,
    isSelected: (one: Found) => boolean,
    signal: AbortSignal,
  ): AsyncIterable<Found> {
    let isKnown = false;
    for await (const record of this.options.survey.clientRecords(clientName, signal)) {
      // The certificates of an external client are not those of the mesh.
      isKnown ||= record.kind !== 'external client';
      const certificate = revocableIn(record);
      if (certificate === undefined) continue;
      const one = { certificate, ...(record.kind === 'malformed' && { problem: record.malformed.problem }) };
      if (isSelected(one)) yield one;
    }
    if (!isKnown) throw new UnknownCertificateError(`the mesh has issued no certificates to a client ${clientName}`);
  }

  private async mark(
    { certificate, ...others }: Found,
    request: RevocationRequest,
    signal: AbortSignal,
  ): Promise<Marked> {
    const revoked = await this.options.revocation.mark(certificate, request, signal);
    return { ...others, certificate: revoked ?? certificate, already: revoked === undefined };
  }

  /** @returns what failed */
  private auditAll(all: readonly Marked[], timeUp: AbortSignal): Promise<Failures> {
    return failuresOf(all, async ({ certificate, already }) => {
      if (already || this.isExpired(certificate)) return [];
      if (timeUp.aborted) return ['the time was too short to send the event of the revocation'];
      return this.options.revocation.audit(certificate);
    });
  }

  /** @returns what failed, and the key of a malformed item that could not be revoked */
  private tellAll(all: readonly Marked[], { reason }: RevocationRequest, timeUp: AbortSignal): Promise<Failures> {
    return failuresOf(all, async ({ certificate, problem }) => {
      const failures: string[] = [];
      if (problem !== undefined && certificate.publicKeyHash === undefined && concernsKey(reason)) {
        failures.push(`could not revoke the key of the certificate: ${problem}`);
      }
      const { revokedAtAuthority, revocationReason = reason } = certificate;
      if (revokedAtAuthority !== undefined || this.isExpired(certificate)) return failures;
      const failure = await this.tell({ ...certificate, revocationReason }, timeUp);
      if (failure === undefined) return failures;
      // The hourly run skips malformed items.
      const next =
        problem === undefined ? 'the mesh tries again within the hour' : `the mesh does not try again: ${problem}`;
      return [...failures, `${failure}; ${next}`];
    });
  }

  private async tell(certificate: RevocableCertificate, timeUp: AbortSignal): Promise<string | undefined> {
    try {
      timeUp.throwIfAborted();
      return await this.options.revocation.tellAuthority(certificate, timeUp);
    } catch (error) {
      if (!timeUp.aborted) throw error;
      return 'the time was too short to revoke the certificate at its authority';
    }
  }

  private resultOf(
    { certificate, already }: Marked,
    request: RevocationRequest,
    failures: readonly string[],
  ): RevokedCertificate {
    const { fingerprint, serialNumber = fingerprint, revocationReason: reason = request.reason } = certificate;
    const { revokedAt = this.options.now().toISOString() } = certificate;
    return { serialNumber, fingerprint, already, expired: this.isExpired(certificate), revokedAt, reason, failures };
  }

  /** False if the item doesn't say when. */
  private isExpired({ notAfter = '' }: RevocableCertificate): boolean {
    return !Number.isNaN(Date.parse(notAfter)) && isExpired({ notAfter }, this.options.now());
  }
}

function assertKnown({ clientName, fingerprints = [] }: RevocationOrder, marked: readonly Marked[]): void {
  const known = new Set(marked.map(({ certificate }) => certificate.fingerprint));
  const unknown = fingerprints.filter((fingerprint) => !known.has(fingerprint));
  if (unknown.length === 0) return;
  throw new UnknownCertificateError(
    `client ${clientName} has no certificate ${unknown.slice(0, MOST_NAMED).join(', ')}` +
      `${unknown.length > MOST_NAMED ? ` and ${unknown.length - MOST_NAMED} others` : ''}; the others of the order are revoked`,
  );
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
