import { App, Stack } from 'aws-cdk-lib';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { showClient } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MeshClient } from '../../lib';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

const DOMAIN = 'mesh.example.com';

/** A client without a secret, whose name would otherwise be in the way of a second construct for the same client. */
function appWith(constructIds: string[]): App {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const { issuer } = exampleMesh(stack);
  for (const id of constructIds) new MeshClient(stack, id, { clientName: 'mail', issuer, ownKey: true });
  return app;
}

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(appWith(['Before']));
}, 60_000);
afterAll(() => sandbox?.close());

const mail = () => showClient(awsMesh(DOMAIN, sandboxAccess(sandbox)), 'mail');

test('a client whose construct is renamed is not cut off: that deployment fails, and is rolled back', async () => {
  await expect(sandbox.update(appWith(['After']))).rejects.toThrow(
    /client mail is already declared by the resource \S+ Before\w+/,
  );
  await expect(mail()).resolves.toMatchObject({ client: { state: 'ENABLED' } });
});

test('its name is free for another construct once the first is gone', async () => {
  await sandbox.update(appWith([]));
  await sandbox.update(appWith(['After']));

  await expect(mail()).resolves.toMatchObject({ client: { state: 'ENABLED' } });
});
