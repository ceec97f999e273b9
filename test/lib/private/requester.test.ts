import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MeshClient, type MeshClientProps } from '../../../lib';
import { newFunction, newIssuer, newStack, onlyResource, resourcesOf, resourcesOfType } from '../mesh-stack';

const CERTIFICATE = 'Custom::MtlsClientCertificate';
const URL = 'AWS::Lambda::Url';

function newClient(stack: Stack, props: Partial<MeshClientProps> = {}): MeshClient {
  return new MeshClient(stack, 'Client', { clientName: 'mail', issuer: props.issuer ?? newIssuer(stack), ...props });
}

describe('whoever is granted requests', () => {
  test.each([true, false])('is named to the issuer, each once, for a client with ownKey %s', (ownKey) => {
    const stack = newStack();
    const issuer = newIssuer(stack);
    const client = newClient(stack, { issuer, ownKey });
    const [mail, user] = [newRole(stack), new iam.User(stack, 'Alex')];
    for (const grantee of [mail, mail, user]) client.grantRequest(grantee);
    client.grantRequest(newFunction(stack));

    expect(onlyResource(stack, CERTIFICATE).Properties['Requesters']).toEqual(
      ['Reader', 'Alex', 'ScheduleServiceRole'].map((id) => ({ 'Fn::GetAtt': [idOf(stack, id), 'Arn'] })),
    );
  });

  test('may call the URL, and the function through the URL alone', () => {
    const stack = newStack();
    const issuer = newIssuer(stack);
    newClient(stack, { issuer, ownKey: true }).grantRequest(newRole(stack));

    const policies = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'));
    const [, policy] = policies.find(([id]) => id.startsWith('Reader')) ?? [];
    const Resource = onlyResource(stack, 'AWS::Lambda::Url').Properties['TargetFunctionArn'];
    expect(policy?.Properties['PolicyDocument']).toMatchObject({
      Statement: [
        {
          Effect: 'Allow',
          Action: 'lambda:InvokeFunctionUrl',
          Resource,
          Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'AWS_IAM' } },
        },
        // Without the condition, a caller could write into the event that somebody else calls.
        {
          Effect: 'Allow',
          Action: 'lambda:InvokeFunction',
          Resource,
          Condition: { Bool: { 'lambda:InvokedViaFunctionUrl': true } },
        },
      ],
    });
    expect(onlyResource(stack, URL).Properties).toEqual({ AuthType: 'AWS_IAM', TargetFunctionArn: Resource });
  });

  test('may be one by ARN, in any account, whose permission is the function\u2019s', () => {
    const stack = newStack();
    const arn = 'arn:aws:iam::999988887777:role/apps/MailApp';
    newClient(stack, { ownKey: true }).grantRequest(new iam.ArnPrincipal(arn));

    expect(onlyResource(stack, CERTIFICATE).Properties['Requesters']).toEqual([arn]);
    const permissions = Object.values(resourcesOfType(stack, 'AWS::Lambda::Permission')).map((one) => one.Properties);
    expect(permissions.filter(({ Principal }) => Principal === arn)).toEqual([
      expect.objectContaining({ Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'AWS_IAM' }),
      expect.objectContaining({ Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true }),
    ]);
  });

  test('is known by name when it is of another stack, so that only that one refers to the other', () => {
    const app = new App();
    const stack = new Stack(app, 'Test');
    const other = new Stack(app, 'Other');
    newClient(stack, { ownKey: true }).grantRequest(newRole(other, { roleName: 'mail-app', path: '/apps/' }));

    expect(onlyResource(stack, CERTIFICATE).Properties['Requesters']).toEqual([
      {
        'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::', { Ref: 'AWS::AccountId' }, ':role/mail-app']],
      },
    ]);
    expect([stack.dependencies, other.dependencies]).toEqual([[], [stack]]);
  });

  test.each<[string, (stack: Stack) => iam.IGrantable, string]>([
    ['a service', () => new iam.ServicePrincipal('ec2.amazonaws.com'), 'ec2.amazonaws.com'],
    ['an account', () => new iam.AccountPrincipal('111122223333'), ''],
    ['a root by ARN', () => new iam.ArnPrincipal('arn:aws:iam::111122223333:root'), ':root'],
    ['the own account', () => new iam.AccountRootPrincipal(), ''],
    ['everybody', () => new iam.AnyPrincipal(), '*'],
    ['everybody in writing', () => new iam.StarPrincipal(), 'StarPrincipal'],
    ['an organization', () => new iam.OrganizationPrincipal('o-1234567890'), 'OrganizationPrincipal'],
    ['a federated user', () => new iam.WebIdentityPrincipal('cognito-identity.amazonaws.com'), 'cognito'],
    ['a group', (stack) => new iam.Group(stack, 'Group'), ''],
    ['a role on conditions', () => conditional(), ''],
    [
      'two roles',
      () => new iam.CompositePrincipal(roleArn('MailApp'), roleArn('SocialApp')),
      'arn:aws:iam::111122223333:role/MailApp and arn:aws:iam::111122223333:role/SocialApp',
    ],
    ['a session', () => new iam.ArnPrincipal('arn:aws:sts::111122223333:assumed-role/MailApp/session'), 'assumed-role'],
    [
      'a function without a known role',
      (stack) => lambda.Function.fromFunctionArn(stack, 'Foreign', 'arn:aws:lambda:us-east-1:111122223333:function:x'),
      '',
    ],
  ])('is not %s', (_name, grantee, got) => {
    const stack = newStack();
    const client = newClient(stack, { ownKey: true });
    expect(() => client.grantRequest(grantee(stack))).toThrow(
      new RegExp(`^Test/Client: grantee must be one IAM role or user, got .*${got.replace(/[*.]/g, '\\$&')}`),
    );
    expect(resourcesOfType(stack, URL)).toEqual({});
  });

  test('is not a role of another stack without a name', () => {
    const app = new App();
    const client = newClient(new Stack(app, 'Test'), { ownKey: true });
    expect(() => client.grantRequest(newRole(new Stack(app, 'Other')))).toThrow(
      'Test/Client: grantee must have a roleName when it is in another stack than the client, got Other/Reader',
    );
  });
});

const roleArn = (name: string) => new iam.ArnPrincipal(`arn:aws:iam::111122223333:role/${name}`);

function newRole(stack: Stack, props: Partial<iam.RoleProps> = {}): iam.Role {
  return new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal(), ...props });
}

function conditional(): iam.IPrincipal {
  return roleArn('MailApp').withConditions({ IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } });
}

function idOf(stack: Stack, prefix: string): string {
  const ids = Object.entries(resourcesOf(stack)).filter(
    ([id, { Type }]) => /Role|User/.test(Type) && id.startsWith(prefix),
  );
  return ids[0]?.[0] ?? 'none';
}
