import { awsMesh } from '../../bin/shared/aws-mesh';
import { showClient } from '../../bin/shared/inventory';
import type { OperatedMesh } from '../../bin/shared/mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import type { ClientSecret, Sandbox } from '../../sandbox';
import { assertHolds } from './cell';
import { statusFor, TRUST_DOMAIN } from './mesh';

/** Longer than the authorizer caches what it reads. */
const CACHE_MILLISECONDS = 6_000;

/** The deployed mesh as an operator's commands see it, with the sandbox's time. */
export function meshOf(sandbox: Sandbox): OperatedMesh {
  return { ...awsMesh(TRUST_DOMAIN, sandboxAccess(sandbox)), now: () => sandbox.now };
}

/**
 * Asserts that the client is served: the gateway accepts the certificate in its secret, which is the current one in the
 * registry, and refuses those of its earlier certificates that are revoked.
 */
export async function assertServed(sandbox: Sandbox, name: string, before: readonly ClientSecret[]): Promise<void> {
  await sandbox.advance(CACHE_MILLISECONDS);
  const secret = await sandbox.clientSecret(name);
  const { certificates, current } = await showClient(meshOf(sandbox), name);
  assertHolds(
    current?.fingerprint === secret.fingerprint,
    `the certificate in the secret of ${name} is the current one in the registry, got ${current?.secretVersionId}`,
  );
  assertHolds(current?.status === 'ISSUED', `the certificate in the secret of ${name} is not revoked`);
  const status = await statusFor(sandbox, name);
  assertHolds(status === 200, `${name} is served, got ${status}`);
  for (const earlier of before) {
    const known = certificates.find(({ fingerprint }) => fingerprint === earlier.fingerprint);
    const expected = known?.status === 'ISSUED' ? 200 : 403;
    const got = await statusFor(sandbox, earlier);
    assertHolds(
      got === expected,
      `a certificate that is ${known?.status ?? 'unknown'} is answered ${expected}, got ${got}`,
    );
  }
}

/** Asserts that the certificates are refused, because they are revoked or their client is deleted. */
export async function assertRefused(sandbox: Sandbox, secrets: readonly ClientSecret[]): Promise<void> {
  await sandbox.advance(CACHE_MILLISECONDS);
  for (const secret of secrets) {
    const status = await statusFor(sandbox, secret);
    assertHolds(status === 403, `a revoked certificate of ${secret.clientName} is refused, got ${status}`);
  }
}
