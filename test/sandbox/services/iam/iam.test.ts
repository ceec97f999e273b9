import { SANDBOX_ACCOUNT } from '../../../../sandbox/account';
import { Clock } from '../../../../sandbox/clock';
import type { Properties, Resource } from '../../../../sandbox/cloudformation/resource-type';
import { AccessDenied, type PolicyDocument, type PolicyStatement } from '../../../../sandbox/endpoint/api';
import { IamService } from '../../../../sandbox/services/iam';
import { requestFor, resourceType } from '../resource-request';
import { send } from '../serve';

const SECRET = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:mail-AbCdEf';
const TRUSTS_LAMBDA = policy({
  Effect: 'Allow',
  Action: 'sts:AssumeRole',
  Principal: { Service: 'lambda.amazonaws.com' },
});
const READS_SECRET = policy({ Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: SECRET });

function policy(...statements: PolicyStatement[]): PolicyDocument {
  return { Version: '2012-10-17', Statement: statements };
}

function newIam(): IamService {
  return new IamService({ account: SANDBOX_ACCOUNT, clock: new Clock() });
}

function create(iam: IamService, type: string, properties: Properties): Promise<Resource> {
  return resourceType(iam, type).create(requestFor(properties));
}

async function createRole(iam: IamService, properties: Properties = {}): Promise<{ role: Resource; arn: string }> {
  const role = await create(iam, 'AWS::IAM::Role', { AssumeRolePolicyDocument: TRUSTS_LAMBDA, ...properties });
  return { role, arn: String(role.attributes.Arn) };
}

function mayRead(iam: IamService, principalArn: string): boolean {
  try {
    iam.authorize(principalArn, 'secretsmanager:GetSecretValue', SECRET);
    return true;
  } catch (error) {
    if (error instanceof AccessDenied) return false;
    throw error;
  }
}

test("gives a role's name and ARN under its path", async () => {
  const { role, arn } = await createRole(newIam(), { RoleName: 'issuer', Path: '/mesh/' });
  expect(role.physicalId).toBe('issuer');
  expect(arn).toBe('arn:aws:iam::123456789012:role/mesh/issuer');
});

test('allows a role only what its policies allow', async () => {
  const iam = newIam();
  const { arn } = await createRole(iam, { Policies: [{ PolicyName: 'read', PolicyDocument: READS_SECRET }] });
  const { arn: other } = await createRole(iam);
  expect(mayRead(iam, arn)).toBe(true);
  expect(mayRead(iam, other)).toBe(false);
  expect(mayRead(iam, 'arn:aws:iam::123456789012:role/unknown')).toBe(false);
});

test('words a refusal as AWS does', async () => {
  const iam = newIam();
  const { arn } = await createRole(iam, { RoleName: 'issuer' });
  expect(() => iam.authorize(arn, 'secretsmanager:GetSecretValue', SECRET)).toThrow(
    `User: arn:aws:iam::123456789012:role/issuer is not authorized to perform: secretsmanager:GetSecretValue on resource: ${SECRET} because no identity-based policy allows the secretsmanager:GetSecretValue action`,
  );
  const deny = policy({ Effect: 'Deny', Principal: '*', Action: '*', Resource: '*' });
  expect(() => iam.authorize(iam.operator, 'secretsmanager:GetSecretValue', SECRET, {}, deny)).toThrow(
    'with an explicit deny in a resource-based policy',
  );
});

test('attaches a policy to its roles, follows its update and detaches it', async () => {
  const iam = newIam();
  const { role, arn } = await createRole(iam);
  const type = resourceType(iam, 'AWS::IAM::Policy');
  const properties = { PolicyName: 'read', PolicyDocument: READS_SECRET, Roles: [role.physicalId] };

  const attached = await type.create(requestFor(properties));
  expect(mayRead(iam, arn)).toBe(true);
  await type.update(requestFor({ ...properties, Roles: [] }), attached, properties);
  expect(mayRead(iam, arn)).toBe(false);
  await type.update(requestFor(properties), attached, properties);
  await type.delete(requestFor(properties), attached);
  expect(mayRead(iam, arn)).toBe(false);
});

