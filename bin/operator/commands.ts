/** The operator's commands: from options to operations, and from what came of them to lines and an exit code. */
import type { RegistryClient, RevocationReason } from '../../registry/records';
import { sentenceOf } from '../failure';
import { awsMesh } from './aws-mesh';
import { setClientState } from './client-state';
import { isExternal, listClients, showClient, standingOf } from './inventory';
import { type OperatedMesh, OperatorError } from './mesh';
import { clientAsJson, clientAsText, listAsJson, listAsTable, revocationAsText } from './report';
import { revoke as revokeCertificates, type Selection } from './revocation';
import { rotatableSecret, rotate as rotateClient } from './rotation';

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

/** Done in the mesh, but not all that had to follow. */
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
  // Before anything is revoked, so that what can't be done whole is not begun.
  if (options.rotate) await rotatableSecret(mesh, clientName);

  const revoked = await revokeCertificates(mesh, clientName, selection, options.reason);
  console.log(revocationAsText(clientName, revoked));
  for (const failure of new Set(revoked.flatMap(({ failures }) => failures))) partlyDone(failure);
  if (options.rotate) {
    await rotateAndSay(mesh, clientName).catch((error: unknown) => {
      partlyDone(`the rotation could not begin: ${sentenceOf(error)}`);
    });
  }
}

export async function rotate(clientName: string, options: WriteOptions): Promise<void> {
  await rotateAndSay(awsMesh(options.mesh), clientName);
}

export async function setState(
  clientName: string,
  state: RegistryClient['state'],
  options: WriteOptions,
): Promise<void> {
  const mesh = awsMesh(options.mesh);
  const { changed, client, current } = await setClientState(mesh, clientName, state);
  const word = state === 'ENABLED' ? 'enabled' : 'disabled';
  console.log(changed ? `${clientName} is ${word}` : `${clientName} is ${word} already, since ${client.updatedAt}`);
  const standing = current && standingOf(current, mesh.now());
  if (state === 'ENABLED' && !isExternal(client) && standing !== 'ISSUED') {
    const remedy = client.secretId === undefined ? 'request --client' : 'rotate';
    console.error(`it has no certificate that is accepted: run \`mtls-mesh ${remedy} ${clientName}\``);
  }
}

async function rotateAndSay(mesh: OperatedMesh, clientName: string): Promise<void> {
  const certificate = await rotateClient(mesh, clientName);
  if (certificate === undefined) {
    partlyDone(`the rotation of ${clientName} has begun but not ended; \`mtls-mesh show ${clientName}\` tells when`);
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
  throw new OperatorError('say which certificates: --serial-number, --secret-version or --all');
}
