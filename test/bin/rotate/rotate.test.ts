import { rotateClient } from '../../../bin/rotate/rotate';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW } from '../shared/memory-mesh';

const BACKOFF = { first: 1, longest: 5 };
const SHORT = { deadline: 30, backoff: BACKOFF };

const meshOf = (changed = {}) => new MemoryMesh([clientOf('mail', changed)], [certificateOf('mail', '0A')]);

describe('a rotation', () => {
  test('is waited for until the certificate of its secret version is current', async () => {
    const mesh = meshOf();
    const pending = certificateOf('mail', '0B', { secretVersionId: 'version-new', currentSince: undefined });
    mesh.onRotate = () => {
      mesh.registry.certificates.set(pending.fingerprint, pending);
      const current = { ...pending, currentSince: NOW.toISOString() };
      setTimeout(() => mesh.registry.certificates.set(pending.fingerprint, current), 10);
    };

    const current = await rotateClient(mesh, 'mail', { deadline: 5_000, backoff: BACKOFF });

    expect(current).toMatchObject({ serialNumber: '0B', currentSince: NOW.toISOString() });
    expect(mesh.rotated).toEqual([clientOf('mail').secretId]);
  });

  test('that does not end in time is no error: Secrets Manager tries it again', async () => {
    expect(await rotateClient(meshOf(), 'mail', SHORT)).toBeUndefined();
  });

  test('that fails ends with the reason', async () => {
    const earlier = { rotationFailedAt: '2026-11-21T00:00:00.000Z', rotationFailure: 'an earlier reason' };
    const mesh = meshOf(earlier);
    const failure = { rotationFailedAt: NOW.toISOString(), rotationFailure: 'the authority is disabled' };
    mesh.onRotate = () => {
      setTimeout(() => mesh.registry.markRotationFailed('mail', failure), 10);
    };

    await expect(rotateClient(mesh, 'mail', { deadline: 5_000, backoff: BACKOFF })).rejects.toThrow(
      'the rotation of mail failed: the authority is disabled; remove the cause, and run `mtls-mesh rotate mail` again',
    );
  });

  test('that Secrets Manager starts again is waited for as well, until another certificate is current', async () => {
    const mesh = meshOf();
    mesh.startRotation = async () => {
      const repeated = certificateOf('mail', '0B', { currentSince: NOW.toISOString() });
      setTimeout(() => mesh.registry.certificates.set(repeated.fingerprint, repeated), 10);
      return undefined;
    };

    const current = await rotateClient(mesh, 'mail', { deadline: 5_000, backoff: BACKOFF });

    expect(current).toMatchObject({ serialNumber: '0B', currentSince: NOW.toISOString() });
  });

  test('of a disabled client is refused before it begins', async () => {
    const mesh = meshOf({ state: 'DISABLED' });
    await expect(rotateClient(mesh, 'mail', SHORT)).rejects.toThrow(
      'the client mail is disabled and is not rotated: enable it first',
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of a client in another account is refused with what to do there', async () => {
    const secretId = 'arn:aws:secretsmanager:us-east-1:222222222222:secret:mesh.example.com/mail-AbCdEf';
    const mesh = meshOf({ secretId });
    await expect(rotateClient(mesh, 'mail', SHORT)).rejects.toThrow(
      'the secret of mail is in the account 222222222222, and only that account can rotate it: ' +
        `run \`aws secretsmanager rotate-secret --secret-id ${secretId}\` there`,
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of a client that keeps its own key is refused, as nobody else can make it another', async () => {
    const mesh = meshOf({ secretId: undefined });
    await expect(rotateClient(mesh, 'mail', SHORT)).rejects.toThrow(
      'the client mail keeps its own key: run `mtls-mesh request` where the client runs',
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of a client with certificates of another authority is refused with what to do instead', async () => {
    const mesh = new MemoryMesh([externalClientOf('billing')], []);
    await expect(rotateClient(mesh, 'billing', SHORT)).rejects.toThrow(
      'the trust anchor partner issues the certificates of billing, not the mesh: ' +
        "disable the client to refuse it, or ask the trust anchor's authority to revoke or issue certificates",
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of an unknown client is refused with those there are', async () => {
    await expect(rotateClient(meshOf(), 'malory', SHORT)).rejects.toThrow(
      'has no client "malory": its clients are mail',
    );
  });
});
