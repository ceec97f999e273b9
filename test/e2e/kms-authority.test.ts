import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { CertificateAuthority, type ICertificateAuthority } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';
const DESTROY = { removalPolicy: RemovalPolicy.DESTROY };

type Kind = 'kmsRoot' | 'kmsSubordinate' | 'shortLivedSubordinateOfKmsRoot';

function assemblyWith(authorityIn: (stack: Stack) => ICertificateAuthority): App {
  const app = new App();
  const stack = new Stack(app, 'KmsMesh');
  const mesh = exampleMesh(stack, { certificateAuthority: authorityIn(stack) });
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  return app;
}

describe.each([
  ['kmsRoot', 1],
  ['kmsSubordinate', 2],
  ['shortLivedSubordinateOfKmsRoot', 2],
] satisfies [Kind, number][])('a mesh with %s', (kind, authorities) => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    const app = assemblyWith((stack) => CertificateAuthority[kind](stack, 'Authority', DESTROY));
    sandbox = await Sandbox.deploy(app.synth().directory);
  });
  afterAll(() => sandbox.close());

  test('lets its clients call', async () => {
    const response = await sandbox.fetch('mail', SERVICE_URL);
    expect([response.status, await response.text()]).toEqual([200, 'mail']);
  });

  test('gives clients the chain up to the root', async () => {
    const { certificateChain } = await sandbox.clientSecret('mail');
    expect(certificateChain.split('BEGIN CERTIFICATE').length - 1).toBe(authorities);
  });

  test('rotates', async () => {
    const { serialNumber } = await sandbox.clientSecret('mail');
    await sandbox.advance(4 * 86_400_000);
    const rotated = await sandbox.clientSecret('mail');
    expect(rotated.serialNumber).not.toBe(serialNumber);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);
  });
});
