import type { X509Certificate } from 'node:crypto';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { App, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnParameter } from 'aws-cdk-lib/aws-ssm';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { CertificateAuthority, type ICertificateAuthority } from '../../lib';
import { readCertificates } from '../../pki/pem';
import { readRevocationList } from '../../pki/revocation-list-reader';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

const SERVICE_URL = 'https://mesh.example.com/schedule/events';
const DESTROY = { removalPolicy: RemovalPolicy.DESTROY };

/** An object of one of the mesh's buckets. */
async function objectText(sandbox: Sandbox, key: string): Promise<string> {
  const s3 = new S3Client(sandboxAccess(sandbox));
  const bucket = Object.values(sandbox.resources).find(
    ({ type, constructPath }) => type === 'AWS::S3::Bucket' && constructPath?.includes('/RevocationLists/'),
  );
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket?.physicalId, Key: key }));
  return (await Body?.transformToString()) ?? '';
}

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

describe('the revocation lists of a mesh with kmsSubordinate', () => {
  let sandbox: Sandbox;

  beforeAll(async () => {
    const app = assemblyWith((stack) => CertificateAuthority.kmsSubordinate(stack, 'Authority', DESTROY));
    sandbox = await Sandbox.deploy(app.synth().directory);
  });
  afterAll(() => sandbox.close());

  /** Of the issuing authority and of its root. */
  async function lists() {
    const pem = await objectText(sandbox, 'crl.pem');
    return pem.split(/(?<=-----END X509 CRL-----\n)/).map((block) => readRevocationList(block));
  }

  test('are there when the deployment ends, and each is signed by its authority', async () => {
    const [issuing, root] = await lists();
    const { certificateChain } = await sandbox.clientSecret('mail');
    const [issuingAuthority, rootAuthority] = readCertificates(certificateChain);
    issuing?.verify(issuingAuthority as X509Certificate);
    root?.verify(rootAuthority as X509Certificate);
    expect([issuing?.entries, root?.entries]).toEqual([[], []]);
    // For a day, and back-dated by an hour.
    expect((issuing?.nextUpdate.getTime() ?? 0) - (issuing?.thisUpdate.getTime() ?? 0)).toBe(25 * 3_600_000);
  });

  test('name a certificate soon after it was revoked, with the reason', async () => {
    const { serialNumber } = await sandbox.clientSecret('mail');
    await revokeAll(sandbox);
    await sandbox.advance(0);
    const [issuing] = await lists();
    expect(issuing?.entries).toEqual([expect.objectContaining({ serialNumber, reason: 'KEY_COMPROMISE' })]);
  });

  test('are published every hour, each time with a higher number', async () => {
    const [before] = await lists();
    await sandbox.advance(3_600_000);
    const [after] = await lists();
    expect(after?.number).toBeGreaterThan(before?.number ?? 0n);
    expect(after?.entries).toEqual(before?.entries);
  });
});

test('another issuing authority below the same root leaves the trust anchor as it is', async () => {
  const assembly = (...ids: readonly string[]) => {
    const app = new App();
    const stack = new Stack(app, 'KmsMesh');
    const signedBy = CertificateAuthority.kmsRoot(stack, 'Root', DESTROY);
    const [certificateAuthority, ...certificateAuthoritySuccessors] = ids.map((id) =>
      CertificateAuthority.kmsSubordinate(stack, id, { signedBy, ...DESTROY }),
    );
    const mesh = exampleMesh(stack, {
      ...(certificateAuthority && { certificateAuthority }),
      certificateAuthoritySuccessors,
    });
    addScheduleService(stack, mesh);
    mesh.addClient('mail');
    return app.synth().directory;
  };
  const sandbox = await Sandbox.deploy(assembly('Issuer2027'));
  try {
    const [first, root] = readCertificates((await sandbox.clientSecret('mail')).certificateChain);
    await sandbox.update(assembly('Issuer2027', 'Issuer2028'));
    const [second, sameRoot] = readCertificates((await sandbox.clientSecret('mail')).certificateChain);
    expect(second?.fingerprint256).not.toBe(first?.fingerprint256);
    expect(sameRoot?.fingerprint256).toBe(root?.fingerprint256);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);
  } finally {
    await sandbox.close();
  }
});

