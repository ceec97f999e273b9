import { RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { MeshRegistry } from '../../lib';
import { newRegistry, newStack, onlyResource, resourcesOfType } from './mesh-stack';

const TABLE = 'AWS::DynamoDB::Table';

test('the table is encrypted, can be restored to any point in time, and forgets what has long expired', () => {
  const stack = newStack();
  newRegistry(stack);

  expect(onlyResource(stack, TABLE).Properties).toEqual({
    TableName: 'mtls-mesh.mesh.example.com',
    KeySchema: [
      { AttributeName: 'partitionKey', KeyType: 'HASH' },
      { AttributeName: 'sortKey', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: ['partitionKey', 'sortKey', 'due', 'dueAt', 'certificateAuthorityArn', 'notAfter'].map(
      (AttributeName) => ({ AttributeName, AttributeType: 'S' }),
    ),
    GlobalSecondaryIndexes: [
      {
        IndexName: 'Agenda',
        KeySchema: [
          { AttributeName: 'due', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
      {
        IndexName: 'CertificateAuthority',
        KeySchema: [
          { AttributeName: 'certificateAuthorityArn', KeyType: 'HASH' },
          { AttributeName: 'notAfter', KeyType: 'RANGE' },
        ],
        Projection: {
          ProjectionType: 'INCLUDE',
          NonKeyAttributes: ['spiffeId', 'status', 'notBefore', 'refuseAfter', 'authoritiesNotAfter'],
        },
      },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    SSESpecification: { SSEEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
});

test('the table is kept, unless the deployment that makes it fails', () => {
  const stack = newStack();
  newRegistry(stack);

  expect(onlyResource(stack, TABLE)).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    UpdateReplacePolicy: 'Retain',
  });
});

test('a table that is protected from deletion is kept in any case, because a rollback could not delete it', () => {
  const stack = newStack();
  new MeshRegistry(stack, 'Registry', { trustDomain: 'mesh.example.com', deletionProtection: true });

  expect(onlyResource(stack, TABLE)).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
});

test('the table can be protected from deletion, or go with the stack', () => {
  const stack = newStack();
  new MeshRegistry(stack, 'Registry', {
    trustDomain: 'mesh.example.com',
    deletionProtection: true,
    removalPolicy: RemovalPolicy.DESTROY,
  });

  expect(onlyResource(stack, TABLE)).toMatchObject({
    DeletionPolicy: 'Delete',
    Properties: { DeletionProtectionEnabled: true },
  });
});

test.each<[string, (registry: MeshRegistry, grantee: iam.IGrantable) => iam.Grant, string | string[], ...string[]]>([
  [
    'who decides on requests finds items by their keys',
    (registry, grantee) => registry.grantLookup(grantee),
    'dynamodb:BatchGetItem',
  ],
  [
    'who publishes the truststore finds the certificates of an authority, and their clients',
    (registry, grantee) => registry.grantSurvey(grantee),
    'dynamodb:BatchGetItem',
    'CertificateAuthority',
  ],
  [
    'who registers clients adds, changes, and deletes items',
    (registry, grantee) => registry.grantRegister(grantee),
    ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
  ],
  [
    'who issues certificates adds and changes items',
    (registry, grantee) => registry.grantRecord(grantee),
    ['dynamodb:GetItem', 'dynamodb:Query', 'dynamodb:PutItem', 'dynamodb:UpdateItem'],
  ],
  [
    'who looks after certificates finds what is due and changes items',
    (registry, grantee) => registry.grantMaintain(grantee),
    ['dynamodb:BatchGetItem', 'dynamodb:UpdateItem'],
    'Agenda',
    'CertificateAuthority',
  ],
  [
    'who revokes finds the certificates of a client and changes items',
    (registry, grantee) => registry.grantRevoke(grantee),
    ['dynamodb:Query', 'dynamodb:UpdateItem'],
  ],
])('%s, in this table alone', (_rule, grant, actions, ...indexes) => {
  const stack = newStack();
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
  const registry = newRegistry(stack);
  grant(registry, role);

  const arn = stack.resolve(registry.table.tableArn);
  const queries = indexes.map((name) => ({
    Effect: 'Allow',
    Action: 'dynamodb:Query',
    Resource: { 'Fn::Join': ['', [arn, `/index/${name}`]] },
  }));
  expect(onlyResource(stack, 'AWS::IAM::Policy').Properties['PolicyDocument']).toMatchObject({
    Statement: [{ Effect: 'Allow', Action: actions, Resource: arn }, ...queries],
  });
});

test('who operates can neither add nor delete, and change nothing but the state of a client', () => {
  const stack = newStack();
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.AccountRootPrincipal() });
  newRegistry(stack).grantOperate(role);

  const { Statement } = onlyResource(stack, 'AWS::IAM::Policy').Properties['PolicyDocument'] as {
    Statement: { Action: string; Condition?: Record<string, Record<string, string[]>> }[];
  };
  expect(Statement.map(({ Action }) => Action)).toEqual([
    ['dynamodb:BatchGetItem', 'dynamodb:Query'],
    'dynamodb:Query',
    'dynamodb:UpdateItem',
  ]);
  const attributes = Statement[2]?.Condition?.['ForAllValues:StringEquals']?.['dynamodb:Attributes'];
  expect(attributes).toEqual(['partitionKey', 'sortKey', 'state', 'updatedAt', 'updatedBy']);
});

test('an adopted table is not part of the stack', () => {
  const stack = newStack();
  const registry = new MeshRegistry(stack, 'Registry', { trustDomain: 'mesh.example.com', adoptRegistry: true });

  expect(resourcesOfType(stack, TABLE)).toEqual({});
  expect(registry.table.tableName).toBe('mtls-mesh.mesh.example.com');
});

describe('synthesis refuses', () => {
  test.each([
    '',
    '*',
    'spiffe://example.com',
    'Example.com',
    'example.com/other',
    'example.com\n',
    'a b',
    'exämple.com',
  ])('the trust domain %j', (trustDomain) => {
    expect(() => newRegistry(newStack(), trustDomain)).toThrow(
      'Test/Registry: trustDomain must have only lower-case letters, digits, dots, hyphens and underscores, got ' +
        JSON.stringify(trustDomain),
    );
  });

  test('a trust domain of more than 255 characters', () => {
    expect(() => newRegistry(newStack(), 'a'.repeat(256))).toThrow(
      'Test/Registry: trustDomain must have at most 255 characters',
    );
  });

  test('a trust domain for which a table name has no room', () => {
    expect(() => newRegistry(newStack(), `${'a'.repeat(242)}.com`)).toThrow(
      'Test/Registry: tableName must have at most 255 characters',
    );
  });
});
