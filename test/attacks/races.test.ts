import { X509Certificate } from 'node:crypto';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { showClient } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { createCertificateSigningRequest } from '../../pki/certificate-signing-request';
import { generatePrivateKey, privateKeyPem } from '../../pki/keys';
import { Sandbox } from '../../sandbox';
import { Random } from '../fuzz/random';
import { attackedMesh, type Credentials, HOST, request, sendRaw } from './attacked-mesh';
import { attacks, type Shape } from './attacks';
import { requestCertificate } from './calls';

const CLIENTS = ['mail', 'social', 'calendar', 'billing'];
const ROUNDS = 5;
const HOUR = 3_600_000;

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = await Sandbox.deploy(attackedMesh({ clientNames: CLIENTS }));
});
afterEach(() => sandbox?.close());

const mesh = () => awsMesh(HOST, sandboxAccess(sandbox), () => sandbox.now);
const revokeAll = (name: string, reason: 'UNSPECIFIED' | 'KEY_COMPROMISE' = 'UNSPECIFIED') =>
  revokeCertificates(mesh(), name, { kind: 'all' }, reason);
const rotate = (name: string) =>
  mesh().startRotation(String(sandbox.clients.find((client) => client.name === name)?.secretId));

async function statusOf(credentials: Credentials): Promise<number | undefined> {
  return (await sendRaw(sandbox, request('/schedule'), { credentials })).status;
}

const fingerprintOf = ({ certificate }: Credentials) => new X509Certificate(certificate).fingerprint256;

/** All certificates that the attackers have ever seen, and what is known to be revoked. Nothing leaves it. */
class Memory {
  private readonly seen = new Map<string, Credentials>();
  private readonly revoked = new Set<string>();

  see(credentials: Credentials): void {
    this.seen.set(fingerprintOf(credentials), credentials);
  }

  /** Reads the registry of the client. */
  async recall(name: string): Promise<void> {
    for (const { fingerprint, status } of (await showClient(mesh(), name)).certificates) {
      if (status === 'REVOKED') this.revoked.add(fingerprint);
      else expect(this.revoked).not.toContain(fingerprint);
    }
  }

  /** @returns how many revoked certificates were tried */
  async assertNothingRevokedIsLetIn(): Promise<number> {
    const known = [...this.seen].filter(([fingerprint]) => this.revoked.has(fingerprint));
    for (const [, credentials] of known) expect(await statusOf(credentials)).toBe(403);
    return known.length;
  }
}

const OPERATIONS: Readonly<Record<string, (name: string) => Promise<unknown>>> = {
  revoke: revokeAll,
  'revoke the key': (name) => revokeAll(name, 'KEY_COMPROMISE'),
  rotate,
  disable: (name) => setClientState(mesh(), name, 'DISABLED'),
  enable: (name) => setClientState(mesh(), name, 'ENABLED'),
};

attacks<number>(
  'clients revoked, rotated, disabled and enabled at once',
  [1, 2].map((seed): Shape<number> => [`${ROUNDS} rounds of ${CLIENTS.length * 4} operations, seed ${seed}`, seed]),
  async (seed) => {
    const random = new Random(seed);
    const memory = new Memory();
    let tried = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const name of CLIENTS) memory.see(await sandbox.clientSecret(name));
      const chosen = CLIENTS.flatMap((name) =>
        Array.from({ length: 4 }, () => ({ name, operation: random.of(Object.keys(OPERATIONS)) })),
      );
      const outcomes = await Promise.allSettled(chosen.map(({ name, operation }) => OPERATIONS[operation]?.(name)));
      await sandbox.advance(0);
      const isDone = (name: string, operation: string) =>
        chosen.some((one, index) => one.name === name && one.operation === operation && isFulfilled(outcomes[index]));

      for (const name of CLIENTS) {
        const current = await sandbox.clientSecret(name);
        memory.see(current);
        await memory.recall(name);
        const { client } = await showClient(mesh(), name);
        const isRevoked = isDone(name, 'revoke') || isDone(name, 'revoke the key');
        // Rotations alone, and operators who change their mind, leave every enabled client with a certificate.
        if (!isRevoked) expect(await statusOf(current)).toBe(client.state === 'ENABLED' ? 200 : 403);
        await setClientState(mesh(), name, 'DISABLED');
        expect(await statusOf(current)).toBe(403);
        await setClientState(mesh(), name, 'ENABLED');
      }
      tried += await memory.assertNothingRevokedIsLetIn();
      // Secrets Manager repeats what failed while the client was disabled.
      await sandbox.advance(2 * HOUR);
      for (const name of CLIENTS) {
        if ((await statusOf(await sandbox.clientSecret(name))) !== 200) await rotateClient(mesh(), name);
        expect(await statusOf(await sandbox.clientSecret(name))).toBe(200);
      }
    }
    expect(tried).toBeGreaterThan(ROUNDS);
  },
);

function isFulfilled(outcome: PromiseSettledResult<unknown> | undefined): boolean {
  return outcome?.status === 'fulfilled';
}

test('a key that is revoked while certificates are requested for it lets nobody in', async () => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const privateKey = await generatePrivateKey('EC_prime256v1');
    const certificateSigningRequest = createCertificateSigningRequest(privateKey, 'own');
    const issue = async (): Promise<Credentials | undefined> => {
      const { status, document } = await requestCertificate(sandbox, { clientName: 'own', certificateSigningRequest });
      const { certificate = '', certificateChain = '' } = document;
      return status === 200 ? { certificate, certificateChain, privateKey: privateKeyPem(privateKey) } : undefined;
    };
    const first = await issue();
    const [, ...others] = await Promise.all([revokeAll('own', 'KEY_COMPROMISE'), issue(), issue(), issue()]);
    const issued = [first, ...others].filter((credentials) => credentials !== undefined);
    expect(issued.length).toBeGreaterThan(0);
    for (const credentials of issued) expect(await statusOf(credentials)).toBe(403);
    expect(await issue()).toBeUndefined();
  }
});

test('a client that is removed at the same time is gone, with all its certificates, and can be added again', async () => {
  const memory = new Memory();
  for (let round = 0; round < ROUNDS - 2; round += 1) {
    const before = await sandbox.clientSecret('billing');
    expect(await statusOf(before)).toBe(200);
    const others = CLIENTS.filter((name) => name !== 'billing');
    await Promise.allSettled([
      sandbox.update(attackedMesh({ clientNames: others })),
      ...['rotate', 'disable', 'enable', 'revoke', 'rotate'].map((operation) => OPERATIONS[operation]?.('billing')),
      ...others.map((name) => rotate(name)),
    ]);
    await sandbox.advance(2 * HOUR);
    await expect(showClient(mesh(), 'billing')).rejects.toThrow('has no client "billing"');
    expect(await statusOf(before)).toBe(403);
    for (const name of others) expect(await statusOf(await sandbox.clientSecret(name))).toBe(200);

    await sandbox.update(attackedMesh({ clientNames: CLIENTS }));
    const added = await sandbox.clientSecret('billing');
    // A client that was disabled when it was removed comes back disabled.
    const { client } = await showClient(mesh(), 'billing');
    expect(await statusOf(added)).toBe(client.state === 'ENABLED' ? 200 : 403);
    await setClientState(mesh(), 'billing', 'ENABLED');
    expect(await statusOf(added)).toBe(200);
    expect(await statusOf(before)).toBe(403);
    memory.see(before);
    await memory.recall('billing');
    expect(await memory.assertNothingRevokedIsLetIn()).toBe(round + 1);
  }
});