test('keeps attached policies when the role itself is updated', async () => {
  const iam = newIam();
  const { role, arn } = await createRole(iam);
  await create(iam, 'AWS::IAM::Policy', { PolicyName: 'p', PolicyDocument: READS_SECRET, Roles: [role.physicalId] });
  const updated = { AssumeRolePolicyDocument: TRUSTS_LAMBDA, Description: 'new' };
  await resourceType(iam, 'AWS::IAM::Role').update(requestFor(updated), role, {});
  expect(mayRead(iam, arn)).toBe(true);
});

test('allows by a managed policy of the template, whichever side names the other', async () => {
  const iam = newIam();
  const managed = await create(iam, 'AWS::IAM::ManagedPolicy', { PolicyDocument: READS_SECRET });
  const { arn } = await createRole(iam, { ManagedPolicyArns: [managed.physicalId] });
  const { role, arn: other } = await createRole(iam);
  await create(iam, 'AWS::IAM::ManagedPolicy', { PolicyDocument: READS_SECRET, Roles: [role.physicalId] });
  expect(mayRead(iam, arn)).toBe(true);
  expect(mayRead(iam, other)).toBe(true);
});

test('a managed policy that the sandbox does not know grants nothing, limits nothing, and says so', async () => {
  const arn = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
  const boundary = 'arn:aws:iam::123456789012:policy/company';
  const properties = { ManagedPolicyArns: [arn], PermissionsBoundary: boundary };
  const iam = newIam();
  expect(mayRead(iam, (await createRole(iam, properties)).arn)).toBe(false);
  expect(resourceType(iam, 'AWS::IAM::Role').notices?.(properties)).toEqual([
    `grants nothing of ${arn}`,
    `is not limited to ${boundary}`,
  ]);
});

test('a permissions boundary of the template limits what other policies allow', async () => {
  const iam = newIam();
  const inline = { Policies: [{ PolicyName: 'all', PolicyDocument: READS_SECRET }] };
  const allow = (Action: string) => policy({ Effect: 'Allow', Action, Resource: '*' });
  const boundary = await create(iam, 'AWS::IAM::ManagedPolicy', { PolicyDocument: allow('s3:*') });
  const limited = await createRole(iam, { ...inline, PermissionsBoundary: boundary.physicalId });
  expect(() => iam.authorize(limited.arn, 'secretsmanager:GetSecretValue', SECRET)).toThrow(
    'because no permissions boundary allows the secretsmanager:GetSecretValue action',
  );

  const wide = await create(iam, 'AWS::IAM::ManagedPolicy', { PolicyDocument: allow('secretsmanager:*') });
  expect(mayRead(iam, (await createRole(iam, { ...inline, PermissionsBoundary: wide.physicalId })).arn)).toBe(true);
  // A boundary alone grants nothing.
  expect(mayRead(iam, (await createRole(iam, { PermissionsBoundary: wide.physicalId })).arn)).toBe(false);
});

test('lets the operator do everything that no resource denies', () => {
  const iam = newIam();
  expect(mayRead(iam, iam.operator)).toBe(true);
});

