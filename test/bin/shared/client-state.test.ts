import { setClientState } from '../../../bin/shared/client-state';
import { certificateOf, clientOf, externalClientOf, MemoryMesh, NOW, OPERATOR } from './memory-mesh';

const meshOf = (changed = {}) => new MemoryMesh([clientOf('mail', changed)], [certificateOf('mail', '0A')]);

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
