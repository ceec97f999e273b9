import { evaluate } from '../../../../../sandbox/services/iam/policy/evaluation';
import { parsePolicy } from '../../../../../sandbox/services/iam/policy/policy';

const ALLOW_ALL = { Effect: 'Allow', Action: '*', Resource: '*' };

function policyOf(...statements: object[]) {
  return parsePolicy({ Version: '2012-10-17', Statement: statements });
}

function decide(resource: string, context: Record<string, string | string[]>, ...statements: object[]) {
  const principal = { arn: 'arn:aws:iam::123456789012:role/issuer', account: '123456789012' };
  return evaluate({ principal, action: 's3:GetObject', resource, context }, { ofIdentity: [policyOf(...statements)] });
}

test.each([
  ['a condition operator it does not support', { Condition: { BinaryEquals: { 'aws:key': 'QQ==' } } }, 'BinaryEquals'],
  ['a condition operator named like an inherited member', { Condition: { constructor: { a: 'b' } } }, 'constructor'],
  [
    'a set operator that is also optional',
    { Condition: { 'ForAnyValue:StringLikeIfExists': { a: 'b' } } },
    'ForAnyValue',
  ],
  ['NotPrincipal', { NotPrincipal: '*' }, 'NotPrincipal'],
  ['a principal type it does not support', { Principal: { Robot: 'idp' } }, 'Robot'],
  ['a session as principal', { Principal: { AWS: 'arn:aws:sts::123456789012:assumed-role/issuer/issuer' } }, 'session'],
  ['a principal with a wildcard', { Principal: { AWS: 'arn:aws:iam::123456789012:role/*' } }, 'wildcard'],
  ['an effect other than Allow and Deny', { Effect: 'allow' }, 'Effect'],
  ['a resource that is no ARN', { Resource: 'arn:aws:*' }, 'arn:aws:*'],
  ['a resource that is not text', { Resource: { Ref: 'Bucket' } }, 'Resource'],
  [
    'a policy variable in NotResource',
    { Resource: undefined, NotResource: `arn:aws:s3:::\${aws:PrincipalArn}` },
    'NotResource',
  ],
])('refuses a statement with %s', (_case, change, named) => {
  expect(() => policyOf({ ...ALLOW_ALL, ...change })).toThrow(named);
});

test.each([
  ['no statement', undefined],
  ['text', '{}'],
  ['a list', []],
  ['an older version, where variables are plain text', { Version: '2008-10-17', Statement: ALLOW_ALL }],
])('refuses a policy that is %s', (_case, document) => {
  expect(() => parsePolicy(document)).toThrow();
});

test('keeps wildcards in the value of a policy variable as plain characters', () => {
  const statement = { ...ALLOW_ALL, Resource: `arn:aws:s3:::\${aws:PrincipalTag/bucket}/*` };
  expect(decide('arn:aws:s3:::other/key', { 'aws:PrincipalTag/bucket': '*' }, statement)).toBe('not allowed');
  expect(decide('arn:aws:s3:::*/key', { 'aws:PrincipalTag/bucket': '*' }, statement)).toBe('allowed');
});

test('matches no resource by a policy variable that the request has no value for', () => {
  const statement = { ...ALLOW_ALL, Resource: `arn:aws:s3:::\${aws:PrincipalTag/bucket}/*` };
  expect(decide('arn:aws:s3:::/key', {}, statement)).toBe('not allowed');
});

test('denies an object whose key holds characters of patterns', () => {
  const deny = { Effect: 'Deny', Action: '*', Resource: 'arn:aws:s3:::bucket/private/*' };
  expect(decide('arn:aws:s3:::bucket/private/}:${a}\n.*', {}, ALLOW_ALL, deny)).toBe('denied by identity');
});

test('matches a question mark with exactly one character', () => {
  const statement = { ...ALLOW_ALL, Resource: 'arn:aws:s3:::bucket/?' };
  expect(decide('arn:aws:s3:::bucket/a', {}, statement)).toBe('allowed');
  expect(decide('arn:aws:s3:::bucket/', {}, statement)).toBe('not allowed');
  expect(decide('arn:aws:s3:::bucket/ab', {}, statement)).toBe('not allowed');
});

test('refuses to compare a key of many values with an operator for one', () => {
  const statement = { ...ALLOW_ALL, Condition: { StringEquals: { 'aws:TagKeys': 'team' } } };
  expect(() => decide('*', { 'aws:TagKeys': ['team', 'stage'] }, statement)).toThrow('ForAnyValue or ForAllValues');
});
