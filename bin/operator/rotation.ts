import { setTimeout } from 'node:timers/promises';
import type { RegistryCertificate } from '../../registry/records';
import { showClient, showIssuedClient } from './inventory';
import { type OperatedMesh, OperatorError } from './mesh';

/** How long a rotation is waited for. It takes seconds; Secrets Manager tries a failed one again on its own. */
export interface RotationPatience {
  readonly milliseconds: number;
  readonly intervalMilliseconds: number;
}

const PATIENCE: RotationPatience = { milliseconds: 60_000, intervalMilliseconds: 500 };

/**
 * The ARN of the client's secret.
 * @throws OperatorError as `showIssuedClient` does, when the client has no secret, and when it is disabled: a disabled
 * client is not rotated
 */
export async function rotatableSecret(mesh: OperatedMesh, clientName: string): Promise<string> {
  const { client } = await showIssuedClient(mesh, clientName);
  const { secretId, state } = client;
  if (secretId === undefined) {
    throw new OperatorError(
      `the client ${clientName} keeps its own key, which nobody else can rotate: it renews by \`mtls-mesh request\``,
    );
  }
  if (state === 'ENABLED') return secretId;
  throw new OperatorError(
    `the client ${clientName} is disabled, and a disabled client is not rotated: enable it first`,
  );
}

/**
 * Has a client's secret rotated, and waits until the new certificate is current.
 *
 * @returns the new certificate; undefined when the rotation is still under way, or has failed and will be tried again
 * @throws OperatorError as `rotatableSecret` does
 */
export async function rotate(
  mesh: OperatedMesh,
  clientName: string,
  { milliseconds, intervalMilliseconds }: RotationPatience = PATIENCE,
): Promise<RegistryCertificate | undefined> {
  const secretVersionId = await mesh.secrets.rotate(await rotatableSecret(mesh, clientName));
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
