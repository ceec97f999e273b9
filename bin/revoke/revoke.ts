import { failureSentence } from '../../aws/failure';
import type { RevocationReason } from '../../mesh/contract';
import { rotatableSecret, rotateAndReport } from '../rotate/rotate';
import { awsMesh } from '../shared/aws-mesh';
import { reportPartlyDone } from '../shared/exit-codes';
import { OperatorError } from '../shared/mesh';
import type { MeshOptions } from '../shared/mesh-command';
import { type CertificateSelection, type RevokedCertificate, revokeCertificates } from './revoke-certificates';

export interface RevokeOptions extends MeshOptions {
  readonly reason: RevocationReason;
  readonly all?: true;
  readonly serialNumber?: string;
  readonly issuer?: string;
  readonly secretVersion?: string;
  readonly rotate?: true;
}

export async function runRevoke(clientName: string, options: RevokeOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const selection = selectionIn(options);
  // Fails before anything is revoked.
  if (options.rotate) await rotatableSecret(mesh, clientName);

  const revoked = await revokeCertificates(mesh, clientName, selection, options.reason);
  console.log(revocationText(clientName, revoked));
  for (const failure of new Set(revoked.flatMap(({ failures }) => failures))) reportPartlyDone(failure);
  if (options.rotate) {
    await rotateAndReport(mesh, clientName).catch((error: unknown) => {
      reportPartlyDone(`the rotation could not start: ${failureSentence(error)}`);
    });
  }
}

function selectionIn({ all, serialNumber, issuer, secretVersion }: RevokeOptions): CertificateSelection {
  if (issuer !== undefined && serialNumber === undefined) {
    throw new OperatorError('--issuer requires --serial-number');
  }
  if (all) return { kind: 'all' };
  if (serialNumber !== undefined) return { kind: 'serialNumber', serialNumber, issuer };
  if (secretVersion !== undefined) return { kind: 'version', secretVersionId: secretVersion };
  throw new OperatorError('specify the certificates with --serial-number, --secret-version or --all');
}

/** A line for each certificate. */
function revocationText(clientName: string, revoked: readonly RevokedCertificate[]): string {
  if (revoked.length === 0) return `${clientName} has no certificate left to revoke`;
  return revoked
    .map(({ certificate: { serialNumber, revokedAt, revocationReason }, already }) =>
      already
        ? `${clientName} ${serialNumber} is already revoked${revokedAt ? `, since ${revokedAt} (${revocationReason})` : ''}`
        : `${clientName} ${serialNumber} is revoked (${revocationReason})`,
    )
    .join('\n');
}
