import type { Sandbox } from '../../sandbox';
import { assertHolds } from './cell';
import { meshOf } from './invariants';

/** Later than each of the attempts that Secrets Manager makes after a failed one. */
const MOMENTS_OF_RETRY = [0, 61_000, 301_000, 901_000];

/** Rotates to the end, as Secrets Manager tries. */
export async function rotate(sandbox: Sandbox, name: string): Promise<void> {
  const { serialNumber } = await sandbox.clientSecret(name);
  const secretId = String(sandbox.clients.find((client) => client.name === name)?.secretId);
  await meshOf(sandbox).secrets.rotate(secretId);
  for (const milliseconds of MOMENTS_OF_RETRY) {
    await sandbox.advance(milliseconds);
    if (await isComplete(sandbox, name, serialNumber)) return;
  }
  assertHolds(false, `the rotation of ${name} comes to its end by the attempts that Secrets Manager makes`);
}

/** Whether another certificate is current both in the secret and in the registry. */
async function isComplete(sandbox: Sandbox, name: string, serialNumberBefore: string): Promise<boolean> {
  const secret = await sandbox.clientSecret(name);
  if (secret.serialNumber === serialNumberBefore) return false;
  const entry = await meshOf(sandbox).registry.entry(name);
  const certificate = entry?.certificates.find(({ fingerprint }) => fingerprint === secret.fingerprint);
  return certificate?.currentSince !== undefined;
}
