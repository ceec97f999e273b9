import { App, Stack } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CertificateAuthority, CertificateIssuer } from '../../lib';
import { newStack, onlyResource } from './mesh-stack';

function newIssuer(stack: Stack, trustDomain: string): CertificateIssuer {
  const certificateAuthority = CertificateAuthority.shortLivedRoot(stack, 'Authority');
  return new CertificateIssuer(stack, 'Issuer', {
    trustDomain,
    certificateAuthority,
    logRetention: logs.RetentionDays.ONE_WEEK,
  });
}

test('the function runs the shipped bundle with a log group of its own', () => {
  const stack = newStack();
  newIssuer(stack, 'mesh.example.com');

  expect(onlyResource(stack, 'AWS::Lambda::Function').Properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    LoggingConfig: { LogGroup: { Ref: onlyResource(stack, 'AWS::Logs::LogGroup').logicalId } },
  });
  expect(onlyResource(stack, 'AWS::Lambda::Function').Properties).not.toHaveProperty('FunctionName');
  expect(onlyResource(stack, 'AWS::Logs::LogGroup').Properties).toEqual({ RetentionInDays: 7 });
});

test('in a region of another partition every ARN is of that partition', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'cn-north-1' } });
  newIssuer(stack, 'mesh.example.com');

  const policy = JSON.stringify(stack.resolve(onlyResource(stack, 'AWS::IAM::Policy').Properties));
  expect(policy).not.toContain('arn:aws:');
  expect(policy).toMatch(/:secretsmanager:cn-north-1:123456789012:secret:mesh\.example\.com\/\*/);
});

test.each(['', '*', 'spiffe://example.com', 'Example.com', 'example.com/other', 'example.com\n', 'a b'])(
  'synthesis refuses the trust domain %j',
  (trustDomain) => {
    expect(() => newIssuer(newStack(), trustDomain)).toThrow(
      'Test/Issuer: trustDomain must have only lower-case letters, digits, dots, hyphens and underscores, got ' +
        JSON.stringify(trustDomain),
    );
  },
);

test('synthesis refuses a trust domain of more than 255 characters', () => {
  expect(() => newIssuer(newStack(), 'a'.repeat(256))).toThrow(
    'Test/Issuer: trustDomain must have at most 255 characters',
  );
});
