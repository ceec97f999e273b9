import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CertificateAuthority, CertificateIssuer, type ICertificateAuthority } from '../../lib';
import {
  dependenciesOf,
  newIssuer,
  newMesh,
  newRegistry,
  newStack,
  onlyResource,
  resourcesOf,
  resourcesOfType,
  type TemplateResource,
} from './mesh-stack';

test('the function runs the shipped bundle with a log group of its own', () => {
  const stack = newStack();
  const registry = newRegistry(stack);
  const certificateAuthority = CertificateAuthority.shortLivedRoot(stack, 'Authority');
  const logRetention = logs.RetentionDays.ONE_WEEK;
  new CertificateIssuer(stack, 'Issuer', { registry, certificateAuthority, logRetention });

  expect(onlyResource(stack, 'AWS::Lambda::Function').Properties).toMatchObject({
    Runtime: 'nodejs24.x',
    Architectures: ['arm64'],
    Handler: 'index.handler',
    Environment: {
      Variables: { TRUST_DOMAIN: 'mesh.example.com', REGISTRY_TABLE: stack.resolve(registry.table.tableName) },
    },
    LoggingConfig: { LogGroup: { Ref: onlyResource(stack, 'AWS::Logs::LogGroup').logicalId } },
  });
  expect(onlyResource(stack, 'AWS::Lambda::Function').Properties).not.toHaveProperty('FunctionName');
  expect(onlyResource(stack, 'AWS::Logs::LogGroup').Properties).toEqual({ RetentionInDays: 7 });
});

test('without a gateway it knows of none and may read no object', () => {
  const stack = newStack();
  newIssuer(stack);

  expect(variablesOf(stack)).toEqual(['REGISTRY_TABLE', 'TRUST_DOMAIN']);
  expect(JSON.stringify(onlyResource(stack, 'AWS::IAM::Policy').Properties)).not.toContain('s3:');
});

test('it knows the gateway’s name and the truststore in the version that the gateway has, and issues nothing before the gateway uses it', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  mesh.addClient('mail');

  const [, issuer] = issuerFunction(stack);
  const { bucket, versionId } = mesh.gateway.truststore;
  expect(issuer.Properties['Environment']).toEqual({
    Variables: {
      TRUST_DOMAIN: 'mesh.example.com',
      REGISTRY_TABLE: stack.resolve(mesh.registry.table.tableName),
      GATEWAY_DOMAIN_NAME: 'mesh.example.com',
      TRUSTSTORE_BUCKET: stack.resolve(bucket.bucketName),
      TRUSTSTORE_KEY: 'truststore.pem',
      TRUSTSTORE_VERSION: stack.resolve(versionId),
    },
  });
  const [domain] = Object.entries(resourcesOfType(stack, 'AWS::ApiGatewayV2::DomainName'));
  expect(domain?.[1].Properties['MutualTlsAuthentication']).toMatchObject({
    TruststoreVersion: stack.resolve(versionId),
  });
  const { logicalId: certificate } = onlyResource(stack, 'Custom::MtlsClientCertificate');
  const { logicalId: inUse } = onlyResource(stack, 'Custom::MtlsDomainTruststore');
  expect(dependenciesOf(resourcesOf(stack), certificate)).toContain(inUse);
});

test('in a region of another partition every ARN is of that partition', () => {
  const stack = new Stack(new App(), 'Test', { env: { account: '123456789012', region: 'cn-north-1' } });
  newIssuer(stack);

  const policy = JSON.stringify(stack.resolve(onlyResource(stack, 'AWS::IAM::Policy').Properties));
  expect(policy).not.toContain('arn:aws:');
  expect(policy).toMatch(/:secretsmanager:cn-north-1:123456789012:secret:mesh\.example\.com\/\*/);
});

test('has a URL, for signed requests alone, only when somebody asks for it', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  expect(issuer.requestUrl).toBe(issuer.requestUrl);

  const { logicalId, Properties } = onlyResource(stack, 'AWS::Lambda::Url');
  expect(Properties).toEqual({ AuthType: 'AWS_IAM', TargetFunctionArn: stack.resolve(issuer.handler.functionArn) });
  expect(stack.resolve(issuer.requestUrl)).toEqual({ 'Fn::GetAtt': [logicalId, 'FunctionUrl'] });
  const other = newStack();
  newIssuer(other);
  expect(resourcesOfType(other, 'AWS::Lambda::Url')).toEqual({});
});

