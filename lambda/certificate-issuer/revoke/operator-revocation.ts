import {
  REVOCATION_REASONS,
  type RevocationOrder,
  type RevocationResult,
  type RevokedCertificate,
} from '../../../mesh/contract';
import { clientNameProblem } from '../../../mesh/names';
import type { RegistryCertificate } from '../../../registry/records';
import type { Registry } from '../../../registry/registry';
import { concernsKey, type Revocation, type RevocationRequest } from '../../../registry/revocation';
import { isExpired } from '../../../registry/status';
import type { RegistryRecord } from '../../../registry/stored-records';
import type { RegistrySurvey } from '../../../registry/survey';
import { choiceProperty, listProperty, textProperty } from '../../custom-resource/properties';

const LONGEST_OPERATOR = 2048;

/** @throws PropertyError for the first invalid field */
export function readRevocationOrder(event: unknown): RevocationOrder {
  const fields: Readonly<Record<string, unknown>> = { ...Object(event) };
  const name = (field: keyof RevocationOrder) => field;
  const isForAll = fields[name('fingerprints')] === undefined;
  return {
    clientName: textProperty(fields, name('clientName'), clientNameProblem),
    ...(!isForAll && { fingerprints: listProperty(fields, name('fingerprints'), fingerprintProblem) }),
    reason: choiceProperty(fields, name('reason'), REVOCATION_REASONS),
    by: textProperty(fields, name('by'), operatorProblem),
  };
}

function fingerprintProblem(fingerprint: string): string | undefined {
  return /^[0-9A-F]{2}(:[0-9A-F]{2}){31}$/.test(fingerprint) ? undefined : 'must be a SHA-256 fingerprint';
}

function operatorProblem(by: string): string | undefined {
  return by.length > 0 && by.length <= LONGEST_OPERATOR && !/\p{C}/u.test(by)
    ? undefined
    : `must have 1 to ${LONGEST_OPERATOR} characters, and no control characters`;
}

/** A certificate that is marked in the registry. `problem` says why its item can't be read in full. */
type Marked =
  | { readonly certificate: RegistryCertificate; readonly already: boolean }
  | { readonly fingerprint: string; readonly already: boolean; readonly problem: string };

export interface OperatorRevocationOptions {
  readonly registry: Pick<Registry, 'markRevoked'>;
  readonly survey: Pick<RegistrySurvey, 'clientRecords'>;
  readonly revocation: Pick<Revocation, 'mark' | 'audit' | 'tellAuthority'>;
  readonly now: () => Date;
}

/**
 * Revokes certificates for operators, who can't write to the registry themselves: what they revoke stays revoked. First marks
 * all certificates in the registry, whatever their dates, so that the authorizer refuses them within seconds. If the reason
 * concerns the key, the client's other certificates for the same key are among them. Then revokes those that haven't expired
 * at their authority, including certificates that were marked earlier. A certificate whose item can't be read in full is
 * marked only.
 */
export class OperatorRevocation {
  constructor(private readonly options: OperatorRevocationOptions) {}

  async run({ clientName, fingerprints, reason, by }: RevocationOrder, signal: AbortSignal): Promise<RevocationResult> {
    const request: RevocationRequest = { by, reason };
    const ordered = fingerprints && new Set(fingerprints);
    const revokedKeys = new Set<string>();
    const marked = new Map<string, Marked>();
    // Another reading finds what is issued meanwhile, and what came before the certificate that it shares its key with.
    for (let found = -1; found < marked.size; ) {
      found = marked.size;
      for await (const record of this.options.survey.clientRecords(clientName, signal)) {
        const fingerprint = fingerprintOf(record);
        if (fingerprint === undefined || marked.has(fingerprint)) continue;
        const publicKeyHash = record.kind === 'certificate' ? record.certificate.publicKeyHash : undefined;
        const isOrdered = ordered === undefined || ordered.has(fingerprint);
        if (!isOrdered && !(publicKeyHash !== undefined && revokedKeys.has(publicKeyHash))) continue;
        const one = await this.mark(record, request, signal);
        if (one === undefined) continue;
        marked.set(fingerprint, one);
        if (publicKeyHash !== undefined && concernsKey(reason)) revokedKeys.add(publicKeyHash);
      }
    }
    const certificates: RevokedCertificate[] = [];
    for (const one of marked.values()) certificates.push(await this.complete(one, request, signal));
    return { certificates };
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

  private async complete(marked: Marked, request: RevocationRequest, signal: AbortSignal): Promise<RevokedCertificate> {
    const { revocation, now } = this.options;
    if ('problem' in marked) {
      const { fingerprint, already, problem } = marked;
      const failures = [`the registry refuses the certificate, and its authority was not told: ${problem}`];
      const [revokedAt, { reason }] = [now().toISOString(), request];
      return { serialNumber: fingerprint, fingerprint, already, expired: false, revokedAt, reason, failures };
    }
    const { certificate, already } = marked;
    const { serialNumber, fingerprint, revokedAtAuthority, revocationReason: reason = request.reason } = certificate;
    const expired = isExpired(certificate, now());
    const [untold, unrecorded] = await Promise.all([
      expired || revokedAtAuthority !== undefined
        ? undefined
        : revocation.tellAuthority({ ...certificate, revocationReason: reason }, signal),
      expired || already ? [] : revocation.audit(certificate),
    ]);
    const failures = [
      ...(untold === undefined ? [] : [`${untold}; the mesh tries again within the hour`]),
      ...unrecorded,
    ];
    const { revokedAt = now().toISOString() } = certificate;
    return { serialNumber, fingerprint, already, expired, revokedAt, reason, failures };
  }
}

function fingerprintOf(record: RegistryRecord): string | undefined {
  if (record.kind === 'certificate') return record.certificate.fingerprint;
  return record.kind === 'malformed' ? record.malformed.certificate?.fingerprint : undefined;
}
