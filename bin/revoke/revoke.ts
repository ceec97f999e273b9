import { failureSentence } from '../../aws/failure';
import type { RevocationReason, RevokedCertificate } from '../../mesh/contract';
import { certificateStatus } from '../../registry/status';
import { printRotation, type Rotation, rotatableClient, rotate } from '../rotate/rotate';
import { awsMesh } from '../shared/aws-mesh';
import { confirmed } from '../shared/confirmation';
import { reportPartlyDone, UsageError } from '../shared/exit-codes';
import { type ClientInventory, showClient, showIssuedClient } from '../shared/inventory';
import { type OperatedMesh, OperatorError } from '../shared/mesh';
import type { MeshOptions } from '../shared/mesh-command';
import { type CertificateSelection, revokeCertificates } from './revoke-certificates';

export interface RevokeOptions extends MeshOptions {
  readonly reason: RevocationReason;
  readonly all?: true;
  readonly serialNumber?: string;
  readonly issuer?: string;
  readonly secretVersion?: string;
  readonly rotate?: true;
  /** Don't ask. */
  readonly yes?: true;
}

export async function runRevoke(clientName: string, options: RevokeOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const selection = selectionIn(options);
  // Fails before anything is revoked.
  if (options.rotate) await rotatableClient(mesh, clientName);
  if (options.all && !options.yes) await confirm(mesh, clientName, options);

  const revoked = await revokeCertificates(mesh, clientName, selection, options.reason);
  const client = await showClient(mesh, clientName);
  if (!options.json) console.log(revocationText(client, selection, revoked, mesh.now()));
  for (const failure of failureLines(revoked)) reportPartlyDone(failure);
  const rotation = options.rotate ? await rotateAfterwards(mesh, clientName) : undefined;
  if (options.json) console.log(JSON.stringify(revocationJson(client, revoked, rotation, mesh.now())));
  else if (rotation) printRotation(clientName, rotation);
}

/** @throws OperatorError as `showIssuedClient`, and if the operator says no */
async function confirm(mesh: OperatedMesh, clientName: string, { rotate }: RevokeOptions): Promise<void> {
  const accepted = stillAccepted(await showIssuedClient(mesh, clientName), mesh.now()).certificates.length;
  const consequence = rotate ? 'It gets another one afterwards.' : 'It gets no other one before its next rotation.';
  const question = `The mesh accepts ${accepted} certificates of ${clientName}. ${consequence}\nRevoke all of them?`;
  if (!(await confirmed(question))) throw new OperatorError('nothing was revoked');
}

/** The revocation is done, so a rotation that fails is no failure of the command. */
async function rotateAfterwards(mesh: OperatedMesh, clientName: string): Promise<Rotation | undefined> {
  try {
    return await rotate(mesh, clientName);
  } catch (error) {
    reportPartlyDone(`there is no new certificate: ${failureSentence(error)}`);
    return undefined;
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
  if (serialNumber !== undefined) {
    if (isSerialNumber(serialNumber)) return { kind: 'serialNumber', serialNumber, issuer };
    throw new UsageError(
      '--serial-number must be hexadecimal digits, with or without colons, and without anything before them, such as 0x or ' +
        `serial=, got ${JSON.stringify(serialNumber)}`,
    );
  }
  if (secretVersion !== undefined) return { kind: 'version', secretVersionId: secretVersion };
  throw new UsageError('specify the certificates with --serial-number, --secret-version or --all');
}

/** As `mtls-mesh show`, `openssl x509 -serial`, and `openssl x509 -text` print serial numbers, in either case. */
function isSerialNumber(text: string): boolean {
  return /^[0-9a-f]+(:[0-9a-f]+)*$/i.test(text);
}

/** The line of JSON that `revoke` prints. */
interface PrintedRevocation {
  readonly clientName: string;
  /** The selected certificates. With `--all`, all that the registry holds. */
  readonly certificates: readonly RevokedCertificate[];
  /** The client's certificates that the mesh still accepts. */
  readonly acceptedCertificates: readonly { readonly serialNumber: string; readonly notAfter: string }[];
  /** The trust anchor whose certificates for the client the mesh still accepts. Absent if there is none. */
  readonly acceptedTrustAnchor?: string | undefined;
  /** With `--rotate`. Absent if the rotation failed. */
  readonly rotation?: Rotation | undefined;
}

function revocationJson(
  client: ClientInventory,
  revoked: readonly RevokedCertificate[],
  rotation: Rotation | undefined,
  at: Date,
): PrintedRevocation {
  const { certificates, external } = stillAccepted(client, at);
  return {
    clientName: client.client.clientName,
    certificates: revoked,
    acceptedCertificates: certificates.map(({ serialNumber, notAfter }) => ({ serialNumber, notAfter })),
    acceptedTrustAnchor: external?.trustAnchor,
    rotation,
  };
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

/** What the client may still come in with. */
function stillAccepted({ client, external, certificates }: ClientInventory, at: Date) {
  if (client.state === 'DISABLED') return { certificates: [], external: undefined };
  return { certificates: certificates.filter((each) => certificateStatus(each, at) === 'ISSUED'), external };
}

function remainingLines(client: ClientInventory, at: Date): readonly string[] {
  const { clientName } = client.client;
  const { certificates, external } = stillAccepted(client, at);
  return [
    ...certificates.map(
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