test('it may issue and revoke with the authorities before its own, too', () => {
  const stack = newStack();
  const authorities = ['First', 'Second', 'Third'].map((id) => CertificateAuthority.shortLivedRoot(stack, id));
  const [first, second, third] = authorities as [ICertificateAuthority, ICertificateAuthority, ICertificateAuthority];
  new CertificateIssuer(stack, 'Issuer', {
    registry: newRegistry(stack),
    certificateAuthority: third,
    certificateAuthorityPredecessors: [first, second],
  });

  const { Statement } = onlyResource(stack, 'AWS::IAM::Policy').Properties['PolicyDocument'] as {
    Statement: { Action: string; Resource: object }[];
  };
  for (const action of ['acm-pca:IssueCertificate', 'acm-pca:GetCertificate', 'acm-pca:RevokeCertificate']) {
    expect(Statement.filter(({ Action }) => Action === action).map(({ Resource }) => Resource)).toEqual(
      stack.resolve(authorities.map(({ certificateAuthorityArn }) => certificateAuthorityArn)),
    );
  }
});

test('Secrets Manager may call it for the secrets of this account and trust domain', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);

  const [permission] = permissionsFor(stack, 'secretsmanager.amazonaws.com');
  expect(permission?.Properties).toEqual({
    Action: 'lambda:InvokeFunction',
    FunctionName: stack.resolve(issuer.handler.functionArn),
    Principal: 'secretsmanager.amazonaws.com',
    SourceAccount: { Ref: 'AWS::AccountId' },
    SourceArn: {
      'Fn::Join': [
        '',
        [
          'arn:',
          { Ref: 'AWS::Partition' },
          ':secretsmanager:',
          { Ref: 'AWS::Region' },
          ':',
          { Ref: 'AWS::AccountId' },
          ':secret:mesh.example.com/*',
        ],
      ],
    },
  });
});

test('a rule calls it once an hour, and no other rule may', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);

  const rule = onlyResource(stack, 'AWS::Events::Rule');
  expect(rule.Properties).toMatchObject({
    ScheduleExpression: 'rate(1 hour)',
    State: 'ENABLED',
    Targets: [{ Arn: stack.resolve(issuer.handler.functionArn) }],
  });
  const [permission] = permissionsFor(stack, 'events.amazonaws.com');
  expect(permission?.Properties['SourceArn']).toEqual({ 'Fn::GetAtt': [rule.logicalId, 'Arn'] });
});

test('whoever may rotate secrets can neither read them nor call the function himself', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  const policy = new iam.ManagedPolicy(stack, 'Policy');
  issuer.grantRotate(policy);

  const { Statement } = onlyResource(stack, 'AWS::IAM::ManagedPolicy').Properties['PolicyDocument'] as {
    Statement: object[];
  };
  expect(Statement).toEqual([
    expect.objectContaining({ Action: 'secretsmanager:RotateSecret' }),
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: stack.resolve(issuer.handler.functionArn),
      Condition: { Bool: { 'aws:ViaAWSService': 'true' } },
    },
  ]);
});

function variablesOf(stack: Stack): string[] {
  const [, { Properties }] = issuerFunction(stack);
  return Object.keys((Properties['Environment'] as { Variables: object }).Variables).sort();
}

function issuerFunction(stack: Stack): [logicalId: string, resource: TemplateResource] {
  const functions = Object.entries(resourcesOfType(stack, 'AWS::Lambda::Function'));
  const issuer = functions.find(
    ([, { Properties }]) => Properties['Description'] === 'Issues client certificates into secrets',
  );
  if (issuer === undefined) throw new Error('the template has no issuer');
  return issuer;
}

function permissionsFor(stack: Stack, principal: string) {
  return Object.values(resourcesOfType(stack, 'AWS::Lambda::Permission')).filter(
    ({ Properties }) => Properties['Principal'] === principal,
  );
}
