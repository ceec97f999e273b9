import { type RetryPolicy, retry } from '../../aws/retry';
import { accountIdIn } from '../../mesh/other-accounts';
import type { RegistryCertificate, RegistryClient } from '../../registry/records';
import { awsMesh } from '../shared/aws-mesh';
import { reportPartlyDone } from '../shared/exit-codes';
import { type ClientInventory, showIssuedClient } from '../shared/inventory';
import { NEVER_ABORTED, type OperatedMesh, OperatorError } from '../shared/mesh';
import type { MeshOptions } from '../shared/mesh-command';

export async function runRotate(clientName: string, options: MeshOptions): Promise<void> {
  const rotation = await rotate(awsMesh(options.mesh), clientName);
  if (options.json) console.log(JSON.stringify({ clientName, ...rotation }));
  else printRotation(clientName, rotation);
}

/** What has come of a rotation. */
export interface Rotation {
  /** Whether it was not complete when the command ended. The other fields are then absent. */
  readonly inProgress: boolean;
  readonly serialNumber?: string;
  readonly fingerprint?: string;
  readonly secretVersionId?: string | undefined;
  /** ISO 8601, UTC. */
  readonly notBefore?: string;
  /** ISO 8601, UTC. */
  readonly notAfter?: string;
}

/** Rotates a client's secret, and sets the exit code if the rotation is still in progress. Throws as `rotateClient`. */
export async function rotate(mesh: OperatedMesh, clientName: string): Promise<Rotation> {
  const certificate = await rotateClient(mesh, clientName);
  if (certificate !== undefined) {
    const { serialNumber, fingerprint, secretVersionId, notBefore, notAfter } = certificate;
    return { inProgress: false, serialNumber, fingerprint, secretVersionId, notBefore, notAfter };
  }
  reportPartlyDone(
    `the rotation of ${clientName} is still in progress: check it with \`mtls-mesh show ${clientName}\``,
  );
  return { inProgress: true };
}

export function printRotation(clientName: string, { inProgress, serialNumber, notAfter }: Rotation): void {
  if (!inProgress) console.log(`${clientName} has a new certificate: ${serialNumber}, valid until ${notAfter}`);
}

/** A rotation takes seconds. Secrets Manager retries a failed one after minutes. */
const POLLING: RetryPolicy = { deadline: 60_000, backoff: { first: 500, longest: 1_000 } };

/** The rotation is still in progress. */
class RotationInProgressError extends Error {
  override readonly name = 'RotationInProgressError';
}

type Rotatable = ClientInventory<RegistryClient> & { readonly secretId: string };

/**
 * The client with the ARN of its secret.
 * @throws OperatorError as `showIssuedClient`, and for a client that the operator can't rotate: without a secret, with one in another
 * account, or disabled
 */
export async function rotatableClient(mesh: OperatedMesh, clientName: string): Promise<Rotatable> {
  const inventory = await showIssuedClient(mesh, clientName);
  const { secretId, state } = inventory.client;
  if (secretId === undefined) {
    throw new OperatorError(
      `the client ${clientName} keeps its own key: run \`mtls-mesh request\` where the client runs`,
    );
  }
  const account = accountIdIn(secretId);
  const ownAccount = accountIdIn(await mesh.operator());
  if (ownAccount !== undefined && account !== ownAccount) {
    throw new OperatorError(
      `the secret of ${clientName} is in the account ${account}, and only that account can rotate it: ` +
        `run \`aws secretsmanager rotate-secret --secret-id ${secretId}\` there`,
    );
  }
  if (state === 'ENABLED') return { ...inventory, secretId };
  throw new OperatorError(`the client ${clientName} is disabled and is not rotated: enable it first`);
}

/**
 * Rotates a client's secret and waits until the new certificate is current.
 *
 * @returns the new certificate; undefined when the rotation is still in progress
 * @throws OperatorError as `rotatableClient`, and if the rotation fails
 */
export async function rotateClient(
  mesh: OperatedMesh,
  clientName: string,
  polling = POLLING,
): Promise<RegistryCertificate | undefined> {
  const before = await rotatableClient(mesh, clientName);
  const secretVersionId = await mesh.startRotation(before.secretId);
  const known = new Set(before.certificates.filter(isOrWasCurrent).map(({ fingerprint }) => fingerprint));
  try {
    return await retry<RegistryCertificate>(
      polling,
      async () => {
        const { client, certificates } = await showIssuedClient(mesh, clientName);
        const value = certificates.find(
          (certificate) =>
            isOrWasCurrent(certificate) &&
            (secretVersionId === undefined
              ? !known.has(certificate.fingerprint)
              : certificate.secretVersionId === secretVersionId),
        );
        if (value) return { value };
        if (client.rotationFailedAt === before.client.rotationFailedAt) {
          return { error: new RotationInProgressError(), retryable: true };
        }
        const failure = `the rotation of ${clientName} failed: ${client.rotationFailure}`;
        const remedy = `remove the cause, and run \`mtls-mesh rotate ${clientName}\` again`;
        return { error: new OperatorError(`${failure}; ${remedy}`), retryable: false };
      },
      NEVER_ABORTED,
    );
  } catch (error) {
    if (error instanceof RotationInProgressError) return undefined;
    throw error;
  }
}

function isOrWasCurrent({ currentSince }: RegistryCertificate): boolean {
  return currentSince !== undefined;
}
