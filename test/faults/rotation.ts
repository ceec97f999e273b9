import { showClient } from '../../bin/shared/inventory';
import type { Sandbox } from '../../sandbox';
import { assertHolds } from './cell';
import { meshOf } from './invariants';

/** Milliseconds after which Secrets Manager has made the next attempt. */
const RETRY_MILLISECONDS = [0, 61_000, 301_000, 901_000];

/** Rotates the secret, with the retries that Secrets Manager makes. */
export async function rotate(sandbox: Sandbox, name: string): Promise<void> {
  const { serialNumber } = await sandbox.clientSecret(name);
  const secretId = String(sandbox.clients.find((client) => client.name === name)?.secretId);
  await meshOf(sandbox).startRotation(secretId);
  for (const milliseconds of RETRY_MILLISECONDS) {
    await sandbox.advance(milliseconds);
    if (await isComplete(sandbox, name, serialNumber)) return;
  }
  assertHolds(false, `the rotation of ${name} succeeds within the attempts that Secrets Manager makes`);
}

/** Whether a new certificate is current in both the secret and the registry. */
async function isComplete(sandbox: Sandbox, name: string, serialNumberBefore: string): Promise<boolean> {
  const secret = await sandbox.clientSecret(name);
  if (secret.serialNumber === serialNumberBefore) return false;
  const { current } = await showClient(meshOf(sandbox), name);
  return current?.fingerprint === secret.fingerprint;
}
