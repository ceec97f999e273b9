import { App, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { CertificateAuthority, MeshIntegration, type MtlsServiceMesh, type MtlsServiceMeshProps } from '../../lib';
import {
  newFunction,
  newMesh,
  newStack,
  onlyResource,
  resourcesOf,
  resourcesOfType,
  type TemplateResource,
} from './mesh-stack';

/** A mesh with every function, secret, and log group that a mesh can have. */
function wholeMesh(stack: Stack, props: Partial<MtlsServiceMeshProps>): MtlsServiceMesh {
  const mesh = newMesh(stack, props);
  mesh.addClient('mail');
  const role = new iam.Role(stack, 'SocialApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  mesh.addClient('social', { ownKey: true }).grantRequest(role);
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') });
  mesh.addDashboard();
  return mesh;
}

const HANDLERS = ['handler', 'deployment', 'rotation', 'maintenance', 'revocation', 'request'];

/** The functions of the template by what they are for: all of the mesh, and no others. */
function functionsOf(stack: Stack): ReadonlyMap<string, TemplateResource['Properties']> {
  const functions = Object.entries(resourcesOfType(stack, 'AWS::Lambda::Function')).map(
    ([id, { Properties }]) => [id.replace(/^Mesh|Function[0-9A-F]{8}$/g, ''), Properties] as const,
  );
  expect(functions.map(([name]) => name).sort()).toEqual([
    'GatewayAuthorizer',
    'IssuerDeployment',
    'IssuerMaintenance',
    'IssuerRequest',
    'IssuerRevocation',
    'IssuerRotation',
    'TruststorePublisher',
  ]);
  const handlers = functions.map(([, { Handler }]) => String(Handler).replace('index.', ''));
  expect(new Set(handlers)).toEqual(new Set(HANDLERS));
  return new Map(functions);
}

const each = (stack: Stack, property: string) =>
  [...functionsOf(stack).values()].map((properties) => properties[property]);

function newVpc(stack: Stack, natGateways = 1): ec2.Vpc {
  return new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways });
}

test('a VPC, subnets, and security groups reach every function', () => {
  const stack = newStack();
  const vpc = newVpc(stack);
  const group = new ec2.SecurityGroup(stack, 'Functions', { vpc });
  wholeMesh(stack, { vpc, vpcSubnets: { subnets: vpc.privateSubnets.slice(0, 1) }, securityGroups: [group] });

  expect(each(stack, 'VpcConfig')).toEqual(
    Array(7).fill({
      SecurityGroupIds: [{ 'Fn::GetAtt': [expect.stringMatching(/^Functions/), 'GroupId'] }],
      SubnetIds: [{ Ref: expect.stringMatching(/^VpcPrivateSubnet1/) }],
    }),
  );
  Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp('VPC endpoints'));
});

test('every function has a security group without inbound rules unless there is another', () => {
  const stack = newStack();
  wholeMesh(stack, { vpc: newVpc(stack) });

  const groups = Object.values(resourcesOfType(stack, 'AWS::EC2::SecurityGroup')).map(({ Properties }) => Properties);
  expect(groups).toHaveLength(7);
  for (const group of groups) expect(group).not.toHaveProperty('SecurityGroupIngress');
});

test('functions in isolated subnets name the endpoints that they need', () => {
  const stack = newStack();
  wholeMesh(stack, { vpc: newVpc(stack, 0) });

  const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('VPC endpoints'));
  const needed = warnings.map(({ id, entry }) => [id, String(entry.data).match(/VPC endpoints for (.*?) \[/)?.[1]]);
  expect(Object.fromEntries(needed)).toEqual({
    '/Test/Mesh/Gateway/Authorizer': 'dynamodb',
    '/Test/Mesh/Issuer/Deployment': 'dynamodb, s3, events, secretsmanager, acm-pca',
    '/Test/Mesh/Issuer/Rotation': 'dynamodb, s3, events, secretsmanager, acm-pca',
    '/Test/Mesh/Issuer/Request': 'dynamodb, s3, events, acm-pca',
    '/Test/Mesh/Issuer/Maintenance': 'dynamodb, events, acm-pca',
    '/Test/Mesh/Issuer/Revocation': 'dynamodb, events, acm-pca',
    '/Test/Mesh/Truststore/Publisher': 'dynamodb, s3, events, cloudformation, the management API of API Gateway',
  });
});

