import { X509Certificate } from 'node:crypto';
import { App, type CfnResource, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CertificateAuthority,
  type CertificateAuthorityProps,
  KeyAlgorithm,
  MeshClient,
  type MtlsServiceMesh,
  SigningAlgorithm,
} from '../../lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';
const WEEK = 7 * 86_400_000;

let sandbox: Sandbox | undefined;

afterEach(async () => {
  await sandbox?.close();
  sandbox = undefined;
});

/** The directory of a mesh with authorities in KMS, by their IDs, the last of which issues. */
function assemblyWith(
  authorities: Readonly<Record<string, CertificateAuthorityProps>>,
  addClients: (mesh: MtlsServiceMesh, app: App) => void = (mesh) => void mesh.addClient('mail'),
): string {
  const app = new App();
  const stack = new Stack(app, 'KmsMesh');
  const [certificateAuthority, ...certificateAuthoritySuccessors] = Object.entries(authorities).map(([id, props]) =>
    CertificateAuthority.kmsRoot(stack, id, { removalPolicy: RemovalPolicy.DESTROY, ...props }),
  );
  const mesh = exampleMesh(stack, {
    ...(certificateAuthority && { certificateAuthority }),
    certificateAuthoritySuccessors,
  });
  addScheduleService(stack, mesh);
  addClients(mesh, app);
  return app.synth().directory;
}

async function statusOf(deployed: Sandbox, client: string): Promise<number> {
  return (await deployed.fetch(client, SERVICE_URL)).status;
}

describe('another signing algorithm of an RSA key', () => {
  const keyAlgorithm = KeyAlgorithm.RSA_2048;
  const { SHA256WITHRSA, SHA512WITHRSA } = SigningAlgorithm;

  /** `mail` is in the stack of the mesh, and `social` in another one, which may not be deployed yet with the new algorithm. */
  function assembly(signingAlgorithm: SigningAlgorithm, ofSocial = signingAlgorithm): string {
    return assemblyWith({ Authority: { keyAlgorithm, signingAlgorithm } }, (mesh, app) => {
      mesh.addClient('mail');
      const social = new Stack(app, 'Social');
      const client = new MeshClient(social, 'Client', { clientName: 'social', issuer: mesh.issuer });
      const resource = client.node
        .findAll()
        .find((one) => one.node.path.endsWith('Certificate/Default')) as CfnResource;
      resource.addPropertyOverride('SigningAlgorithm', ofSocial);
    });
  }

  /** Whether the certificate of the client is signed with SHA-512: it names `sha512WithRSAEncryption` (RFC 8017, appendix A). */
  async function isChanged(deployed: Sandbox, client: string): Promise<boolean> {
    const { raw } = new X509Certificate((await deployed.clientSecret(client)).certificate);
    return raw.includes(Buffer.from('2a864886f70d01010d', 'hex'));
  }

  async function clientsOf(deployed: Sandbox) {
    const clients = ['mail', 'social'];
    return Promise.all(
      clients.map(async (client) => [client, await statusOf(deployed, client), await isChanged(deployed, client)]),
    );
  }

  test('lets clients call and rotate before and after the stack of theirs has it', async () => {
    sandbox = await Sandbox.deploy(assembly(SHA256WITHRSA));
    await sandbox.update(assembly(SHA512WITHRSA, SHA256WITHRSA));
    const { serialNumber } = await sandbox.clientSecret('social');
    await sandbox.advance(WEEK / 2);
    expect((await sandbox.clientSecret('social')).serialNumber).not.toBe(serialNumber);
    expect(await clientsOf(sandbox)).toEqual([
      ['mail', 200, true],
      ['social', 200, false],
    ]);

    await sandbox.update(assembly(SHA512WITHRSA));
    await sandbox.advance(WEEK / 2);
    expect(await clientsOf(sandbox)).toEqual([
      ['mail', 200, true],
      ['social', 200, true],
    ]);
  });
});

describe('another key algorithm', () => {
  const rsa = { keyAlgorithm: KeyAlgorithm.RSA_2048 };

  test('of an authority in use is refused with what to do, and nobody is refused meanwhile', async () => {
    sandbox = await Sandbox.deploy(assemblyWith({ Authority: {} }));
    const before = await sandbox.clientSecret('mail');
    await expect(sandbox.update(assemblyWith({ Authority: rsa }))).rejects.toThrow(
      /certificate authority arn:aws:kms:\S+ can't be removed from the truststore while mail may use its certificates, .*: keep it in the mesh until then/,
    );
    expect(await sandbox.clientSecret('mail')).toEqual(before);
    expect(await statusOf(sandbox, 'mail')).toBe(200);
  });

  test('is that of a successor with another ID', async () => {
    sandbox = await Sandbox.deploy(assemblyWith({ Authority2026: {} }));
    await sandbox.update(assemblyWith({ Authority2026: {}, Authority2027: rsa }));
    expect(await statusOf(sandbox, 'mail')).toBe(200);
    await sandbox.advance(WEEK);
    await sandbox.update(assemblyWith({ Authority2027: rsa }));
    expect(await statusOf(sandbox, 'mail')).toBe(200);
    expect(Object.values(sandbox.resources).filter(({ type }) => type === 'AWS::KMS::Key')).toHaveLength(1);
  });
});
