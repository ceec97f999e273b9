import { type RunSimulationResults, runSimulation, type Simulation } from '@cloud-copilot/iam-simulate';
import fc from 'fast-check';
import type { ConditionKeys } from '../../../../../sandbox/endpoint/api';
import { evaluate } from '../../../../../sandbox/services/iam/policy/evaluation';
import { parsePolicy } from '../../../../../sandbox/services/iam/policy/policy';

const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/issuer`;
const SECRET = `arn:aws:secretsmanager:us-east-1:${ACCOUNT}:secret:mesh.example.com/mail-AbCdEf`;

interface Question {
  readonly action: string;
  readonly resource: string;
  readonly context: ConditionKeys;
  readonly identity: readonly object[];
  readonly ofResource?: readonly object[];
  readonly boundary?: readonly object[];
  /** That of the resource. @default - that of the principal */
  readonly account?: string;
}

function ours({ action, resource, context, identity, ofResource, boundary, account = ACCOUNT }: Question): boolean {
  const policy = (statements: readonly object[]) => parsePolicy({ Version: '2012-10-17', Statement: statements });
  const request = { principal: { arn: ROLE, account: ACCOUNT }, action, resource, context };
  const policies = {
    ofIdentity: [policy(identity)],
    ofResource: ofResource && policy(ofResource),
    boundary: boundary && policy(boundary),
    isAcrossAccounts: account !== ACCOUNT,
  };
  return evaluate(request, policies) === 'allowed';
}

/** What an independent implementation of IAM's rules decides. */
async function theirs(asked: Question): Promise<boolean> {
  const { action, resource, context, identity, ofResource, boundary, account = ACCOUNT } = asked;
  const simulation = {
    request: {
      principal: ROLE,
      action,
      resource: { resource, accountId: account },
      contextVariables: context as Record<string, string | string[]>,
    },
    identityPolicies: [{ name: 'identity', policy: { Version: '2012-10-17', Statement: identity } }],
    serviceControlPolicies: [],
    resourceControlPolicies: [],
    ...(boundary && {
      permissionBoundaryPolicies: [{ name: 'boundary', policy: { Version: '2012-10-17', Statement: boundary } }],
    }),
    ...(ofResource && { resourcePolicy: { Version: '2012-10-17', Statement: ofResource } }),
  } satisfies Simulation;
  const result: RunSimulationResults = await runSimulation(simulation, {});
  if (result.resultType === 'error') throw new Error(JSON.stringify(result.errors));
  return result.overallResult === 'Allowed';
}

const effect = fc.constantFrom('Allow', 'Deny');
const actions = fc.oneof(
  fc.record({
    Action: someOf('secretsmanager:GetSecretValue', 'secretsmanager:Get*', '*', 'SecretsManager:put*', 's3:*'),
  }),
  fc.record({ NotAction: someOf('secretsmanager:PutSecretValue', 'secretsmanager:?et*', 's3:*') }),
);
const PATTERNS = [
  '*',
  SECRET,
  SECRET.replace('AbCdEf', '??????'),
  SECRET.replace('mail-AbCdEf', '*'),
  SECRET.replace('us-east-1', '*'),
  SECRET.replace('mail', 'social'),
  'arn:aws:s3:::bucket/*',
];
const WITH_VARIABLE = SECRET.replace('mesh.example.com', `\${aws:PrincipalTag/domain}`);
const resources = fc.oneof(
  fc.record({ Resource: someOf(WITH_VARIABLE, ...PATTERNS) }),
  fc.record({ NotResource: someOf(...PATTERNS) }),
);
const stringOperator = fc.constantFrom('StringEquals', 'StringNotEquals', 'StringLike', 'StringNotLike');
const condition = fc.oneof(
  fc.tuple(
    ifExistsToo(stringOperator),
    fc.constantFrom('aws:PrincipalTag/domain', 'AWS:principaltag/domain', 'aws:RequestedRegion'),
    someOf('mesh.example.com', 'mesh.*', 'us-east-?', 'us-west-2', 'MESH.example.com'),
  ),
  fc.tuple(
    ifExistsToo(fc.constantFrom('ArnEquals', 'ArnLike', 'ArnNotEquals', 'ArnNotLike')),
    fc.constantFrom('aws:PrincipalArn'),
    someOf(ROLE, `arn:aws:iam::${ACCOUNT}:role/*`, `arn:aws:iam::*:role/issuer`, `arn:aws:iam::${ACCOUNT}:user/*`),
  ),
  fc.tuple(
    fc.tuple(fc.constantFrom('ForAnyValue', 'ForAllValues'), stringOperator).map((parts) => parts.join(':')),
    fc.constantFrom('aws:TagKeys'),
    someOf('team', 'stage', 't*'),
  ),
  fc.tuple(fc.constantFrom('Bool', 'BoolIfExists'), fc.constantFrom('aws:SecureTransport'), someOf('true', 'false')),
  fc
    .tuple(
      ifExistsToo(
        fc
          .tuple(
            fc.constantFrom('Numeric', 'Date'),
            fc.constantFrom('Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'),
          )
          .map((parts) => parts.join('')),
      ),
      fc.constantFrom('aws:MultiFactorAuthAge', 'aws:CurrentTime'),
      fc.constantFrom('60', '2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z', '3600'),
    )
    .filter(([operator, key, expected]) => {
      const kinds = [operator.startsWith('Date'), key.endsWith('Time'), expected.includes('T')];
      return new Set(kinds).size === 1;
    }),
  fc.tuple(
    ifExistsToo(fc.constantFrom('IpAddress', 'NotIpAddress')),
    fc.constantFrom('aws:SourceIp'),
    someOf('10.0.0.0/8', '192.0.2.7', '2001:db8::/32'),
  ),
  fc.tuple(
    fc.constantFrom('StringEqualsIgnoreCase', 'StringNotEqualsIgnoreCase'),
    fc.constantFrom('aws:PrincipalTag/domain'),
    someOf('MESH.example.com', 'other.example.com'),
  ),
  fc.tuple(
    fc.constantFrom('Null'),
    fc.constantFrom('aws:PrincipalTag/domain', 'aws:TagKeys', 'aws:SecureTransport'),
    fc.constantFrom('true', 'false'),
  ),
);
const conditions = fc.array(condition, { maxLength: 2 }).map((all) => ({
  Condition: Object.fromEntries(all.map(([operator, key, expected]) => [operator, { [key]: expected }])),
}));
const principals = fc
  .constantFrom<unknown>(
    '*',
    { AWS: '*' },
    { AWS: ROLE },
    { AWS: [`arn:aws:iam::${ACCOUNT}:role/other`, ROLE] },
    { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    { AWS: ACCOUNT },
    { AWS: `arn:aws:iam::${ACCOUNT}:role/other` },
    { Service: 'lambda.amazonaws.com' },
  )
  .map((Principal) => ({ Principal }));
const statement = fc
  .tuple(
    effect.map((Effect) => ({ Effect })),
    actions,
    resources,
    conditions,
  )
  .map(merge);
const resourceStatement = fc.tuple(statement, principals).map(merge);
const context = fc
  .record({
    'aws:PrincipalArn': fc.constant(ROLE),
    'aws:RequestedRegion': fc.constantFrom('us-east-1', 'us-west-2'),
    'aws:SecureTransport': fc.constantFrom('true', 'false'),
    'aws:PrincipalTag/domain': fc.option(fc.constantFrom('mesh.example.com', 'other.example.com', 'mesh.*')),
    'aws:MultiFactorAuthAge': fc.option(fc.constantFrom('60', '100', '3600')),
    'aws:CurrentTime': fc.constantFrom('2026-01-01T00:00:00Z', '2026-03-01T00:00:00Z'),
    'aws:SourceIp': fc.option(fc.constantFrom('10.1.2.3', '192.0.2.7', '198.51.100.1')),
    'aws:TagKeys': fc.option(fc.subarray(['team', 'stage', 'owner'], { minLength: 1 })),
  })
  .map((keys) => Object.fromEntries(Object.entries(keys).filter(([, value]) => value !== null)) as ConditionKeys);
const question = fc.record({
  action: fc.constantFrom('secretsmanager:GetSecretValue', 'secretsmanager:PutSecretValue'),
  resource: fc.constantFrom(SECRET, SECRET.replace('mail-AbCdEf', 'social-GhIjKl')),
  context,
  identity: fc.array(statement, { minLength: 1, maxLength: 3 }),
});

function someOf(...values: string[]): fc.Arbitrary<string | string[]> {
  return fc.oneof(fc.constantFrom(...values), fc.subarray(values, { minLength: 1, maxLength: 2 }));
}

function ifExistsToo(operator: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(operator, fc.constantFrom('', 'IfExists')).map((parts) => parts.join(''));
}

function merge(parts: readonly object[]): object {
  return Object.assign({}, ...parts);
}

test('decides by identity policies as another implementation of the IAM rules does', async () => {
  const seen = { true: 0, false: 0 };
  await fc.assert(
    fc.asyncProperty(question, async (asked) => {
      const expected = await theirs(asked);
      seen[`${expected}`] += 1;
      expect(ours(asked)).toBe(expected);
    }),
    { numRuns: 400 },
  );
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(20);
});

test('decides by identity and resource policies together as another implementation does', async () => {
  const withResourcePolicy = fc
    .tuple(question, fc.array(resourceStatement, { minLength: 1, maxLength: 2 }))
    .map(([asked, ofResource]): Question => ({ ...asked, ofResource }));
  await fc.assert(
    fc.asyncProperty(withResourcePolicy, async (asked) => expect(ours(asked)).toBe(await theirs(asked))),
    { numRuns: 400 },
  );
});

test('decides with a permissions boundary as another implementation does', async () => {
  const seen = { true: 0, false: 0 };
  // Random statements seldom allow what the policy allows, so half of the boundaries begin with those of the policy.
  const withBoundary = fc
    .tuple(question, fc.array(statement, { minLength: 1, maxLength: 2 }), fc.boolean())
    .map(
      ([asked, others, isWide]): Question => ({ ...asked, boundary: [...(isWide ? asked.identity : []), ...others] }),
    );
  await fc.assert(
    fc.asyncProperty(withBoundary, async (asked) => {
      const expected = await theirs(asked);
      seen[`${expected}`] += 1;
      expect(ours(asked)).toBe(expected);
    }),
    { numRuns: 400 },
  );
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(3);
});

test('decides with a boundary and a policy of the resource as another implementation does', async () => {
  const withBoth = fc
    .tuple(
      question,
      fc.array(statement, { minLength: 1, maxLength: 2 }),
      fc.array(resourceStatement, { minLength: 1, maxLength: 2 }),
    )
    .map(([asked, boundary, ofResource]): Question => ({ ...asked, boundary, ofResource }));
  await fc.assert(
    fc.asyncProperty(withBoth, async (asked) => expect(ours(asked)).toBe(await theirs(asked))),
    { numRuns: 400 },
  );
});

test('decides about a resource of another account as another implementation does', async () => {
  const seen = { true: 0, false: 0 };
  const account = '111122223333';
  // Random statements seldom agree, so half of the policies of resources begin with what the caller's own policy allows.
  const acrossAccounts = fc
    .tuple(
      question,
      fc.array(resourceStatement, { minLength: 1, maxLength: 2 }),
      principals,
      fc.boolean(),
      fc.option(fc.array(statement, { minLength: 1, maxLength: 2 }), { nil: undefined }),
    )
    .map(([asked, others, principal, isWide, more]): Question => {
      const agreeing = isWide ? asked.identity.map((one) => ({ ...one, ...principal })) : [];
      const boundary = more && { boundary: [...asked.identity, ...more] };
      return { ...asked, account, ofResource: [...agreeing, ...others], ...boundary };
    });
  await fc.assert(
    fc.asyncProperty(acrossAccounts, async (asked) => {
      const expected = await theirs(asked);
      seen[`${expected}`] += 1;
      expect(ours(asked)).toBe(expected);
    }),
    { numRuns: 600 },
  );
  expect(Math.min(seen.true, seen.false)).toBeGreaterThan(10);
});

test('without a policy of the resource, nobody of another account is allowed', async () => {
  const allowsAll = { Effect: 'Allow', Action: '*', Resource: '*' };
  const asked = { action: 'secretsmanager:GetSecretValue', resource: SECRET, context: {}, identity: [allowsAll] };

  expect(ours({ ...asked, account: '111122223333' })).toBe(false);
  await expect(theirs({ ...asked, account: '111122223333' })).resolves.toBe(false);
});
