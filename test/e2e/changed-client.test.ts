import { X509Certificate } from 'node:crypto';
import { DescribeSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { App, Stack } from 'aws-cdk-lib';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { showClient } from '../../bin/shared/inventory';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { Sandbox } from '../../sandbox';
import { exampleMesh } from '../example-mesh';

const DOMAIN = 'mesh.example.com';
const DNS_NAME = 'mail.internal.example.com';

function appWith(dnsNames: string[]): App {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  mesh.addClient('mail', { dnsNames });
  return app;
}

let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await Sandbox.deploy(appWith([]));
  await sandbox.advance(0);
}, 60_000);
afterAll(() => sandbox?.close());

const secretId = () => String(sandbox.clients[0]?.secretId);
const rotate = async () => {
  await awsMesh(DOMAIN, sandboxAccess(sandbox)).startRotation(secretId());
  await sandbox.advance(0);
};
/** The certificate that the client reads; the registry has to know it as the current one. */
const current = async () => {
  const secret = await sandbox.clientSecret('mail');
  const known = await showClient(awsMesh(DOMAIN, sandboxAccess(sandbox)), 'mail');
  expect(known.current?.fingerprint).toBe(secret.fingerprint);
  const { VersionIdsToStages = {} } = await new SecretsManagerClient(sandboxAccess(sandbox)).send(
    new DescribeSecretCommand({ SecretId: secretId() }),
  );
  return {
    issuedBy: known.current?.issuedBy,
    names: new X509Certificate(secret.certificate).subjectAltName,
    stages: VersionIdsToStages[String(known.current?.secretVersionId)]?.sort(),
  };
};

test('a client that was rotated, then changed by a deployment, can be rotated at once, and keeps the change', async () => {
  const before = 'URI:spiffe://mesh.example.com/mail';
  const after = `${before}, DNS:${DNS_NAME}`;
  await expect(current()).resolves.toEqual({
    issuedBy: 'deployment',
    names: before,
    stages: ['AWSCURRENT', 'DEPLOYMENT'],
  });

  await rotate();
  await expect(current()).resolves.toEqual({ issuedBy: 'rotation', names: before, stages: ['AWSCURRENT'] });

  await sandbox.update(appWith([DNS_NAME]));
  await expect(current()).resolves.toEqual({
    issuedBy: 'deployment',
    names: after,
    stages: ['AWSCURRENT', 'DEPLOYMENT'],
  });

  await rotate();
  await expect(current()).resolves.toEqual({ issuedBy: 'rotation', names: after, stages: ['AWSCURRENT'] });
});
