import type { RevocationReason, RevokedCertificate } from '../../mesh/contract';
import type { RegistryCertificate } from '../../registry/records';
import { showIssuedClient } from '../shared/inventory';
import { type OperatedMesh, OperatorError } from '../shared/mesh';

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

/**
 * Revokes certificates of a client: first all of them in the registry, so that the authorizer refuses them within seconds,
 * then at their authority. `all` selects every certificate, whatever its dates. A certificate that was revoked before is
 * revoked at its authority if that has not happened yet.
 *
 * @throws OperatorError for an unknown client or certificate, with the known ones, and for an external client
 */
export async function revokeCertificates(
  mesh: OperatedMesh,
  clientName: string,
  selection: CertificateSelection,
  reason: RevocationReason,
): Promise<readonly RevokedCertificate[]> {
  const { certificates } = await showIssuedClient(mesh, clientName);
  const selected = selection.kind === 'all' ? {} : { fingerprints: select(mesh, clientName, certificates, selection) };
  const result = await mesh.revoke({ clientName, ...selected, reason, by: await mesh.operator() });
  return result.certificates;
}

function select(
  { trustDomain }: OperatedMesh,
  clientName: string,
  certificates: readonly RegistryCertificate[],
  selection: Exclude<CertificateSelection, { kind: 'all' }>,
): readonly string[] {
  const selected = certificates.filter((certificate) => isSelected(certificate, selection));
  if (selected.length === 0) {
    const known = certificates.map(
      ({ serialNumber, secretVersionId }) =>
        `${serialNumber} (${secretVersionId ? `secret version ${secretVersionId}` : 'no secret version'})`,
    );
    const isBeginning = certificates.some((certificate) => beginsWith(certificate, selection));
    const such = isBeginning ? 'certificate with that serial number, of which digits are missing' : 'such certificate';
    throw new OperatorError(
      `the client ${clientName} of ${trustDomain} has no ${such}: its certificates are ${known.join(', ') || 'none'}`,
    );
  }
  const issuers = new Set(selected.map(({ issuer }) => issuer));
  if (selection.kind === 'serialNumber' && issuers.size > 1) {
    throw new OperatorError(
      `more than one issuer has used the serial number, specify one with --issuer: ${[...issuers].join('; ')}`,
    );
  }
  return selected.map(({ fingerprint }) => fingerprint);
}

function isSelected(
  certificate: RegistryCertificate,
  selection: Exclude<CertificateSelection, { kind: 'all' }>,
): boolean {
  if (selection.kind === 'version') return certificate.secretVersionId === selection.secretVersionId;
  const { serialNumber, issuer = certificate.issuer } = selection;
  return bareHex(certificate.serialNumber) === bareHex(serialNumber) && certificate.issuer === issuer;
}

/** Whether the selection has only the first digits of the certificate's serial number. */
function beginsWith({ serialNumber }: RegistryCertificate, selection: CertificateSelection): boolean {
  const digits = selection.kind === 'serialNumber' ? bareHex(selection.serialNumber) : '';
  return digits !== '' && bareHex(serialNumber) !== digits && bareHex(serialNumber).startsWith(digits);
}

function bareHex(serialNumber: string): string {
  return serialNumber.replaceAll(':', '').replace(/^0+/, '').toUpperCase();
}
