import { setTimeout } from 'node:timers/promises';
import type { RegistryCertificate, RegistryClient } from '../../pki/contract';
import { showClient, showIssuedClient } from './inventory';
import { type OperatedMesh, OperatorError } from './mesh';

/** How long a rotation is waited for. It takes seconds; Secrets Manager tries a failed one again on its own. */
export interface RotationPatience {
  readonly milliseconds: number;
  readonly intervalMilliseconds: number;
}

const PATIENCE: RotationPatience = { milliseconds: 60_000, intervalMilliseconds: 500 };

/** @throws OperatorError as `showIssuedClient` does, and when the client is disabled: a disabled client is not rotated */
export async function rotatableClient(mesh: OperatedMesh, clientName: string): Promise<RegistryClient> {
  const { client } = await showIssuedClient(mesh, clientName);
  if (client.state === 'ENABLED') return client;
  throw new OperatorError(
    `the client ${clientName} is disabled, and a disabled client is not rotated: enable it first`,
  );
}

/**
 * Has a client's secret rotated, and waits until the new certificate is current.
 *
 * @returns the new certificate; undefined when the rotation is still under way, or has failed and will be tried again
 * @throws OperatorError as `rotatableClient` does
 */
export async function rotate(
  mesh: OperatedMesh,
  clientName: string,
  { milliseconds, intervalMilliseconds }: RotationPatience = PATIENCE,
): Promise<RegistryCertificate | undefined> {
  const { secretId } = await rotatableClient(mesh, clientName);
  const secretVersionId = await mesh.secrets.rotate(secretId);
  const deadline = performance.now() + milliseconds;
  do {
    const { certificates } = await showClient(mesh, clientName);
    const current = certificates.find(
      (certificate) => certificate.secretVersionId === secretVersionId && certificate.currentSince !== undefined,
    );
    if (current !== undefined) return current;
    await setTimeout(intervalMilliseconds);
  } while (performance.now() < deadline);
  return undefined;
}
