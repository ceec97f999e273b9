/** What an operator does to a client on the page: the operations of the commands with the same names. */
import { failureSentence } from '../../aws/failure';
import { asJsonObject } from '../../aws/json-caller';
import { REVOCATION_REASONS } from '../../mesh/contract';
import { certificateAdvice } from '../enable/enable';
import { failureLines, revocationText } from '../revoke/revoke';
import { type CertificateSelection, revokeCertificates } from '../revoke/revoke-certificates';
import { rotatableClient, rotateClient } from '../rotate/rotate';
import { setClientState, stateChangeText } from '../shared/client-state';
import { showClient } from '../shared/inventory';
import type { OperatedMesh } from '../shared/mesh';
import type { ActionResult } from './state';

/** The body of a request is none of the page. */
export class MalformedRequestError extends Error {
  override readonly name = 'MalformedRequestError';
}

/** An action by the name of its verb. All throw what the command throws. */
type Action = (mesh: OperatedMesh, clientName: string, body: unknown) => Promise<ActionResult>;

export const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ['rotate', rotate],
  ['revoke', revoke],
  ['disable', disable],
  ['enable', enable],
]);

async function rotate(mesh: OperatedMesh, clientName: string): Promise<ActionResult> {
  const certificate = await rotateClient(mesh, clientName);
  if (certificate === undefined) {
    return { done: [], failures: [`the rotation of ${clientName} is still in progress`] };
  }
  const { serialNumber, notAfter } = certificate;
  return { done: [`${clientName} has a new certificate: ${serialNumber}, valid until ${notAfter}`], failures: [] };
}

/** @throws MalformedRequestError also */
async function revoke(mesh: OperatedMesh, clientName: string, body: unknown): Promise<ActionResult> {
  const { reason, selection, rotateAfterwards } = readRevocation(body);
  // Fails before anything is revoked.
  if (rotateAfterwards) await rotatableClient(mesh, clientName);
  const revoked = await revokeCertificates(mesh, clientName, selection, reason);
  const text = revocationText(await showClient(mesh, clientName), selection, revoked, mesh.now());
  const rotation = rotateAfterwards ? await rotate(mesh, clientName).catch(notRotated) : { done: [], failures: [] };
  return {
    done: [...text.split('\n'), ...rotation.done],
    failures: [...failureLines(revoked), ...rotation.failures],
  };
}

/** The revocation is done, so the rest of the result counts. */
function notRotated(error: unknown): ActionResult {
  return { done: [], failures: [`there is no new certificate: ${failureSentence(error)}`] };
}

async function disable(mesh: OperatedMesh, clientName: string): Promise<ActionResult> {
  return { done: [stateChangeText(await setClientState(mesh, clientName, 'DISABLED'))], failures: [] };
}

async function enable(mesh: OperatedMesh, clientName: string): Promise<ActionResult> {
  const change = await setClientState(mesh, clientName, 'ENABLED');
  const advice = certificateAdvice(change, mesh.now());
  return { done: [stateChangeText(change)], failures: advice === undefined ? [] : [advice] };
}

function readRevocation(body: unknown) {
  const { reason: name, certificates, rotate: rotateAfterwards } = asJsonObject(body) ?? {};
  const reason = REVOCATION_REASONS.find((one) => one === name);
  if (reason === undefined) throw new MalformedRequestError(`reason must be one of ${REVOCATION_REASONS.join(', ')}`);
  if (typeof rotateAfterwards !== 'boolean') throw new MalformedRequestError('rotate must be true or false');
  return { reason, selection: readSelection(certificates), rotateAfterwards };
}

function readSelection(certificates: unknown): CertificateSelection {
  if (certificates === 'all') return { kind: 'all' };
  const { serialNumber, issuer } = asJsonObject(certificates) ?? {};
  if (typeof serialNumber !== 'string' || typeof issuer !== 'string') {
    throw new MalformedRequestError('certificates must be "all", or have a serialNumber and an issuer');
  }
  return { kind: 'serialNumber', serialNumber, issuer };
}
