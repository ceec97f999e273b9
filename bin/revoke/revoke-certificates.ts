import type { RevocationReason } from '../../mesh/contract';
import type { RegistryCertificate } from '../../registry/records';
import { certificateStatus, isExpired } from '../../registry/status';
import { showIssuedClient } from '../shared/inventory';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from '../shared/mesh';

/** Selects certificates of a client. */
export type CertificateSelection =
  | { readonly kind: 'all' }
  | { readonly kind: 'version'; readonly secretVersionId: string }
  | {
      readonly kind: 'serialNumber';
      /** Hexadecimal, in either case, with or without colons and leading zeros. */
      readonly serialNumber: string;
      /** The issuer's distinguished name as in the registry; required when two issuers have used the number. */
      readonly issuer?: string | undefined;
    };

/** The result for one certificate. */
export interface RevokedCertificate {
  readonly certificate: RegistryCertificate;
  /** Whether it was revoked before. The earlier reason stays. */
  readonly already: boolean;
  /** The later steps that failed, and why. The mesh refuses the certificate in any case. */
  readonly failures: readonly string[];
}

/**
 * Revokes certificates of a client: first all of them in the registry, so that the authorizer refuses them within seconds,
 * then at their authority. `all` selects the certificates that the mesh still accepts. A certificate that was revoked
 * before is revoked at its authority if that has not happened yet.
 *
 * @throws OperatorError for an unknown client or certificate, with the known ones, and for an external client
 */
export async function revokeCertificates(
  mesh: OperatedMesh,
  clientName: string,
  selection: CertificateSelection,
  reason: RevocationReason,
): Promise<readonly RevokedCertificate[]> {
  const { revocation } = mesh;
  const { certificates } = await showIssuedClient(mesh, clientName);
  const selected = select(mesh, clientName, certificates, selection);
  const by = await mesh.operator();

  const marked: Omit<RevokedCertificate, 'failures'>[] = [];
  for (const certificate of selected) {
    const revoked = await revocation.mark(certificate, { by, reason }, NEVER_ABORTED);
    marked.push({ certificate: revoked ?? certificate, already: revoked === undefined });
  }

  const results: RevokedCertificate[] = [];
  for (const { certificate, already } of marked) {
    const [untold, unrecorded] = await Promise.all([
      certificate.revokedAtAuthority === undefined
        ? revocation.tellAuthority({ revocationReason: reason, ...certificate }, NEVER_ABORTED)
        : undefined,
      already ? [] : revocation.audit(certificate),
    ]);
    const later = untold === undefined ? [] : [`${untold}; the mesh tries again within the hour`];
    results.push({ certificate, already, failures: [...later, ...unrecorded] });
  }
  return results;
}

function select(
  { trustDomain, now }: OperatedMesh,
  clientName: string,
  certificates: readonly RegistryCertificate[],
  selection: CertificateSelection,
): readonly RegistryCertificate[] {
  if (selection.kind === 'all') return certificates.filter((certificate) => isLeftToRevoke(certificate, now()));
  const selected = certificates.filter((certificate) => isSelected(certificate, selection));
  if (selected.length === 0) {
    const known = certificates.map(
      ({ serialNumber, secretVersionId }) =>
        `${serialNumber} (${secretVersionId ? `secret version ${secretVersionId}` : 'no secret version'})`,
    );
    throw new OperatorError(
      `the client ${clientName} of ${trustDomain} has no such certificate: its certificates are ${known.join(', ') || 'none'}`,
    );
  }
  const issuers = new Set(selected.map(({ issuer }) => issuer));
  if (selection.kind === 'serialNumber' && issuers.size > 1) {
    throw new OperatorError(
      `more than one issuer has used the serial number, specify one with --issuer: ${[...issuers].join('; ')}`,
    );
  }
  return selected;
}

function isLeftToRevoke(certificate: RegistryCertificate, at: Date): boolean {
  const status = certificateStatus(certificate, at);
  if (status === 'REVOKED') return certificate.revokedAtAuthority === undefined && !isExpired(certificate, at);
  return status === 'ISSUED' || status === 'NOT_YET_VALID';
}

function isSelected(
  certificate: RegistryCertificate,
  selection: Exclude<CertificateSelection, { kind: 'all' }>,
): boolean {
  if (selection.kind === 'version') return certificate.secretVersionId === selection.secretVersionId;
  const { serialNumber, issuer = certificate.issuer } = selection;
  return bareHex(certificate.serialNumber) === bareHex(serialNumber) && certificate.issuer === issuer;
}

function bareHex(serialNumber: string): string {
  return serialNumber.replaceAll(':', '').replace(/^0+/, '').toUpperCase();
}
