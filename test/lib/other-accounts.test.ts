import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import {
  ExternalIdentity,
  type ImportedMesh,
  MtlsServiceMesh as Mesh,
  MeshIntegration,
  type MtlsServiceMesh,
  type MtlsServiceMeshAttributes,
  SigningAlgorithm,
} from '../../lib';
import { newFunction, newMesh, resourcesOf, resourcesOfType } from './mesh-stack';

const MESH_ACCOUNT = '111111111111';
const TEAM = '222222222222';
const ENV = { region: 'eu-central-1' };
const STACKS = `arn:aws:cloudformation:eu-central-1:${TEAM}:stack`;
const LAMBDA = `arn:aws:lambda:eu-central-1:${MESH_ACCOUNT}:function`;
const ROLES = `arn:aws:iam::${MESH_ACCOUNT}:role`;

const ATTRIBUTES: MtlsServiceMeshAttributes = {
  trustDomain: 'mesh.example.com',
  domainName: 'mesh.example.com',
  apiId: 'a1b2c3',
  authorizerId: 'd4e5f6',
  deploymentFunctionArn: `${LAMBDA}:deployment`,
  rotationFunctionArn: `${LAMBDA}:rotation`,
  requestFunctionArn: `${LAMBDA}:request`,
  requestUrl: 'https://abc.lambda-url.eu-central-1.on.aws/',
  certificateAuthorityArn: `arn:aws:acm-pca:eu-central-1:${MESH_ACCOUNT}:certificate-authority/1`,
  signingAlgorithm: SigningAlgorithm.SHA256WITHECDSA,
  issuerRoleArns: [`${ROLES}/deployment`, `${ROLES}/rotation`],
};

describe('a mesh that stacks of other accounts may import', () => {
  const meshIn = (env: object = { ...ENV, account: MESH_ACCOUNT }): MtlsServiceMesh =>
    newMesh(new Stack(new App(), 'Platform', { env }));

  test('has what they need for each account, whatever the number of stacks', () => {
    const mesh = meshIn();
    mesh.allowStack(`${STACKS}/mail/*`);
    const stack = Stack.of(mesh);
    const before = new Set(Object.keys(resourcesOf(newOther(`${STACKS}/mail/*`))));
    const after = Object.keys(resourcesOf(newOther(`${STACKS}/mail/*`, `${STACKS}/team-*/*`)));
    expect(after.filter((id) => !before.has(id))).toEqual([]);

    const template = Template.fromStack(stack);
    const alias = Object.values(template.findResources('AWS::Lambda::Alias'));
    expect(alias.map(({ Properties }) => Properties)).toEqual([
      expect.objectContaining({ Name: `account-${TEAM}`, FunctionVersion: '$LATEST' }),
    ]);
    const [output] = Object.values(
      template.findOutputs('*', {
        Description: 'What stacks of other accounts need to know of the mesh mesh.example.com',
      }),
    );
    expect(JSON.stringify(output)).toContain('issuerRoleArns');
  });

  function newOther(...patterns: string[]): Stack {
    const mesh = meshIn();
    for (const pattern of patterns) mesh.allowStack(pattern);
    return Stack.of(mesh);
  }

  test('tells its functions the accounts and their stacks', () => {
    const stack = newOther('users', `${STACKS}/mail/*`, `${STACKS.replace(TEAM, '333333333333')}/team-*/*`);
    const variables = Object.values(resourcesOfType(stack, 'AWS::Lambda::Function')).flatMap(({ Properties }) => {
      const { Variables } = Properties['Environment'] as { readonly Variables: Record<string, unknown> };
      return Variables['OTHER_ACCOUNTS'] === undefined ? [] : [Variables];
    });
    expect(variables).toHaveLength(2);
    for (const { OTHER_ACCOUNTS } of variables) expect(OTHER_ACCOUNTS).toBe(`${TEAM},333333333333`);
    const [stacks] = variables.flatMap(({ STACKS: listed }) => (listed === undefined ? [] : [JSON.stringify(listed)]));
    expect(stacks).toContain(`,users,${TEAM}/mail,333333333333/team-*`);
  });

  test('needs nothing for them if it allows none', () => {
    const stack = newOther('users');
    expect(resourcesOfType(stack, 'AWS::Lambda::Alias')).toEqual({});
    expect(JSON.stringify(Template.fromStack(stack))).not.toMatch(
      /OTHER_ACCOUNTS|sts:AssumeRole","Effect":"Allow","Resource/,
    );
  });

  test.each([
    `${STACKS.replace(TEAM, '*')}/mail/*`,
    `${STACKS.replace(TEAM, '2222222222??')}/mail/*`,
    `${STACKS.replace('eu-central-1', '*')}/mail/*`,
    `${STACKS}/*`,
    `${STACKS}/*/*`,
    `${STACKS}/mail`,
  ])('refuses %s, which is not of one account, or of any stack', (pattern) => {
    expect(() => meshIn().allowStack(pattern)).toThrow('stackName must be an ARN with one account and one Region');
  });

  test('refuses a stack of its own account or of another Region by ARN', () => {
    expect(() => meshIn().allowStack(`${STACKS.replace(TEAM, MESH_ACCOUNT)}/mail/*`)).toThrow(
      'stackName must be the name of the stack if it is in the account of the mesh',
    );
    expect(() => meshIn().allowStack(`${STACKS.replace('eu-central-1', 'us-east-1')}/mail/*`)).toThrow(
      'stackName must be in the Region of the mesh (eu-central-1)',
    );
    expect(() => meshIn({}).allowStack(`${STACKS}/mail/*`)).not.toThrow();
  });

  test('refuses more accounts than the policies of its functions have room for', () => {
    const mesh = meshIn();
    const allow = (number: number) => mesh.allowStack(`${STACKS.replace(TEAM, String(number))}/mail/*`);
    for (let number = 200000000000; number < 200000000020; number += 1) allow(number);
    expect(() => allow(200000000020)).toThrow('stackName must name at most 20 other accounts');
  });
});