test('clients are renewed until their authority expires, with certificates that expire with it', async () => {
  const app = assemblyWith((stack) =>
    CertificateAuthority.kmsRoot(stack, 'Authority', { validity: Duration.days(8), ...DESTROY }),
  );
  const sandbox = await Sandbox.deploy(app.synth().directory);
  try {
    const { certificateChain } = await sandbox.clientSecret('mail');
    const end = new Date(readCertificates(certificateChain)[0]?.validTo ?? '');
    await sandbox.advance(7.5 * 86_400_000);
    const { notBefore, notAfter } = await sandbox.clientSecret('mail');
    expect(new Date(notAfter)).toEqual(end);
    expect(Date.parse(notAfter) - Date.parse(notBefore)).toBeLessThan(7 * 86_400_000);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);
  } finally {
    await sandbox.close();
  }
});

test('a deployment that changes the authorities and fails leaves the very certificates of before', async () => {
  const assembly = (days: number, { fails }: { readonly fails: boolean }) => {
    const app = assemblyWith((stack) => {
      const root = { validity: Duration.days(10 * days) };
      return CertificateAuthority.kmsSubordinate(stack, 'Authority', {
        validity: Duration.days(days),
        root,
        ...DESTROY,
      });
    });
    const stack = app.node.findChild('KmsMesh') as Stack;
    const last = new CfnParameter(stack, 'Last', { type: 'String', value: 'x', allowedPattern: fails ? '[0-9]' : 'x' });
    last.node.addDependency(stack.node.findChild('Mesh'));
    return app.synth().directory;
  };
  const sandbox = await Sandbox.deploy(assembly(100, { fails: false }));
  const kept = async () => {
    const ssm = new SSMClient(sandboxAccess(sandbox));
    const { Parameters = [] } = await ssm.send(
      new GetParametersByPathCommand({ Path: '/mtls-mesh/certificate-authorities' }),
    );
    return Parameters.map(({ Name, Value }) => [Name, Value]);
  };
  const certificates = () =>
    Object.values(sandbox.resources)
      .filter(({ type }) => type === 'Custom::MtlsCertificateAuthority')
      .map(({ attributes }) => attributes.Certificate);
  try {
    const before = [await kept(), certificates()];
    await expect(sandbox.update(assembly(200, { fails: true }))).rejects.toThrow('allowedPattern');
    expect([await kept(), certificates()]).toEqual(before);
    expect((await sandbox.fetch('mail', SERVICE_URL)).status).toBe(200);

    await sandbox.update(assembly(200, { fails: false }));
    for (const [index, text] of certificates().entries()) expect(text).not.toBe(before[1]?.[index]);
    await sandbox.destroy();
    expect(await kept()).toEqual([]);
  } finally {
    await sandbox.close();
  }
});

test('a general-purpose authority of ACM PCA publishes its own list, with what the mesh has revoked', async () => {
  const app = new App();
  const stack = new Stack(app, 'ListMesh');
  const revocationListBucket = new Bucket(stack, 'Lists');
  const certificateAuthority = CertificateAuthority.generalPurposeSubordinate(stack, 'Authority', {
    revocationListBucket,
    ...DESTROY,
  });
  const mesh = exampleMesh(stack, { certificateAuthority });
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  const sandbox = await Sandbox.deploy(app.synth().directory);
  try {
    const { serialNumber } = await sandbox.clientSecret('mail');
    await revokeAll(sandbox);
    await sandbox.advance(3_600_000);

    const bucket = Object.values(sandbox.resources).find(({ constructPath }) => constructPath?.includes('/Lists/'));
    const s3 = new S3Client(sandboxAccess(sandbox));
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket?.physicalId, Prefix: 'crl/' }));
    const [key = ''] = Contents.map(({ Key = '' }) => Key).filter((name) => name.endsWith('.crl'));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket?.physicalId, Key: key }));
    const list = readRevocationList((await Body?.transformToByteArray()) ?? Buffer.of());
    expect(list.entries).toEqual([expect.objectContaining({ serialNumber, reason: 'KEY_COMPROMISE' })]);
  } finally {
    await sandbox.close();
  }
});

async function revokeAll(sandbox: Sandbox): Promise<void> {
  const mesh = { ...awsMesh('mesh.example.com', sandboxAccess(sandbox)), now: () => sandbox.now };
  await revokeCertificates(mesh, 'mail', { kind: 'all' }, 'KEY_COMPROMISE');
}
