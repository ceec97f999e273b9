import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { showClient } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import type { MeshClientOptions, MtlsServiceMeshProps } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE = 'https://mesh.example.com/schedule';

/** A mesh with the default removal policy, as in production. */
function appWith(props: Partial<MtlsServiceMeshProps>, options: MeshClientOptions): App {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack, { removalPolicy: RemovalPolicy.RETAIN, ...props });
  addScheduleService(stack, mesh);
  for (const name of ['mail', 'social']) mesh.addClient(name, options);
  return app;
}

let sandbox: Sandbox;
afterEach(() => sandbox?.close());

async function statusOf(caller: Parameters<Sandbox['fetch']>[0]): Promise<number> {
  const response = await sandbox.fetch(caller, SERVICE);
  await response.body?.cancel();
  return response.status;
}

test('a mesh that was removed is deployed again with its registry and its secrets', async () => {
  const retained: MeshClientOptions = { removalPolicy: RemovalPolicy.RETAIN };
  sandbox = await Sandbox.deploy(appWith({}, retained));
  const mesh = awsMesh('mesh.example.com', sandboxAccess(sandbox));
  const before = await sandbox.clientSecret('mail');
  await setClientState(mesh, 'social', 'DISABLED');
  await sandbox.destroy();

  await expect(sandbox.update(appWith({}, { adoptSecret: true }))).rejects.toThrow(
    /Registry\/Table.*Table already exists: mtls-mesh\.mesh\.example\.com/,
  );
  await expect(sandbox.update(appWith({ adoptRegistry: true }, retained))).rejects.toThrow(
    /the secret mesh\.example\.com\/(mail|social) already exists/,
  );
  await sandbox.update(appWith({ adoptRegistry: true }, { adoptSecret: true }));

  const after = await sandbox.clientSecret('mail');
  expect(after.serialNumber).not.toBe(before.serialNumber);
  expect(await statusOf('mail')).toBe(200);
  // The new mesh has a new authority.
  await expect(statusOf(before)).rejects.toThrow('socket hang up');
  // Removing the mesh did not make anybody forget who was disabled.
  expect(await statusOf('social')).toBe(403);
  await setClientState(mesh, 'social', 'ENABLED');
  expect(await showClient(mesh, 'mail')).toMatchObject({
    certificates: expect.arrayContaining([
      expect.objectContaining({ serialNumber: before.serialNumber, status: 'REVOKED' }),
      expect.objectContaining({ serialNumber: after.serialNumber, status: 'ISSUED' }),
    ]),
  });

  // The adopted secret is rotated like any other.
  const day = 86_400_000;
  await sandbox.advance(4 * day);
  expect((await sandbox.clientSecret('mail')).serialNumber).not.toBe(after.serialNumber);
  expect(await statusOf('mail')).toBe(200);
}, 120_000);