test('the endpoints that a function needs are those of the services that its role may call', () => {
  const stack = newStack();
  wholeMesh(stack, { vpc: newVpc(stack, 0) });

  const called = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'))
    .filter(([id]) => id.startsWith('Mesh'))
    .map(([id, { Properties }]) => {
      const { Statement } = Properties['PolicyDocument'] as { Statement: { Action: string | string[] }[] };
      const services = Statement.flatMap(({ Action }) => [Action].flat()).map((action) => action.split(':')[0] ?? '');
      // Lambda itself writes logs and creates network interfaces.
      return [id, [...new Set(services)].filter((service) => !['logs', 'ec2'].includes(service)).sort()] as const;
    });
  const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('VPC endpoints'));
  for (const { id, entry } of warnings) {
    const [, list = ''] = /VPC endpoints for (.*?) \[/.exec(String(entry.data)) ?? [];
    const named = list.replace('the management API of API Gateway', 'apigateway').split(', ');
    const logicalId = id.replace('/Test', '').replaceAll('/', '');
    const [, services] = called.find(([policy]) => policy.startsWith(`${logicalId}Role`)) ?? [];
    expect({ id, named: named.sort() }).toEqual({ id, named: services });
  }
  expect(warnings).toHaveLength(7);
});

test('tracing reaches every function', () => {
  const stack = newStack();
  wholeMesh(stack, { tracing: lambda.Tracing.ACTIVE });

  expect(each(stack, 'TracingConfig')).toEqual(Array(7).fill({ Mode: 'Active' }));
});

test('reserved concurrency reaches every function, and the authorizer has its own', () => {
  const stack = newStack();
  wholeMesh(stack, { reservedConcurrentExecutions: 5, authorizerConcurrency: 100 });

  const functions = functionsOf(stack);
  expect(functions.get('GatewayAuthorizer')?.['ReservedConcurrentExecutions']).toBe(100);
  expect(each(stack, 'ReservedConcurrentExecutions').sort()).toEqual([100, 5, 5, 5, 5, 5, 5]);

  const other = newStack();
  wholeMesh(other, { reservedConcurrentExecutions: 5 });
  expect(each(other, 'ReservedConcurrentExecutions')).toEqual(Array(7).fill(5));
});

test.each([
  ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 0 }, 'got 0'],
  ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 1.5 }, 'got 1.5'],
  ['reservedConcurrentExecutions', { reservedConcurrentExecutions: Number.NaN }, 'got NaN'],
  ['authorizerConcurrency', { authorizerConcurrency: -1 }, 'got -1'],
  ['vpcSubnets', { vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } }, 'must not be set without vpc'],
  ['securityGroups', { securityGroups: [] }, 'must not be set without vpc'],
])('refuses %s of %j', (property, props, reason) => {
  expect(() => newMesh(newStack(), props)).toThrow(new RegExp(`Mesh/.*: ${property} .*${reason}`));
});

test('functions in public subnets are refused, because they have no way out', () => {
  const stack = newStack();
  const vpc = newVpc(stack);
  expect(() => newMesh(stack, { vpc, vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC } })).toThrow('public subnet');
});

