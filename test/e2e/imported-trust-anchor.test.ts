import { App, CustomResource, Stack } from 'aws-cdk-lib';
import type { TlsCredentials } from '../../client';
import { ExternalIdentity, type ImportedMesh, MtlsServiceMesh, TrustAnchorSource } from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { testWith } from '../programs';
import { PartnerAuthority } from './partner-authority';

const DOMAIN = 'mesh.example.com';

/** The authorities of partners are made by openssl. */
const test = testWith('openssl');

jest.setTimeout(120_000);

/** A mesh whose platform team has named one trust anchor, and a team that knows only names. */
function appOf(pem: string, addClients: (mesh: ImportedMesh, stack: Stack) => void): App {
  const app = new App();
  const platform = new Stack(app, 'Platform');
  const mesh = exampleMesh(platform);
  addScheduleService(platform, mesh);
  mesh.allowStack('team-*');
  mesh.allowTrustAnchor(mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(pem)));
  const team = new Stack(app, 'team-billing');
  team.addStackDependency(platform);
  addClients(MtlsServiceMesh.fromMeshName(team, 'Mesh', DOMAIN), team);
  return app;
}

const call = async (sandbox: Sandbox, credentials: TlsCredentials) => {
  const response = await sandbox.fetch(credentials, `https://${DOMAIN}/schedule/events`);
  return [response.status, await response.text()];
};

test('a team adds a client of a trust anchor that the platform team named, and no trust anchor of its own', async () => {
  const [partner, own] = [new PartnerAuthority('Partner'), new PartnerAuthority('Team')];
  const properties = (SpiffeId: string, TrustAnchor: object) => ({
    SpiffeId,
    TrustAnchorName: 'own',
    TrustAnchor,
    IdentityKind: 'SUBJECT',
    IdentityValue: 'CN=own',
  });
  const app = appOf(partner.chain, (mesh, stack) => {
    const identity = ExternalIdentity.subject('CN=billing');
    mesh.addExternalClient('billing', { trustAnchor: mesh.trustAnchor('partner'), identity });
    new CustomResource(stack, 'Own', {
      resourceType: 'Custom::MtlsExternalClient',
      serviceToken: mesh.issuer.deploymentHandler.functionArn,
      properties: properties(`spiffe://${DOMAIN}/own`, { Pem: own.chain }),
    });
  });
  const sandbox = await Sandbox.deploy(app);
  try {
    expect(await call(sandbox, partner.issue({ subject: '/CN=billing' }))).toEqual([200, 'billing']);
    expect(await call(sandbox, partner.issue({ subject: '/CN=unknown' }))).toEqual([403, expect.anything()]);
    // The registry knows it, but the truststore, which the platform team alone publishes, doesn't.
    await expect(call(sandbox, own.issue({ subject: '/CN=own' }))).rejects.toThrow();
  } finally {
    await sandbox.close();
  }
});

test('a trust anchor that the platform team has not named is unknown', async () => {
  const partner = new PartnerAuthority('Partner');
  const app = appOf(partner.chain, (mesh) => {
    const identity = ExternalIdentity.subject('CN=billing');
    mesh.addExternalClient('billing', { trustAnchor: mesh.trustAnchor('other'), identity });
  });
  await expect(Sandbox.deploy(app)).rejects.toThrow('/mtls-mesh/mesh.example.com/trust-anchors/other');
});
