import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { CertificateAuthority, type MtlsServiceMeshProps, RevocationLists, type RevocationListsProps } from '../../lib';
import { newMesh, newRegistry, newStack, resourcesOf } from './mesh-stack';

function newLists(props: Partial<RevocationListsProps> = {}) {
  const stack = newStack();
  const authority = CertificateAuthority.kmsRoot(stack, 'Authority');
  const lists = new RevocationLists(stack, 'Lists', {
    registry: newRegistry(stack),
    certificateAuthorities: [authority],
    ...props,
  });
  return { stack, lists };
}

test('a mesh has revocation lists if an authority of it has its key in KMS', () => {
  const stack = newStack();
  const mesh = newMesh(stack, {
    certificateAuthoritySuccessors: [CertificateAuthority.kmsRoot(stack, 'Authority')],
    revocationListValidity: Duration.hours(48),
  });
  expect(mesh.revocationLists?.objectKey).toBe('crl.pem');
  const variables = JSON.stringify(
    Object.values(resourcesOf(stack)).map(({ Properties }) => Properties['Environment']),
  );
  expect(variables).toContain('"REVOCATION_LISTS_HOURS":"48"');
  expect(mesh.alarms.revocationListsOverdue).toBeDefined();
});

test('a mesh without has none, and no alarm that waits for them', () => {
  const mesh = newMesh(newStack());
  expect(mesh.revocationLists).toBeUndefined();
  expect(mesh.alarms.revocationListsOverdue).toBeUndefined();
});

test('they are published every hour and after each revocation in the mesh', () => {
  const { stack } = newLists();
  const rules = Object.values(resourcesOf(stack)).filter(({ Type }) => Type === 'AWS::Events::Rule');
  expect(rules.map(({ Properties }) => Properties['ScheduleExpression'] ?? Properties['EventPattern'])).toEqual([
    'rate(1 hour)',
    {
      source: ['mtls-service-mesh'],
      'detail-type': ['Certificate Revoked'],
      detail: { trustDomain: ['mesh.example.com'] },
    },
  ]);
});

test('who may read them may use the key for that, through S3 only', () => {
  const stack = newStack();
  const lists = new RevocationLists(stack, 'Lists', {
    registry: newRegistry(stack),
    certificateAuthorities: [CertificateAuthority.kmsRoot(stack, 'Authority')],
    encryptionKey: new kms.Key(stack, 'Key'),
  });
  lists.grantRead(new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() }));
  const policy = Object.entries(resourcesOf(stack)).find(([id]) => id.startsWith('ReaderDefaultPolicy'))?.[1];
  expect(policy?.Properties['PolicyDocument']).toMatchObject({
    Statement: [
      { Action: 's3:GetObject' },
      { Action: 'kms:Decrypt', Condition: { StringEquals: { 'kms:ViaService': expect.anything() } } },
    ],
  });
});

test('only a bucket that is deleted may be emptied', () => {
  const emptied = (removalPolicy?: RemovalPolicy) =>
    JSON.stringify(resourcesOf(newLists({ ...(removalPolicy && { removalPolicy }) }).stack)).includes('DeleteObject');
  expect([emptied(), emptied(RemovalPolicy.RETAIN), emptied(RemovalPolicy.DESTROY)]).toEqual([false, false, true]);
});

test.each([Duration.hours(2), Duration.minutes(200), Duration.hours(0)])('a validity of %s is refused', (validity) => {
  expect(() => newLists({ validity })).toThrow('Test/Lists: validity must be whole hours, at least 3, got');
});

test('no authority, and one whose key is not in KMS, is refused', () => {
  expect(() => newLists({ certificateAuthorities: [] })).toThrow(
    'Test/Lists: certificateAuthorities must contain at least one authority, got none',
  );
  const stack = newStack();
  const create = () =>
    new RevocationLists(stack, 'Lists', {
      registry: newRegistry(stack),
      certificateAuthorities: [CertificateAuthority.shortLivedRoot(stack, 'Authority')],
    });
  expect(create).toThrow('certificateAuthorities must have keys in AWS KMS');
});

test('a root that signs authorities may not issue client certificates, whose revocations its own empty list would hide', () => {
  const stack = newStack();
  const root = CertificateAuthority.kmsRoot(stack, 'Root');
  newMesh(stack, { certificateAuthority: root });
  CertificateAuthority.kmsSubordinate(stack, 'Issuer', { signedBy: root });
  expect(() => resourcesOf(stack)).toThrow(
    'Test/Root: must not issue client certificates, because it signs other authorities',
  );
});

test('lists that were replaced are kept for 30 days', () => {
  const buckets = Object.values(resourcesOf(newLists().stack)).filter(({ Type }) => Type === 'AWS::S3::Bucket');
  expect(buckets.map(({ Properties }) => Properties['LifecycleConfiguration'])).toEqual([
    { Rules: [{ NoncurrentVersionExpiration: { NoncurrentDays: 30 }, Status: 'Enabled' }] },
  ]);
});

test.each(['https://crl.example.com', 'http://crl.example.com/', 'crl.example.com', 'http://crl.example.com/?x'])(
  'the address %s for lists is refused',
  (revocationListAddress) => {
    const stack = newStack();
    const certificateAuthority = CertificateAuthority.kmsRoot(stack, 'Root');
    expect(() => newMesh(stack, { certificateAuthority, revocationListAddress })).toThrow(
      'Test/Mesh/Issuer: revocationListAddress must be an http URL without a slash at its end',
    );
  },
);

test.each<[string, Partial<MtlsServiceMeshProps>]>([
  ['revocationListAddress', { revocationListAddress: 'http://crl.example.com' }],
  ['revocationListValidity', { revocationListValidity: Duration.hours(1) }],
])('%s is refused for a mesh that publishes no lists, because its authorities are in ACM PCA', (property, props) => {
  expect(() => newMesh(newStack(), props)).toThrow(
    `Test/Mesh: ${property} must not be set without an authority that has its key in AWS KMS`,
  );
});

test('only the functions that issue certificates know the address of the lists', () => {
  const stack = newStack();
  const certificateAuthority = CertificateAuthority.kmsRoot(stack, 'Root');
  newMesh(stack, { certificateAuthority, revocationListAddress: 'http://crl.example.com' });
  const functions = Object.values(resourcesOf(stack)).filter(({ Type }) => Type === 'AWS::Lambda::Function');
  const knowing = functions.filter(({ Properties }) => JSON.stringify(Properties).includes('http://crl.example.com'));
  expect(knowing.map(({ Properties }) => Properties['Handler'])).toEqual(['index.deployment', 'index.rotation']);
});