test('tells policies the global context of a call', async () => {
  const iam = newIam();
  const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
  const conditions = {
    Bool: { 'aws:SecureTransport': 'true' },
    StringEquals: { 'aws:PrincipalAccount': '123456789012', 'aws:RequestedRegion': 'us-east-1' },
    ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::123456789012:role/*' },
  };
  const document = policy({ ...statement, Condition: conditions });
  const { arn } = await createRole(iam, { Policies: [{ PolicyName: 'p', PolicyDocument: document }] });
  expect(mayRead(iam, arn)).toBe(true);
});

test("allows by a service's own context keys", async () => {
  const iam = newIam();
  const template = 'arn:aws:acm-pca:::template/EndEntityClientAuthCertificate_APIPassthrough/V1';
  const statement = { Effect: 'Allow', Action: 'acm-pca:IssueCertificate', Resource: '*' };
  const document = policy({ ...statement, Condition: { StringEquals: { 'acm-pca:TemplateArn': template } } });
  const { arn } = await createRole(iam, { Policies: [{ PolicyName: 'p', PolicyDocument: document }] });
  const issue = (keys: Record<string, string>) => iam.authorize(arn, 'acm-pca:IssueCertificate', SECRET, keys);

  expect(() => issue({ 'acm-pca:TemplateArn': template })).not.toThrow();
  expect(() => issue({ 'acm-pca:TemplateArn': `${template}2` })).toThrow(AccessDenied);
  expect(() => issue({})).toThrow(AccessDenied);
});

test('lets a service assume only a role that trusts it', async () => {
  const iam = newIam();
  const { arn } = await createRole(iam);
  expect(() => iam.assertAssumable(arn, 'lambda.amazonaws.com')).not.toThrow();
  expect(() => iam.assertAssumable(arn, 'apigateway.amazonaws.com')).toThrow(
    'cannot be assumed by apigateway.amazonaws.com',
  );
  expect(() => iam.assertAssumable(`${arn}2`, 'lambda.amazonaws.com')).toThrow('there is no role');
});

test('gives credentials that name their principal, never the same twice', () => {
  const iam = newIam();
  const first = iam.issueCredentials(iam.operator);
  const second = iam.issueCredentials(iam.operator);
  expect(iam.principalOf(first.accessKeyId)).toBe(iam.operator);
  expect(iam.secretAccessKeyOf(first.accessKeyId)).toBe(first.secretAccessKey);
  expect(second.accessKeyId).not.toBe(first.accessKeyId);
  expect(iam.principalOf('AKIAIOSFODNN7EXAMPLE')).toBeUndefined();
});

describe('roles', () => {
  const ask = async (iam: IamService, form: string) => {
    const { status, body } = await send(iam.api, { body: `Version=2010-05-08&${form}` });
    return { status, xml: String(body) };
  };

  test('are listed by name and in pages, with their trust policy', async () => {
    const iam = newIam();
    await createRole(iam, { RoleName: 'b', Path: '/apps/', Description: 'x < y' });
    await createRole(iam, { RoleName: 'a' });

    const { xml } = await ask(iam, 'Action=ListRoles');
    expect([...xml.matchAll(/<RoleName>(.*?)</g)].map(([, name]) => name)).toEqual(['a', 'b']);
    const [, document = ''] = /<AssumeRolePolicyDocument>(.*?)</.exec(xml) ?? [];
    expect(JSON.parse(decodeURIComponent(document))).toEqual(TRUSTS_LAMBDA);

    const first = await ask(iam, 'Action=ListRoles&MaxItems=1');
    const [, marker = ''] = /<IsTruncated>true<\/IsTruncated><Marker>(.*?)</.exec(first.xml) ?? [];
    expect((await ask(iam, `Action=ListRoles&Marker=${marker}`)).xml).toContain('<RoleName>b</RoleName>');
    expect((await ask(iam, 'Action=ListRoles&PathPrefix=/apps/')).xml).not.toContain('<RoleName>a</RoleName>');
    expect((await ask(iam, 'Action=GetRole&RoleName=b')).xml).toContain('<Description>x &#60; y</Description>');
  });

  test.each([
    ['Action=GetRole&RoleName=missing', 404, 'NoSuchEntity'],
    ['Action=ListRoles&MaxItems=many', 400, 'ValidationError'],
    ['Action=CreateUser', 400, 'InvalidAction'],
  ])('%s fails', async (form, status, code) => {
    const answer = await ask(newIam(), form);
    expect([answer.status, answer.xml]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
  });
});