test('one key encrypts the registry, the secrets, the logs, and the truststore', () => {
  const stack = newStack();
  const key = new kms.Key(stack, 'Key');
  wholeMesh(stack, { encryptionKey: key });

  const { KeyPolicy } = onlyResource(stack, 'AWS::KMS::Key').Properties;
  expect((KeyPolicy as { Statement: unknown[] }).Statement).toContainEqual(
    expect.objectContaining({ Principal: { Service: through('logs') } }),
  );
  const arn = { 'Fn::GetAtt': [expect.stringMatching(/^Key/), 'Arn'] };
  const properties = (type: string) => Object.values(resourcesOfType(stack, type)).map(({ Properties }) => Properties);
  expect(properties('AWS::Logs::LogGroup').map(({ KmsKeyId }) => KmsKeyId)).toEqual(Array(8).fill(arn));
  expect(properties('AWS::SecretsManager::Secret').map(({ KmsKeyId }) => KmsKeyId)).toEqual(Array(2).fill(arn));
  expect(properties('AWS::DynamoDB::Table').map(({ SSESpecification }) => SSESpecification)).toEqual([
    { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arn },
  ]);
  expect(properties('AWS::S3::Bucket').map(({ BucketEncryption }) => BucketEncryption)).toEqual([
    {
      ServerSideEncryptionConfiguration: [
        {
          BucketKeyEnabled: true,
          ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn },
        },
      ],
    },
  ]);
});

test.each(['Keys', 'Mesh'])(
  'with a key in the stack %s, a function of another stack is a service and reads a secret',
  (id) => {
    const app = new App();
    const meshStack = new Stack(app, 'Mesh');
    const functionStack = new Stack(app, 'Functions');
    const keyStack = id === 'Mesh' ? meshStack : new Stack(app, id);
    const schedule = newFunction(functionStack);
    const mesh = newMesh(meshStack, { encryptionKey: new kms.Key(keyStack, 'Key') });
    mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(schedule) });
    mesh.addClient('schedule').grantRead(schedule);

    const { KeyPolicy } = onlyResource(keyStack, 'AWS::KMS::Key').Properties;
    const { Statement } = KeyPolicy as { Statement: { Action: unknown; Principal: unknown; Condition?: unknown }[] };
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Action: 'kms:Decrypt',
        Principal: { AWS: { 'Fn::ImportValue': expect.stringMatching(/^Functions:.*ScheduleServiceRole/) } },
        // By the CDK, which doesn't know the suffix of China.
        Condition: {
          StringEquals: {
            'kms:ViaService': { 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
          },
        },
      }),
    );
    // Policies of the account's roles, such as those of the functions, then count.
    expect(Statement[0]).toEqual({
      Action: 'kms:*',
      Effect: 'Allow',
      Principal: {
        AWS: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':root']] },
      },
      Resource: '*',
    });
  },
);

