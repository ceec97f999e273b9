import { setClientState } from '../../../bin/operator/client-state';
import { rotate } from '../../../bin/operator/rotate';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW, OPERATOR } from './memory-mesh';

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

    const current = await rotate(mesh, 'mail', { deadline: 5_000, backoff: BACKOFF });

    expect(current).toMatchObject({ serialNumber: '0B', currentSince: NOW.toISOString() });
    expect(mesh.rotated).toEqual([clientOf('mail').secretId]);
  });

  test('that does not end in time is no error: Secrets Manager tries it again', async () => {
    expect(await rotate(meshOf(), 'mail', SHORT)).toBeUndefined();
  });

  test('of a disabled client is refused before it begins', async () => {
    const mesh = meshOf({ state: 'DISABLED' });
    await expect(rotate(mesh, 'mail', SHORT)).rejects.toThrow(
      'the client mail is disabled, and disabled clients are not rotated: enable it first',
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of a client that keeps its own key is refused, as nobody else can make it another', async () => {
    const mesh = meshOf({ secretId: undefined });
    await expect(rotate(mesh, 'mail', SHORT)).rejects.toThrow(
      'the client mail keeps its own key, which nobody else can rotate: it renews with `mtls-mesh request`',
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of a client with certificates of another authority is refused with what to do instead', async () => {
    const mesh = new MemoryMesh([externalClientOf('billing')], []);
    await expect(rotate(mesh, 'billing', SHORT)).rejects.toThrow(
      'the certificates of billing come from the trust anchor partner and not from the mesh: ' +
        'disable the client to refuse it, or have that authority revoke and issue',
    );
    expect(mesh.rotated).toEqual([]);
  });

  test('of an unknown client is refused with those there are', async () => {
    await expect(rotate(meshOf(), 'malory', SHORT)).rejects.toThrow('has no client "malory"; it has mail');
  });
});

describe('disabling a client', () => {
  test('is recorded with who did it and when', async () => {
    const mesh = meshOf();
    expect(await setClientState(mesh, 'mail', 'DISABLED')).toMatchObject({ changed: true });
    expect(mesh.registry.clients.get('mail')).toMatchObject({
      state: 'DISABLED',
      updatedAt: NOW.toISOString(),
      updatedBy: OPERATOR,
    });
  });

  test('a second time changes nothing, also not who did it', async () => {
    const mesh = meshOf({ state: 'DISABLED', updatedBy: 'somebody' });
    expect(await setClientState(mesh, 'mail', 'DISABLED')).toMatchObject({ changed: false });
    expect(mesh.registry.clients.get('mail')).toMatchObject({ state: 'DISABLED', updatedBy: 'somebody' });
    expect(mesh.steps).toEqual([]);
  });

  test('cuts off one whose certificates come from another authority as well', async () => {
    const mesh = new MemoryMesh([externalClientOf('billing')], []);
    expect(await setClientState(mesh, 'billing', 'DISABLED')).toMatchObject({ changed: true });
    expect(mesh.registry.externalClients.get('billing')).toMatchObject({
      state: 'DISABLED',
      trustAnchor: 'partner',
      updatedBy: OPERATOR,
    });
  });

  test('is ended by enabling it', async () => {
    const mesh = meshOf({ state: 'DISABLED' });
    expect(await setClientState(mesh, 'mail', 'ENABLED')).toMatchObject({
      changed: true,
      client: { state: 'ENABLED' },
    });
  });
});
