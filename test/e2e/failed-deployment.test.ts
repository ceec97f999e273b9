import { ACMPCAClient, ListCertificateAuthoritiesCommand } from '@aws-sdk/client-acm-pca';
import { DescribeKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { App, Stack } from 'aws-cdk-lib';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

type Kind = 'shortLivedSubordinate' | 'kmsSubordinate' | 'shortLivedSubordinateOfKmsRoot';

/** A mesh with the default removal policies, and beside it what fails when all of the mesh is there. */
function assemblyWith(kind: Kind, { fails }: { readonly fails: boolean }): string {
  const app = new App();
  const stack = new Stack(app, 'FirstMesh');
  const mesh = exampleMesh(stack, {
    certificateAuthority: CertificateAuthority[kind](stack, 'Authority'),
    removalPolicy: undefined,
  });
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  const last = new CfnParameter(stack, 'Last', { type: 'String', value: 'x', allowedPattern: fails ? '[0-9]' : 'x' });
  last.node.addDependency(mesh);
  return app.synth().directory;
}

/** What costs money, and the names that the next deployment needs. */
async function leftIn(sandbox: Sandbox) {
  const access = sandboxAccess(sandbox);
  const { CertificateAuthorities = [] } = await new ACMPCAClient(access).send(
    new ListCertificateAuthoritiesCommand({}),
  );
  const kms = new KMSClient(access);
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const keys = await Promise.all(Keys.map(({ KeyId }) => kms.send(new DescribeKeyCommand({ KeyId }))));
  const path = { Path: '/mtls-mesh/', Recursive: true };
  const { Parameters = [] } = await new SSMClient(access).send(new GetParametersByPathCommand(path));
  return {
    authorities: CertificateAuthorities.filter(({ Status }) => Status !== 'DELETED').length,
    keys: keys.filter(({ KeyMetadata }) => KeyMetadata?.KeyState !== 'PendingDeletion').length,
    parameters: Parameters.map(({ Name }) => Name),
  };
}

test.each<[Kind, { readonly authorities: number; readonly keys: number }]>([
  ['shortLivedSubordinate', { authorities: 2, keys: 0 }],
  ['kmsSubordinate', { authorities: 0, keys: 2 }],
  ['shortLivedSubordinateOfKmsRoot', { authorities: 1, keys: 1 }],
])('a first deployment with %s that fails leaves nothing that costs money, and can be repeated', async (kind, made) => {
  const sandbox = await Sandbox.prepare(assemblyWith(kind, { fails: true }));
  try {
    await expect(sandbox.update(assemblyWith(kind, { fails: true }))).rejects.toThrow('allowedPattern');
    expect(await leftIn(sandbox)).toEqual({ authorities: 0, keys: 0, parameters: [] });

    await sandbox.update(assemblyWith(kind, { fails: false }));
    expect((await sandbox.fetch('mail', 'https://mesh.example.com/schedule/events')).status).toBe(200);
    await expect(sandbox.update(assemblyWith(kind, { fails: true }))).rejects.toThrow('allowedPattern');
    expect(await leftIn(sandbox)).toMatchObject(made);
    await sandbox.destroy();
    expect(await leftIn(sandbox)).toMatchObject(made);
  } finally {
    await sandbox.close();
  }
});