const through = (service: string) => ({
  'Fn::Join': ['', [`${service}.`, { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
});

test('who may read a secret may use a key of another app for it', () => {
  const stack = newStack();
  const arn = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555';
  const mail = newFunction(stack, 'MailApp');
  newMesh(stack, { encryptionKey: kms.Key.fromKeyArn(stack, 'Key', arn) })
    .addClient('mail')
    .grantRead(mail);

  const policies = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'));
  const { PolicyDocument } = policies.find(([id]) => id.startsWith('MailApp'))?.[1].Properties ?? {};
  expect((PolicyDocument as { Statement: unknown[] }).Statement).toContainEqual({
    Effect: 'Allow',
    Action: 'kms:Decrypt',
    Resource: arn,
    Condition: { StringEquals: { 'kms:ViaService': through('secretsmanager') } },
  });
});

test('a client can have a key of its own', () => {
  const stack = newStack();
  const mesh = newMesh(stack, { encryptionKey: new kms.Key(stack, 'Key') });
  mesh.addClient('mail', { encryptionKey: new kms.Key(stack, 'Own') });

  expect(Object.values(resourcesOfType(stack, 'AWS::SecretsManager::Secret'))[0]?.Properties['KmsKeyId']).toEqual({
    'Fn::GetAtt': [expect.stringMatching(/^Own/), 'Arn'],
  });
});

test('a warning says once what the policy of a key of another app needs, for CloudWatch Logs', () => {
  const stack = newStack();
  const arn = 'arn:aws:kms:us-east-1:123456789012:key/11111111-2222-4333-8444-555555555555';
  wholeMesh(stack, { encryptionKey: kms.Key.fromKeyArn(stack, 'Key', arn) });

  const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('policy of the key'));
  expect(warnings.map(({ id }) => id)).toEqual(['/Test/Key']);
});

/** Types of a mesh that have no tags, or in older versions of aws-cdk-lib have none. https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html */
const WITHOUT_TAGS =
  /^(Custom::.*|AWS::CDK::Metadata|AWS::CloudWatch::Dashboard|AWS::IAM::Policy|AWS::S3::BucketPolicy|AWS::Lambda::(Permission|Url)|AWS::SecretsManager::(RotationSchedule|ResourcePolicy)|AWS::ApiGatewayV2::(ApiMapping|Authorizer|Integration|Route)|AWS::ACMPCA::(Certificate|CertificateAuthorityActivation|Permission))$/;

test('tags reach everything in a mesh that can have tags, secrets of clients included', () => {
  const stack = newStack();
  wholeMesh(stack, { tags: { team: 'platform', 'cost-center': '42' } });

  const tagged = Object.entries(resourcesOf(stack))
    .filter(([id, { Type }]) => id.startsWith('Mesh') && !WITHOUT_TAGS.test(Type))
    .map(([id, { Type, Properties }]) => {
      const { Tags } = Properties as { Tags?: { Key: string; Value: string }[] | Record<string, string> };
      const tags = Array.isArray(Tags) ? Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) : Tags;
      return { id, Type, tags };
    });
  for (const { id, Type, tags } of tagged) {
    expect({ id, Type, tags }).toEqual({ id, Type, tags: { team: 'platform', 'cost-center': '42' } });
  }
  const types = new Set(tagged.map(({ Type }) => Type));
  for (const type of [
    'AWS::SecretsManager::Secret',
    'AWS::DynamoDB::Table',
    'AWS::Lambda::Function',
    'AWS::IAM::Role',
  ]) {
    expect(types).toContain(type);
  }
});

describe('the environment of a function', () => {
  /** Subjects with the longest names that an authority can have. */
  const subject = (index: number) => ({
    commonName: `Authority ${index} `.padEnd(64, 'x'),
    organization: 'o'.repeat(64),
    organizationalUnit: 'u'.repeat(64),
    locality: 'l'.repeat(128),
    state: 's'.repeat(128),
  });

  function stackWith(authorities: number): Stack {
    const stack = newStack();
    const signedBy = CertificateAuthority.kmsRoot(stack, 'Root');
    const [certificateAuthority, ...certificateAuthoritySuccessors] = Array.from({ length: authorities }, (_, index) =>
      CertificateAuthority.kmsSubordinate(stack, `Authority${index}`, { signedBy, subject: subject(index) }),
    );
    newMesh(stack, { certificateAuthoritySuccessors, ...(certificateAuthority && { certificateAuthority }) });
    return stack;
  }

  test('has room for the longest names of a few authorities in KMS', () => {
    expect(resourcesOf(stackWith(3))).toBeDefined();
  });

  test.each([
    ['Root/Maker/Handler/Function', 'AUTHORITY_ORDERS', 'sign fewer authorities with the same root'],
    ['Mesh/RevocationLists/Publisher/Function', 'LISTING_AUTHORITIES', 'remove those whose certificates have expired'],
  ])('is refused at synthesis if that of %s is larger than Lambda allows', (path, variable, remedy) => {
    const rule =
      'the environment variables must have at most 4096 bytes together, because Lambda limits the environment';
    const refusal = new RegExp(
      `/${path}\\] ${rule} of a function to 4 KB, got about \\d+, \\d+ of them in ${variable}: .*${remedy}`,
    );
    expect(() => resourcesOf(stackWith(8))).toThrow(refusal);
  });

  test('counts what others have added to it', () => {
    const stack = newStack();
    const { issuer } = newMesh(stack);
    (issuer.rotationHandler as lambda.Function).addEnvironment('NOTE', 'x'.repeat(4_096));
    expect(() => resourcesOf(stack)).toThrow('4096 of them in NOTE: shorten it');
  });
});
