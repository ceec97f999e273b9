import { accountIdIn, readStackArnPattern, secretsRoleArn, secretsRoleName } from '../../mesh/other-accounts';

test('a pattern names an account, and one stack or the beginning of names', () => {
  const stacks = 'arn:aws:cloudformation:eu-central-1:444455556666:stack';
  const at = { region: 'eu-central-1', accountId: '444455556666' };
  expect(readStackArnPattern(`${stacks}/mail/*`)).toEqual({ ...at, names: 'mail' });
  expect(readStackArnPattern(`${stacks}/team-*/*`)).toEqual({ ...at, names: 'team-*' });
});

test.each([
  'arn:aws:cloudformation:eu-central-1:*:stack/mail/*',
  'arn:aws:cloudformation:*:444455556666:stack/mail/*',
  'arn:aws:cloudformation:eu-central-1:44445555????:stack/mail/*',
  'arn:aws:cloudformation:eu-central-1::stack/mail/*',
  'arn:aws:cloudformation:eu-central-1:444455556666:stack/*',
  'arn:aws:cloudformation:eu-central-1:444455556666:stack/*/*',
  'arn:aws:cloudformation:eu-central-1:444455556666:stack/mail*/*',
  'arn:aws:cloudformation:eu-central-1:444455556666:stack/mail',
  'arn:aws:cloudformation:eu-central-1:444455556666:stack/mail/x/*',
  'arn:aws:s3:eu-central-1:444455556666:stack/mail/*',
  '444455556666/mail',
  'mail',
  '*',
  '',
])('%j is no pattern of stacks of one account', (pattern) => {
  expect(readStackArnPattern(pattern)).toBeUndefined();
});

test('the role of another account is known from the ARN of a secret there', () => {
  const secret = 'arn:aws-cn:secretsmanager:cn-north-1:444455556666:secret:mesh.example.com/mail-AbCdEf';
  const name = secretsRoleName('mesh.example.com', 'cn-north-1');
  expect(name).toMatch(/^mtls-mesh-cn-north-1-mesh-example-com-[0-9a-f]{10}$/);
  expect(secretsRoleArn(secret, 'mesh.example.com')).toBe(`arn:aws-cn:iam::444455556666:role/${name}`);
});

test('the name of a role fits, and differs between trust domains that begin alike', () => {
  const long = 'a-very-long-name-of-a-mesh.platform.example.com';
  const names = [long, `${long}.test`].map((trustDomain) => secretsRoleName(trustDomain, 'ap-southeast-1'));
  for (const name of names) expect(name.length).toBeLessThanOrEqual(64);
  expect(new Set(names).size).toBe(2);
});

test.each(['', 'mail', 'arn:aws:s3:::bucket', 'arn:aws:iam::aws:policy/x', ' arn:aws:sqs:eu-central-1:444455556666:x'])(
  '%j has no account',
  (text) => {
    expect(accountIdIn(text)).toBeUndefined();
  },
);
