import { failureSentence } from '../../aws/failure';
import type { RevocationReason, RevokedCertificate } from '../../mesh/contract';
import { certificateStatus } from '../../registry/status';
import { rotatableSecret, rotateAndReport } from '../rotate/rotate';
import { awsMesh } from '../shared/aws-mesh';
import { reportPartlyDone, UsageError } from '../shared/exit-codes';
import { type ClientInventory, showClient } from '../shared/inventory';
import type { MeshOptions } from '../shared/mesh-command';
import { type CertificateSelection, revokeCertificates } from './revoke-certificates';

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
  console.log(revocationText(await showClient(mesh, clientName), selection, revoked, mesh.now()));
  for (const failure of failureLines(revoked)) reportPartlyDone(failure);
  if (options.rotate) {
    await rotateAndReport(mesh, clientName).catch((error: unknown) => {
      reportPartlyDone(`the rotation could not start: ${failureSentence(error)}`);
    });
  }
}

/** A line for each failure. It says how many certificates the failure is about, if there are several. */
export function failureLines(revoked: readonly RevokedCertificate[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const failure of revoked.flatMap(({ failures }) => failures))
    counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].map(([failure, count]) => (count === 1 ? failure : `${count} certificates: ${failure}`));
}

function selectionIn({ all, serialNumber, issuer, secretVersion }: RevokeOptions): CertificateSelection {
  if (issuer !== undefined && serialNumber === undefined) {
    throw new UsageError('--issuer requires --serial-number');
  }
  if (all) return { kind: 'all' };
  if (serialNumber !== undefined) return { kind: 'serialNumber', serialNumber, issuer };
  if (secretVersion !== undefined) return { kind: 'version', secretVersionId: secretVersion };
  throw new UsageError('specify the certificates with --serial-number, --secret-version or --all');
}

/** What was revoked, and what the client may still come in with. */
export function revocationText(
  client: ClientInventory,
  selection: CertificateSelection,
  revoked: readonly RevokedCertificate[],
  at: Date,
): string {
  return [...revokedLines(client, selection, revoked), ...remainingLines(client, at)].join('\n');
}

/** A line for each certificate. Of all certificates of a client, only those that changed and had not expired. */
function revokedLines(
  { client: { clientName } }: ClientInventory,
  { kind }: CertificateSelection,
  revoked: readonly RevokedCertificate[],
): readonly string[] {
  const concerned = revoked.filter(({ already, expired }) => kind !== 'all' || !(already || expired));
  if (concerned.length === 0) return [`${clientName} has no certificate left to revoke`];
  return concerned.map(({ serialNumber, revokedAt, reason, already }) =>
    already
      ? `${clientName} ${serialNumber} is already revoked, since ${revokedAt} (${reason})`
      : `${clientName} ${serialNumber} is revoked (${reason})`,
  );
}

function remainingLines({ client, external, certificates }: ClientInventory, at: Date): readonly string[] {
  const { clientName, state } = client;
  if (state === 'DISABLED') return [];
  const accepted = certificates.filter((certificate) => certificateStatus(certificate, at) === 'ISSUED');
  return [
    ...accepted.map(
      ({ serialNumber, notAfter }) => `${clientName} ${serialNumber} is still accepted, until ${notAfter}`,
    ),
    ...(external
      ? [
          `${clientName} is still accepted with certificates of the trust anchor ${external.trustAnchor} ` +
            `(${external.identityKind} ${external.identityValue}): run \`mtls-mesh disable ${clientName}\` to refuse it`,
        ]
      : []),
  ];
}
