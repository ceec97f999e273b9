import { type App, RemovalPolicies, RemovalPolicy, type Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import {
  CertificateAuthority,
  MeshRegistry,
  type MeshRegistryProps,
  Truststore,
  type TruststoreProps,
} from '../../lib';
import { dependenciesOf, newRegistry, newStack, onlyResource, resourcesOf } from './mesh-stack';

const PUBLISHED = 'Custom::MtlsTruststore';
const BUCKET = 'AWS::S3::Bucket';

function newTruststore(stack: Stack, props: Partial<TruststoreProps> = {}): Truststore {
  const authority = CertificateAuthority.shortLivedRoot(stack, 'Authority');
  return new Truststore(stack, 'Truststore', {
    certificateAuthorities: [authority],
    registry: props.registry ?? newRegistry(stack),
    ...props,
  });
}

test('the bucket is private, encrypted by S3, versioned, and answers over TLS only', () => {
  const stack = newStack();
  newTruststore(stack);

  const { logicalId, Properties } = onlyResource(stack, BUCKET);
  expect(Properties).toEqual({
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
    VersioningConfiguration: { Status: 'Enabled' },
  });
  const { PolicyDocument } = onlyResource(stack, 'AWS::S3::BucketPolicy').Properties;
  expect(PolicyDocument).toMatchObject({
    Statement: [
      {
        Effect: 'Deny',
        Principal: { AWS: '*' },
        Action: 's3:*',
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
        Resource: [
          { 'Fn::GetAtt': [logicalId, 'Arn'] },
          { 'Fn::Join': ['', [{ 'Fn::GetAtt': [logicalId, 'Arn'] }, '/*']] },
        ],
      },
    ],
  });
});

test('authorities with their chains are properties of what publishes them, so that a changed chain is a new version', () => {
  const stack = newStack();
  const roots = ['One', 'Two'].map((id) => CertificateAuthority.shortLivedRoot(stack, id));
  const truststore = newTruststore(stack, { certificateAuthorities: roots });
  const versionId = stack.resolve(truststore.versionId);
  const authorities = stack.resolve(
    roots.map((root) => ({
      CertificateAuthorityArn: root.certificateAuthorityArn,
      CertificateChain: root.certificateChain,
    })),
  );

  const { logicalId, Properties } = onlyResource(stack, PUBLISHED);
  expect(Properties).toEqual({
    ServiceToken: stack.resolve(truststore.handler.functionArn),
    ServiceTimeout: '900',
    BucketName: stack.resolve(truststore.bucket.bucketName),
    ObjectKey: truststore.objectKey,
    ClientAuthoritiesKey: 'client-ca.pem',
    CertificateAuthorities: authorities,
    RegistryDeletionPolicy: 'RetainExceptOnCreate',
    EmptyOnDelete: 'false',
  });
  expect(versionId).toEqual({ 'Fn::GetAtt': [logicalId, 'VersionId'] });
});

test('what publishes asks the registry who holds certificates, and CloudFormation about its own stack alone', () => {
  const stack = newStack();
  const registry = newRegistry(stack);
  newTruststore(stack, { registry });

  expect(onlyResource(stack, 'AWS::Lambda::Function').Properties['Environment']).toEqual({
    Variables: {
      TRUST_DOMAIN: 'mesh.example.com',
      REGISTRY_TABLE: stack.resolve(registry.table.tableName),
      STACKS: { Ref: 'AWS::StackId' },
    },
  });
  expect(onlyResource(stack, 'AWS::IAM::Policy').Properties['PolicyDocument']).toMatchObject({
    Statement: expect.arrayContaining([
      { Effect: 'Allow', Action: 'dynamodb:BatchGetItem', Resource: stack.resolve(registry.table.tableArn) },
      { Effect: 'Allow', Action: 'cloudformation:DescribeStacks', Resource: { Ref: 'AWS::StackId' } },
    ]),
  });
});

test('what publishes has its permissions from before it is called until after it is deleted', () => {
  const stack = newStack();
  newTruststore(stack);

  const { logicalId } = onlyResource(stack, PUBLISHED);
  expect(dependenciesOf(resourcesOf(stack), logicalId)).toContain(onlyResource(stack, 'AWS::IAM::Policy').logicalId);
});

test.each<[string, Partial<MeshRegistryProps>, (stack: Stack) => void, string | undefined]>([
  ['is deleted with the stack', { removalPolicy: RemovalPolicy.DESTROY }, () => undefined, 'Delete'],
  ['an aspect lets the stack delete', {}, (stack) => RemovalPolicies.of(stack).destroy(), 'Delete'],
  [
    'an aspect keeps',
    { removalPolicy: RemovalPolicy.DESTROY },
    (stack) => RemovalPolicies.of(stack).retain(),
    'Retain',
  ],
  ['is not part of the stack', { adoptRegistry: true }, (stack) => RemovalPolicies.of(stack).destroy(), undefined],
])('what publishes is told of a registry that %s', (_what, props, change, policy) => {
  const stack = newStack();
  const registry = new MeshRegistry(stack, 'Registry', { trustDomain: 'mesh.example.com', ...props });
  newTruststore(stack, { registry });
  change(stack);

  expect(onlyResource(stack, PUBLISHED).Properties['RegistryDeletionPolicy']).toBe(policy);
});

test('bucket and log are kept by default', () => {
  const stack = newStack();
  newTruststore(stack);

  expect(onlyResource(stack, BUCKET).DeletionPolicy).toBe('Retain');
  expect(onlyResource(stack, 'AWS::Logs::LogGroup')).toMatchObject({
    DeletionPolicy: 'Retain',
    Properties: { RetentionInDays: 365 },
  });
});

test('with DESTROY the bucket is emptied before it is deleted', () => {
  const stack = newStack();
  newTruststore(stack, { removalPolicy: RemovalPolicy.DESTROY });

  const bucket = onlyResource(stack, BUCKET);
  const published = onlyResource(stack, PUBLISHED);
  expect(bucket.DeletionPolicy).toBe('Delete');
  expect(published.Properties['EmptyOnDelete']).toBe('true');
  expect(dependenciesOf(resourcesOf(stack), published.logicalId)).toContain(bucket.logicalId);
  expect(onlyResource(stack, 'AWS::Logs::LogGroup').DeletionPolicy).toBe('Delete');
});

test.each<[string, Partial<TruststoreProps>, (stack: Stack) => void, number]>([
  ['is told of a bucket that an aspect deletes', {}, (stack) => RemovalPolicies.of(stack).destroy(), 1],
  ['is told nothing of a bucket that is emptied', { removalPolicy: RemovalPolicy.DESTROY }, () => undefined, 0],
  ['is told nothing of a bucket that is kept', {}, () => undefined, 0],
])('who synthesizes %s', (_what, props, change, warnings) => {
  const stack = newStack();
  newTruststore(stack, props);
  change(stack);

  const { messages } = (stack.node.root as App).synth().getStackArtifact(stack.artifactId);
  const found = messages.filter(({ entry }) => String(entry.data).includes('nothing empties it before'));
  expect(found.map(({ id, level }) => [id, level])).toEqual(
    Array.from({ length: warnings }, () => ['/Test/Truststore/Bucket', 'warning']),
  );
});

test.each([RemovalPolicy.RETAIN, RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE])(
  'with %s nothing in the bucket is deleted',
  (removalPolicy) => {
    const stack = newStack();
    newTruststore(stack, { removalPolicy });

    expect(onlyResource(stack, PUBLISHED).Properties['EmptyOnDelete']).toBe('false');
  },
);

test('synthesis refuses a truststore that would trust nobody', () => {
  expect(() => newTruststore(newStack(), { certificateAuthorities: [] })).toThrow(
    'Test/Truststore: certificateAuthorities must contain at least one authority, got none',
  );
});

test('a server outside the gateway may read the own authorities of the mesh, and nothing else', () => {
  const stack = newStack();
  const encryptionKey = new Key(stack, 'Key');
  const truststore = newTruststore(stack, { encryptionKey });
  const server = new Role(stack, 'Server', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  truststore.grantReadClientAuthorities(server).assertSuccess();

  const policy = Object.entries(resourcesOf(stack)).find(([logicalId]) =>
    logicalId.startsWith('ServerDefaultPolicy'),
  )?.[1];
  const bucket = { 'Fn::GetAtt': [onlyResource(stack, BUCKET).logicalId, 'Arn'] };
  expect(policy?.Properties['PolicyDocument']).toEqual({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 's3:GetObject', Resource: { 'Fn::Join': ['', [bucket, '/client-ca.pem']] } },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: stack.resolve(encryptionKey.keyArn),
        Condition: {
          StringEquals: {
            'kms:ViaService': { 'Fn::Join': ['', ['s3.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] },
          },
        },
      },
    ],
  });
  expect(stack.resolve(truststore.clientAuthoritiesUrl)).toEqual({
    'Fn::Join': ['', ['s3://', { Ref: onlyResource(stack, BUCKET).logicalId }, '/client-ca.pem']],
  });
});
