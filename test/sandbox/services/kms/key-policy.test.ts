import {
  DescribeKeyCommand,
  GetKeyPolicyCommand,
  GetPublicKeyCommand,
  PutKeyPolicyCommand,
  SignCommand,
} from '@aws-sdk/client-kms';
import { runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import type { ConditionKeys } from '../../../../sandbox/endpoint/api';
import { requestFor } from '../resource-request';
import { type KeyCloud, naming, policyOf, ROOT, startKeyCloud } from './key-cloud';

const ACCOUNT = '123456789012';

let cloud: KeyCloud;

beforeEach(async () => {
  cloud = await startKeyCloud();
});

afterEach(() => cloud.close());

const SIGNING = { KeySpec: 'ECC_NIST_P256', KeyUsage: 'SIGN_VERIFY' };
const allow = (Principal: unknown, Action: string | string[], more: object = {}) => ({
  Effect: 'Allow',
  Principal,
  Action,
  Resource: '*',
  ...more,
});
const MANAGED_BY_ACCOUNT = allow({ AWS: ROOT }, ['kms:PutKeyPolicy', 'kms:DescribeKey']);

const digest = { SigningAlgorithm: 'ECDSA_SHA_256', MessageType: 'DIGEST', Message: Buffer.alloc(32) } as const;
const raw = { ...digest, MessageType: 'RAW' } as const;

async function signingKey(...statements: readonly object[]): Promise<string> {
  const KeyPolicy = policyOf(MANAGED_BY_ACCOUNT, ...statements);
  return (await cloud.createKey({ ...SIGNING, KeyPolicy })).physicalId;
}

const outcomeOf = (sent: Promise<unknown>) =>
  sent.then(
    () => 'allowed',
    ({ name }: Error) => name,
  );
const sign = (KeyId: string, role: string, signing: typeof digest | typeof raw = digest) =>
  outcomeOf(cloud.client(role).send(new SignCommand({ KeyId, ...signing })));

const DENIED = 'AccessDeniedException';
const SIGN = { Effect: 'Allow', Action: 'kms:Sign', Resource: '*' };

describe('the key policy decides', () => {
  test('so a policy of the role alone does not suffice', async () => {
    const role = await cloud.roleWith(SIGN);
    expect(await sign(await signingKey(), role)).toBe(DENIED);
    expect(await sign(await signingKey(allow({ AWS: ROOT }, 'kms:Sign')), role)).toBe('allowed');
    expect(await sign(await signingKey(allow({ AWS: ACCOUNT }, 'kms:Sign')), role)).toBe('allowed');
    expect(await sign(await signingKey(allow({ AWS: ROOT }, 'kms:Sign')), await cloud.roleWith())).toBe(DENIED);
  });

  test.each([
    ['the role', (role: string) => allow({ AWS: role }, 'kms:Sign'), 'allowed'],
    ['everyone', () => allow({ AWS: '*' }, 'kms:Sign'), 'allowed'],
    [
      'everyone with the ARN of the role',
      (role: string) => allow('*', 'kms:Sign', { Condition: { ArnEquals: { 'aws:PrincipalArn': role } } }),
      'allowed',
    ],
    [
      'everyone with another ARN',
      () =>
        allow('*', 'kms:Sign', { Condition: { ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::${ACCOUNT}:role/x` } } }),
      DENIED,
    ],
    [
      'everyone of another account',
      () => allow('*', 'kms:Sign', { Condition: { StringEquals: { 'kms:CallerAccount': '999999999999' } } }),
      DENIED,
    ],
    ['another role', () => allow({ AWS: `arn:aws:iam::${ACCOUNT}:role/x` }, 'kms:Sign'), DENIED],
    ['a service', () => allow({ Service: 'lambda.amazonaws.com' }, 'kms:Sign'), DENIED],
    ['the role, by way of a service', viaService, DENIED],
  ])('and can allow %s', async (_, statement, expected) => {
    const role = await cloud.roleWith();
    expect(await sign(await signingKey(statement(role)), role)).toBe(expected);
  });

  test('and an explicit deny on either side wins', async () => {
    const role = await cloud.roleWith(SIGN);
    const denyRole = { ...allow({ AWS: role }, 'kms:Sign'), Effect: 'Deny' };
    const allowAll = [allow({ AWS: role }, 'kms:*'), allow({ AWS: ROOT }, 'kms:*')];
    expect(await sign(await signingKey(...allowAll), role)).toBe('allowed');
    expect(await sign(await signingKey(...allowAll, denyRole), role)).toBe(DENIED);
    const denied = await cloud.roleWith({ ...SIGN, Effect: 'Deny' });
    expect(await sign(await signingKey(allow({ AWS: denied }, 'kms:Sign')), denied)).toBe(DENIED);
  });

  test('and can limit signatures by message type and algorithm', async () => {
    const role = await cloud.roleWith();
    const StringEquals = { 'kms:MessageType': 'DIGEST', 'kms:SigningAlgorithm': 'ECDSA_SHA_256' };
    const limits = {
      ...StringEquals,
      'kms:KeySpec': 'ECC_NIST_P256',
      'kms:KeyUsage': 'SIGN_VERIFY',
      'kms:KeyOrigin': 'AWS_KMS',
    };
    const KeyId = await signingKey(allow({ AWS: role }, 'kms:Sign', { Condition: { StringEquals: limits } }));
    expect(await sign(KeyId, role)).toBe('allowed');
    expect(await sign(KeyId, role, raw)).toBe(DENIED);
    expect(await outcomeOf(cloud.client(role).send(new GetPublicKeyCommand({ KeyId })))).toBe(DENIED);
  });
});

function viaService(role: string) {
  const Condition = { StringEquals: { 'kms:ViaService': 'secretsmanager.us-east-1.amazonaws.com' } };
  return allow({ AWS: role }, 'kms:Sign', { Condition });
}

describe('the lockout check', () => {
  const LOCKED = policyOf(allow({ AWS: ROOT }, 'kms:DescribeKey'));

  test('refuses a key that its creator could not give another policy', async () => {
    await expect(cloud.createKey({ ...SIGNING, KeyPolicy: LOCKED })).rejects.toMatchObject({
      name: 'MalformedPolicyDocumentException',
      message: expect.stringContaining('will not allow you to update the key policy'),
    });
    const denying = policyOf(allow({ AWS: ROOT }, 'kms:*'), { ...allow('*', 'kms:Put*'), Effect: 'Deny' });
    await expect(cloud.createKey({ ...SIGNING, KeyPolicy: denying })).rejects.toThrow('update the key policy');
    const bypassing = { ...SIGNING, KeyPolicy: LOCKED, BypassPolicyLockoutSafetyCheck: true };
    await expect(cloud.createKey(bypassing)).resolves.toBeDefined();
  });

  test('refuses the update of a template, and keeps the policy', async () => {
    const key = await cloud.createKey(SIGNING);
    const update = cloud.keyType.update(requestFor({ ...SIGNING, KeyPolicy: LOCKED }), key, SIGNING);
    await expect(update).rejects.toThrow('update the key policy');
    const { Policy } = await cloud.client().send(new GetKeyPolicyCommand({ KeyId: key.physicalId }));
    expect(JSON.parse(Policy ?? '')).toMatchObject({ Statement: { Action: 'kms:*', Principal: { AWS: ROOT } } });
  });

  test.each([
    ['a session as principal', allow({ AWS: `arn:aws:sts::${ACCOUNT}:assumed-role/issuer/issuer` }, 'kms:Sign')],
    ['an unknown principal type', allow({ Robot: 'r2' }, 'kms:Sign')],
    ['NotPrincipal', { Effect: 'Deny', NotPrincipal: { AWS: ROOT }, Action: 'kms:*', Resource: '*' }],
    ['an unknown operator', allow({ AWS: ROOT }, 'kms:Sign', { Condition: { SoundsLike: { 'kms:KeySpec': 'x' } } })],
  ])('does not let pass what the sandbox does not know, such as %s', async (_, statement) => {
    const KeyPolicy = policyOf(MANAGED_BY_ACCOUNT, statement);
    const created = cloud.createKey({ ...SIGNING, KeyPolicy, BypassPolicyLockoutSafetyCheck: true });
    await expect(created).rejects.toMatchObject({ name: 'MalformedPolicyDocumentException' });
  });

  test('applies to the caller of PutKeyPolicy', async () => {
    const role = await cloud.roleWith();
    const KeyId = await signingKey(allow({ AWS: role }, 'kms:PutKeyPolicy'));
    const put = (Policy: object | string, BypassPolicyLockoutSafetyCheck?: boolean) => {
      const text = typeof Policy === 'string' ? Policy : JSON.stringify(Policy);
      const input = { KeyId, Policy: text, BypassPolicyLockoutSafetyCheck };
      return outcomeOf(cloud.client(role).send(new PutKeyPolicyCommand(input)));
    };
    expect(await put(LOCKED)).toBe('MalformedPolicyDocumentException');
    expect(await put('{')).toBe('MalformedPolicyDocumentException');
    expect(await put({ Version: '2012-10-17', Statement: [{ ...SIGN }] })).toBe('MalformedPolicyDocumentException');
    expect(await put(policyOf(allow({ AWS: role }, 'kms:*', { Sid: 'x'.repeat(32_768) })))).toBe(
      'LimitExceededException',
    );
    expect(await put(policyOf(allow({ AWS: role }, ['kms:PutKeyPolicy', 'kms:Sign'])))).toBe('allowed');
    expect(await sign(KeyId, role)).toBe('allowed');
    expect(await outcomeOf(cloud.client().send(new DescribeKeyCommand({ KeyId })))).toBe(DENIED);
    expect(await put(LOCKED, true)).toBe('allowed');
    expect(await put(LOCKED, true)).toBe(DENIED);
  });
});

describe('as another implementation of the IAM rules does', () => {
  const effect = fc.constantFrom('Allow', 'Allow', 'Deny');
  const action = fc.oneof(
    fc.constantFrom('kms:Sign', 'kms:*', '*', 'kms:S*', 'KMS:sign', 'kms:GetPublicKey', 's3:*'),
    fc.constantFrom(['kms:Sign', 'kms:GetPublicKey'], ['kms:Describe*', 'kms:Get*']),
  );
  const condition = fc.oneof(
    fc.constant({}),
    fc
      .tuple(
        fc.constantFrom('StringEquals', 'StringNotEquals', 'StringEqualsIfExists', 'StringLike'),
        fc.constantFrom(
          ['kms:SigningAlgorithm', 'ECDSA_SHA_256'],
          ['kms:SigningAlgorithm', 'ECDSA_*'],
          ['kms:MessageType', 'DIGEST'],
          ['kms:MessageType', 'RAW'],
          ['kms:KeySpec', 'ECC_NIST_P256'],
          ['kms:KeySpec', 'RSA_2048'],
          ['kms:KeyUsage', 'SIGN_VERIFY'],
          ['kms:KeyOrigin', 'AWS_KMS'],
          ['kms:CallerAccount', ACCOUNT],
          ['kms:CallerAccount', '999999999999'],
          ['kms:ViaService', 'secretsmanager.us-east-1.amazonaws.com'],
          ['aws:PrincipalAccount', ACCOUNT],
          ['aws:PrincipalArn', 'ROLE'],
          ['aws:PrincipalArn', 'arn:aws:iam::123456789012:role/other'],
          ['aws:SourceAccount', ACCOUNT],
        ),
      )
      .map(([operator, [key = '', value]]) => ({ Condition: { [operator]: { [key]: value } } })),
  );
  const principal = fc.constantFrom<unknown>(
    '*',
    { AWS: '*' },
    { AWS: 'ROLE' },
    { AWS: ['arn:aws:iam::123456789012:role/other', 'ROLE'] },
    { AWS: ROOT },
    { AWS: ACCOUNT },
    { AWS: 'arn:aws:iam::999999999999:root' },
    { AWS: 'arn:aws:iam::123456789012:role/other' },
    { Service: 'acm-pca.amazonaws.com' },
  );
  const statement = fc
    .tuple(effect, action, condition)
    .map(([Effect, Action, Condition]) => ({ Effect, Action, Resource: '*', ...Condition }));
  const keyStatement = fc.tuple(statement, principal).map(([one, Principal]) => ({ ...one, Principal }));
  const question = fc.record({
    keyPolicy: fc.array(keyStatement, { minLength: 1, maxLength: 4 }),
    identityPolicy: fc.array(statement, { maxLength: 2 }),
    action: fc.constantFrom('kms:Sign', 'kms:GetPublicKey'),
    messageType: fc.constantFrom('RAW', 'DIGEST'),
  });
  type Question = typeof question extends fc.Arbitrary<infer Q> ? Q : never;

  async function ours(asked: Question): Promise<{ isAllowed: boolean; role: string; arn: string }> {
    const role = await cloud.roleWith(...asked.identityPolicy);
    const key = await cloud.createKey({
      ...SIGNING,
      KeyPolicy: policyOf(...naming(role, asked.keyPolicy)),
      BypassPolicyLockoutSafetyCheck: true,
    });
    const { body } = await cloud.kms.api.handle({
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'x-amz-target': `TrentService.${asked.action.slice('kms:'.length)}` },
      body: Buffer.from(JSON.stringify(inputOf(asked, key.physicalId))),
      caller: { principalArn: role, accessKeyId: 'AKIDEXAMPLE' },
      authorize: (...authorization) => cloud.iam.authorize(role, ...authorization),
    });
    const { __type: error } = JSON.parse(String(body));
    expect([undefined, DENIED]).toContain(error);
    return { isAllowed: error === undefined, role, arn: String(key.attributes.Arn) };
  }

  function inputOf({ action: asked, messageType }: Question, KeyId: string): object {
    if (asked === 'kms:GetPublicKey') return { KeyId };
    const Message = Buffer.alloc(32).toString('base64');
    return { KeyId, SigningAlgorithm: 'ECDSA_SHA_256', MessageType: messageType, Message };
  }

  async function theirs(asked: Question, role: string, resource: string): Promise<boolean> {
    const contextVariables: ConditionKeys = {
      'aws:PrincipalArn': role,
      'aws:PrincipalAccount': ACCOUNT,
      'kms:CallerAccount': ACCOUNT,
      'kms:KeySpec': 'ECC_NIST_P256',
      'kms:KeyUsage': 'SIGN_VERIFY',
      'kms:KeyOrigin': 'AWS_KMS',
      ...(asked.action === 'kms:Sign' && {
        'kms:SigningAlgorithm': 'ECDSA_SHA_256',
        'kms:MessageType': asked.messageType,
      }),
    };
    const simulation: Simulation = {
      request: {
        principal: role,
        action: asked.action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: contextVariables as Record<string, string | string[]>,
      },
      identityPolicies:
        asked.identityPolicy.length === 0
          ? []
          : [{ name: 'identity', policy: policyOf(...naming(role, asked.identityPolicy)) }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      resourcePolicy: policyOf(...naming(role, asked.keyPolicy)),
    };
    const result = await runSimulation(simulation, {});
    if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
    return result.overallResult === 'Allowed';
  }

  test('key policies and policies of roles decide', async () => {
    const seen = { true: 0, false: 0 };
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const { isAllowed, role, arn } = await ours(asked);
        seen[`${isAllowed}`] += 1;
        expect(isAllowed).toBe(await theirs(asked, role, arn));
      }),
      { numRuns: 500 },
    );
    expect(Math.min(seen.true, seen.false)).toBeGreaterThan(50);
  });
});