describe('a mesh of another account', () => {
  const importIn = (env: object, attributes: Partial<MtlsServiceMeshAttributes> = {}): ImportedMesh =>
    Mesh.fromMeshAttributes(new Stack(new App(), 'Mail', { env }), 'Mesh', { ...ATTRIBUTES, ...attributes });
  const imported = (attributes: Partial<MtlsServiceMeshAttributes> = {}) =>
    importIn({ ...ENV, account: TEAM }, attributes);

  test('has clients with three resources, and one role', () => {
    const mesh = imported();
    mesh.addSecretsRole();
    for (const name of ['mail', 'social']) mesh.addClient(name);

    const template = Template.fromStack(Stack.of(mesh));
    const types = Object.values(resourcesOf(Stack.of(mesh))).map(({ Type }) => Type);
    expect(types.sort()).toEqual([
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      ...Array(2).fill('AWS::SecretsManager::RotationSchedule'),
      ...Array(2).fill('AWS::SecretsManager::Secret'),
      ...Array(2).fill('Custom::MtlsClientCertificate'),
    ]);
    template.allResourcesProperties('Custom::MtlsClientCertificate', {
      ServiceToken: `${LAMBDA}:deployment:account-${TEAM}`,
    });
    template.allResourcesProperties('AWS::SecretsManager::RotationSchedule', {
      RotationLambdaARN: `${LAMBDA}:rotation`,
    });
    const [role] = Object.keys(template.findResources('AWS::IAM::Role'));
    template.allResources('Custom::MtlsClientCertificate', { DependsOn: Match.arrayWith([role]) });
  });

  test('has one role, however often it is asked for', () => {
    const mesh = imported();
    expect(mesh.addSecretsRole()).toBe(mesh.addSecretsRole());
  });

  test('has a role that the issuer alone may assume, for the secrets of the trust domain', () => {
    const mesh = imported();
    mesh.addSecretsRole();

    const template = Template.fromStack(Stack.of(mesh));
    template.hasResourceProperties('AWS::IAM::Role', {
      RoleName: Match.stringLikeRegexp('^mtls-mesh-eu-central-1-mesh-example-com-[0-9a-f]{10}$'),
      AssumeRolePolicyDocument: {
        Statement: [
          {
            Action: 'sts:AssumeRole',
            Condition: { ArnEquals: { 'aws:PrincipalArn': ATTRIBUTES.issuerRoleArns } },
            Effect: 'Allow',
            Principal: { AWS: { 'Fn::Join': ['', Match.arrayWith([`:iam::${MESH_ACCOUNT}:root`])] } },
          },
        ],
      },
    });
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const secrets = {
      'Fn::Join': ['', expect.arrayContaining([`:secretsmanager:eu-central-1:${TEAM}:secret:mesh.example.com/*`])],
    };
    expect(policy?.['Properties'].PolicyDocument.Statement).toEqual([
      {
        Action: [
          'secretsmanager:DescribeSecret',
          'secretsmanager:GetSecretValue',
          'secretsmanager:PutSecretValue',
          'secretsmanager:UpdateSecretVersionStage',
        ],
        Effect: 'Allow',
        Resource: secrets,
      },
      {
        Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
        Condition: {
          StringEquals: {
            'kms:ViaService': { 'Fn::Join': ['', ['secretsmanager.eu-central-1.', { Ref: 'AWS::URLSuffix' }]] },
          },
          StringLike: { 'kms:EncryptionContext:SecretARN': secrets },
        },
        Effect: 'Allow',
        Resource: { 'Fn::Join': ['', expect.arrayContaining([`:kms:eu-central-1:${TEAM}:key/*`])] },
      },
    ]);
  });

  test('uses the role of another stack of the account', () => {
    const mesh = imported();
    mesh.addClient('mail', { encryptionKey: new kms.Key(Stack.of(mesh), 'Key') });

    const template = Template.fromStack(Stack.of(mesh));
    template.resourceCountIs('AWS::IAM::Role', 0);
    template.resourceCountIs('AWS::IAM::Policy', 0);
  });

  test('has clients that keep their own key, without a permission in this account’s template', () => {
    const mesh = imported();
    const role = new iam.Role(Stack.of(mesh), 'Mail', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    mesh.addClient('mail', { ownKey: true }).grantRequest(role);

    const template = Template.fromStack(Stack.of(mesh));
    template.resourceCountIs('AWS::Lambda::Permission', 0);
    const [policy] = Object.values(template.findResources('AWS::IAM::Policy'));
    const statements: { readonly Action: string; readonly Resource: unknown; readonly Condition: object }[] =
      policy?.['Properties'].PolicyDocument.Statement;
    expect(statements.map(({ Action, Resource }) => [Action, JSON.stringify(Resource)])).toEqual([
      ['lambda:InvokeFunctionUrl', expect.stringContaining(`${LAMBDA}:request`)],
      ['lambda:InvokeFunction', expect.stringContaining(`${LAMBDA}:request`)],
    ]);
    for (const { Condition } of statements) expect(Condition).toBeDefined();
  });

  test.each<[string, (mesh: ImportedMesh) => unknown, string]>([
    [
      'a service',
      (mesh) => mesh.addService('users', { integration: MeshIntegration.http('https://users.example.com') }),
      "Mail/Mesh/Gateway: a service can't be in another account than that of the mesh: add it in the mesh's app",
    ],
    [
      'a trust anchor',
      (mesh) => mesh.trustAnchor('partner'),
      "an external client can't be in another account than that of the mesh: add it in the mesh's app",
    ],
    [
      'an external client',
      (mesh) =>
        mesh.addExternalClient('billing', {
          trustAnchor: importIn({}).trustAnchor('partner'),
          identity: ExternalIdentity.subject('CN=billing'),
        }),
      "an external client can't be in another account than that of the mesh",
    ],
    [
      'an adopted secret',
      (mesh) => mesh.addClient('mail', { adoptSecret: true }),
      'adoptSecret must not be set in another account than that of the mesh',
    ],
    [
      'the permission to revoke',
      (mesh) => mesh.issuer.grantRevoke(newFunction(Stack.of(mesh))),
      "grantRevoke can't be in another account than that of the mesh: operators of the mesh revoke certificates",
    ],
  ])('has not %s', (_what, use, message) => {
    expect(() => use(imported())).toThrow(message);
  });

  test('needs the roles of the issuer for its role', () => {
    expect(() => imported({ issuerRoleArns: undefined } as object).addSecretsRole()).toThrow(
      'issuerRoleArns must be set for addSecretsRole',
    );
  });

  test('must be in the Region of the stack', () => {
    expect(() => importIn({ account: TEAM, region: 'us-east-1' })).toThrow(
      'env of the stack must have the Region of the mesh (eu-central-1), got us-east-1',
    );
  });

  test.each([{}, { ...ENV, account: MESH_ACCOUNT }])('is none for a stack with the environment %j', (env) => {
    const mesh = importIn(env);
    mesh.addService('users', { integration: MeshIntegration.http('https://users.example.com') });
    expect(mesh.issuer.deploymentHandler.functionArn).toBe(`${LAMBDA}:deployment`);
    expect(() => mesh.addSecretsRole()).toThrow('is for a stack in another account than that of the mesh');
  });

  test('can only be named by text: from the parameter, it is in the account of the stack', () => {
    const stack = new Stack(new App(), 'Mail', { env: { ...ENV, account: TEAM } });
    const mesh = Mesh.fromMeshName(stack, 'Mesh', 'mesh.example.com');
    expect(() => mesh.addSecretsRole()).toThrow('import the mesh with fromMeshAttributes');
  });
});
