import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PublishedTrust } from '../../../bin/up/published-trust';
import { CertificateAuthority } from '../../../lib';
import { TRUSTSTORE_RESOURCE_TYPE, type TruststoreProperties } from '../../../mesh/custom-resources';
import { Sandbox } from '../../../sandbox';
import { createSecret } from '../../client/secrets';
import { exampleMesh } from '../../example-mesh';
import { createRoot } from '../../pki/authorities';
import { synthesizeExample } from '../shared/example-assembly';

let directory: string;
let sandbox: Sandbox;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'published-trust-'));
  synthesizeExample(directory);
  sandbox = await Sandbox.deploy(directory);
}, 60_000);
afterAll(async () => {
  await sandbox?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function publish(pem: string): Promise<void> {
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment();
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const client = new S3Client({ endpoint: sandbox.endpoint, region, credentials, forcePathStyle: true });
  for (const { type, properties } of Object.values(sandbox.resources)) {
    if (type !== TRUSTSTORE_RESOURCE_TYPE) continue;
    const { BucketName, ClientAuthoritiesKey } = properties as unknown as TruststoreProperties;
    await client.send(new PutObjectCommand({ Bucket: BucketName, Key: ClientAuthoritiesKey, Body: pem }));
  }
  client.destroy();
}

test('a mesh with authorities in KMS publishes revocation lists as well', async () => {
  const app = new App();
  const stack = new Stack(app, 'Listed');
  const certificateAuthority = CertificateAuthority.kmsRoot(stack, 'Authority', {
    removalPolicy: RemovalPolicy.DESTROY,
  });
  exampleMesh(stack, { certificateAuthority }).addClient('mail');
  const listed = await Sandbox.deploy(app);
  try {
    const published = new PublishedTrust();
    await published.read(listed);
    expect(published.urlsOf(await listed.clientSecret('mail'))).toEqual({
      clientAuthoritiesUrl: expect.stringMatching(/\/client-ca\.pem$/),
      revocationListsUrl: expect.stringMatching(/^s3:\/\/[a-z0-9.-]+\/crl\.pem$/),
    });
  } finally {
    await listed.close();
  }
}, 60_000);

test('those of the client are what its mesh publishes, also while an authority is being replaced', async () => {
  const published = new PublishedTrust();
  const secret = await sandbox.clientSecret('mail');
  expect(published.authoritiesOf(secret)).toBeUndefined();
  await published.read(sandbox);
  const first = published.authoritiesOf(secret) ?? '';
  expect(first).toContain('BEGIN CERTIFICATE');
  expect(published.urlsOf(secret)).toEqual({
    clientAuthoritiesUrl: expect.stringMatching(/^s3:\/\/[a-z0-9.-]+\/client-ca\.pem$/),
  });

  const successor = await createRoot('Successor');
  await publish(`# the next\n${successor.pem}\n${first}`);
  await published.read(sandbox);
  const both = published.authoritiesOf(secret) ?? '';
  expect(both.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
  expect(both).toContain(first);

  await publish('garbage');
  await published.read(sandbox);
  expect(published.authoritiesOf(secret)).toBe(both);
  expect(published.authoritiesOf(await createSecret(await createRoot('Of another mesh')))).toBeUndefined();
});
