/** The operator's commands: from options to operations, and from results to lines and an exit code. */

import { failureSentence } from '../../aws/failure';
import type { RevocationReason } from '../../mesh/contract';
import type { RegistryClient } from '../../registry/records';
import { certificateStatus } from '../../registry/status';
import { awsMesh } from './aws-mesh';
import { setClientState } from './client-state';
import { isExternal, listClients, showClient } from './inventory';
import { type OperatedMesh, OperatorError } from './mesh';
import { clientAsJson, clientAsText, listAsJson, listAsTable, revocationAsText } from './report';
import { revoke as revokeCertificates, type Selection } from './revoke';
import { rotatableSecret, rotate as rotateClient } from './rotate';

export interface WriteOptions {
  /** The mesh's trust domain. */
  readonly mesh: string;
}

export interface ReadOptions extends WriteOptions {
  readonly json?: true;
}

export interface RevokeOptions extends WriteOptions {
  readonly reason: RevocationReason;
  readonly all?: true;
  readonly serialNumber?: string;
  readonly issuer?: string;
  readonly secretVersion?: string;
  readonly rotate?: true;
}

/** Done in the mesh, but not everything has followed. */
const EXIT_PARTLY_DONE = 2;

export async function list(options: ReadOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const clients = await listClients(mesh);
  if (!options.json) console.log(listAsTable(clients, mesh.now()));
  else if (clients.length > 0) console.log(listAsJson(clients, mesh.now()));
}

export async function show(clientName: string, options: ReadOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const client = await showClient(mesh, clientName);
  console.log((options.json ? clientAsJson : clientAsText)(client, mesh.now()));
}

export async function revoke(clientName: string, options: RevokeOptions): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const selection = selectionOf(options);
  // Fails before anything is revoked.
  if (options.rotate) await rotatableSecret(mesh, clientName);

  const revoked = await revokeCertificates(mesh, clientName, selection, options.reason);
  console.log(revocationAsText(clientName, revoked));
  for (const failure of new Set(revoked.flatMap(({ failures }) => failures))) partlyDone(failure);
  if (options.rotate) {
    await rotateAndReport(mesh, clientName).catch((error: unknown) => {
      partlyDone(`the rotation could not start: ${failureSentence(error)}`);
    });
  }
}

export async function rotate(clientName: string, options: WriteOptions): Promise<void> {
  await rotateAndReport(awsMesh(options.mesh), clientName);
}

export async function setState(
  clientName: string,
  state: RegistryClient['state'],
  options: WriteOptions,
): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const { changed, client, current } = await setClientState(mesh, clientName, state);
  const word = state === 'ENABLED' ? 'enabled' : 'disabled';
  console.log(changed ? `${clientName} is ${word}` : `${clientName} is already ${word}, since ${client.updatedAt}`);
  const status = current && certificateStatus(current, mesh.now());
  if (state === 'ENABLED' && !isExternal(client) && status !== 'ISSUED') {
    const remedy = client.secretId === undefined ? 'request --client' : 'rotate';
    console.error(`it has no certificate that is accepted: run \`mtls-mesh ${remedy} ${clientName}\``);
  }
}

async function rotateAndReport(mesh: OperatedMesh, clientName: string): Promise<void> {
  const certificate = await rotateClient(mesh, clientName);
  if (certificate === undefined) {
    partlyDone(`the rotation of ${clientName} is still in progress: check it with \`mtls-mesh show ${clientName}\``);
    return;
  }
  console.log(`${clientName} has a new certificate: ${certificate.serialNumber}, valid until ${certificate.notAfter}`);
}

function partlyDone(failure: string): void {
  console.error(failure);
  process.exitCode = EXIT_PARTLY_DONE;
}

function selectionOf({ all, serialNumber, issuer, secretVersion }: RevokeOptions): Selection {
  if (issuer !== undefined && serialNumber === undefined) {
    throw new OperatorError('--issuer needs --serial-number');
  }
  if (all) return { kind: 'all' };
  if (serialNumber !== undefined) return { kind: 'serialNumber', serialNumber, issuer };
  if (secretVersion !== undefined) return { kind: 'version', secretVersionId: secretVersion };
  throw new OperatorError('choose the certificates by --serial-number, --secret-version or --all');
}
