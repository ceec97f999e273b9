import { type RetryPolicy, retry } from '../../aws/retry';
import type { RegistryCertificate } from '../../registry/records';
import { showClient, showIssuedClient } from './inventory';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from './mesh';

/** A rotation takes seconds. Secrets Manager retries a failed one itself. */
const POLLING: RetryPolicy = { deadline: 60_000, backoff: { first: 500, longest: 1_000 } };

/** The rotation has not ended yet. */
class RotationInProgressError extends Error {
  override readonly name = 'RotationInProgressError';
}

/**
 * The ARN of the client's secret.
 * @throws OperatorError as `showIssuedClient`, and for a client that has no secret or is disabled: neither is rotated
 */
export async function rotatableSecret(mesh: OperatedMesh, clientName: string): Promise<string> {
  const { client } = await showIssuedClient(mesh, clientName);
  const { secretId, state } = client;
  if (secretId === undefined) {
    throw new OperatorError(
      `the client ${clientName} keeps its own key, which nobody else can rotate: it renews with \`mtls-mesh request\``,
    );
  }
  if (state === 'ENABLED') return secretId;
  throw new OperatorError(
    `the client ${clientName} is disabled, and disabled clients are not rotated: enable it first`,
  );
}

/**
 * Rotates a client's secret and waits until the new certificate is current.
 *
 * @returns the new certificate; undefined when the rotation is still in progress, or has failed and will be retried
 * @throws OperatorError as `rotatableSecret`
 */
export async function rotate(
  mesh: OperatedMesh,
  clientName: string,
  polling = POLLING,
): Promise<RegistryCertificate | undefined> {
  const secretVersionId = await mesh.startRotation(await rotatableSecret(mesh, clientName));
  try {
    return await retry<RegistryCertificate>(
      polling,
      async () => {
        const { certificates } = await showClient(mesh, clientName);
        const value = certificates.find(
          (certificate) => certificate.secretVersionId === secretVersionId && certificate.currentSince !== undefined,
        );
        return value ? { value } : { error: new RotationInProgressError(), retryable: true };
      },
      NEVER_ABORTED,
    );
  } catch (error) {
    if (error instanceof RotationInProgressError) return undefined;
    throw error;
  }
}
