import { App, NestedStack, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import { CertificateAuthority, CertificateIssuer, type ICertificateAuthority, MeshClient } from '../../lib';
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

test('each kind of event has a function of the shipped bundle, with a handler and a log group of its own', () => {
  const stack = newStack();
  const registry = newRegistry(stack);
  const certificateAuthority = CertificateAuthority.shortLivedRoot(stack, 'Authority');
  const logRetention = logs.RetentionDays.ONE_WEEK;
  new CertificateIssuer(stack, 'Issuer', { registry, certificateAuthority, logRetention });

  const functions = Object.values(resourcesOfType(stack, 'AWS::Lambda::Function'));
  expect(functions.map(({ Properties }) => Properties['Handler']).sort()).toEqual([
    'index.deployment',
    'index.maintenance',
    'index.revocation',
    'index.rotation',
  ]);
  for (const { Properties } of functions) {
    expect(Properties).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Environment: {
        Variables: { TRUST_DOMAIN: 'mesh.example.com', REGISTRY_TABLE: stack.resolve(registry.table.tableName) },
      },
    });
  }
  const groups = resourcesOfType(stack, 'AWS::Logs::LogGroup');
  expect(functions.map(({ Properties }) => Properties['LoggingConfig'])).toEqual(
    Object.keys(groups).map((logicalId) => ({ LogGroup: { Ref: logicalId } })),
  );
  for (const { Properties } of Object.values(groups)) expect(Properties).toEqual({ RetentionInDays: 7 });
  // Only the function that operators call has a name: their command finds it by the trust domain.
  expect(functions.map(({ Properties }) => Properties['FunctionName']).filter(Boolean)).toEqual([
    'mtls-mesh-revoke-mesh-example-com-ff8ab9153d',
  ]);
});

test('custom resources are served for the stacks of the app that declare clients', () => {
  const app = new App();
  const stack = new Stack(app, 'Test');
  const issuer = newIssuer(stack);
  const other = new Stack(app, 'Other', { stackName: 'mail-app' });
  new MeshClient(other, 'Mail', { clientName: 'mail', issuer });
  const nested = new NestedStack(other, 'Nested');
  new MeshClient(nested, 'Groups', { clientName: 'groups', issuer });
  new MeshClient(stack, 'Users', { clientName: 'users', issuer });
  new MeshClient(other, 'Social', { clientName: 'social', issuer });

  const { STACKS } = variablesOf(stack, 'deployment');
  expect(STACKS).toEqual({
    'Fn::Join': [
      '',
      [
        { Ref: 'AWS::StackId' },
        expect.stringMatching(/^,mail-app,mail-app-NestedNestedStackNestedNestedStackResource\w+-\*$/),
      ],
    ],
  });
  for (const handler of ['rotation', 'maintenance', 'revocation']) {
    expect(variablesOf(stack, handler)).not.toHaveProperty('STACKS');
  }
});

test('a stack in a nested stack is served by the name of the outer one, which its own begins with', () => {
  const app = new App();
  const stack = new Stack(app, 'Test');
  const issuer = newIssuer(stack);
  const outer = new NestedStack(new Stack(app, 'Other'), 'Outer');
  new MeshClient(outer, 'Mail', { clientName: 'mail', issuer });
  new MeshClient(new NestedStack(outer, 'Inner'), 'Social', { clientName: 'social', issuer });

  const text = JSON.stringify(variablesOf(stack, 'deployment'));
  expect(text.match(/,[\w*/-]+/g)).toEqual([
    expect.stringMatching(/^,Other-OuterNestedStackOuterNestedStackResource[0-9A-F]{8}-\*$/),
  ]);
});

test('a nested stack whose name CloudFormation would shorten can’t declare clients', () => {
  const stack = new Stack(new App(), 'Test');
  const issuer = newIssuer(stack);
  const nested = new NestedStack(stack, 'N'.repeat(40));
  new MeshClient(nested, 'Mail', { clientName: 'mail', issuer });

  expect(() => variablesOf(stack, 'deployment')).toThrow(
    /Test\/N{40}: id must give the nested stack a name of at most 114 characters, because it declares clients, got Test-N{40}/,
  );
});

/** A mesh with so many other stacks that declare clients. Their names have 24 characters. */
function meshWithStacks(count: number) {
  const app = new App();
  const stack = new Stack(app, 'Mesh', { env: { account: '111122223333', region: 'ap-southeast-1' } });
  const { issuer } = newMesh(stack);
  for (let index = 0; index < count; index++) {
    issuer.serveStackOf(new Stack(app, `CustomerRelations-${String(index).padStart(6, '0')}`));
  }
  return stack;
}

/** What Lambda measures: https://github.com/github-aws-runners/terraform-aws-github-runner/issues/3594 */
function environmentBytes(stack: Stack): number {
  const resolved = JSON.stringify(variablesOf(stack, 'deployment'), (_, value) => {
    const [separator, parts] = Object(value)['Fn::Join'] ?? [];
    if (parts) return parts.map((part: unknown) => (typeof part === 'string' ? part : OWN_STACK_ID)).join(separator);
    const isBucket = JSON.stringify(value).startsWith('{"Ref":"MeshTruststoreBucket');
    if (isBucket) return 'b'.repeat(63);
    return Object(value).Ref || Object(value)['Fn::GetAtt'] ? 'v'.repeat(32) : value;
  });
  return Buffer.byteLength(resolved);
}

const OWN_STACK_ID =
  'arn:aws-us-gov:cloudformation:ap-southeast-1:111122223333:stack/Mesh/01234567-89ab-cdef-0123-456789abcdef';

/** The largest count up to `limit` with which something can be synthesized. */
function largest(limit: number, synthesize: (count: number) => unknown): number {
  let [possible, impossible] = [0, limit + 1];
  while (impossible - possible > 1) {
    const count = Math.floor((possible + impossible) / 2);
    try {
      synthesize(count);
      possible = count;
    } catch {
      impossible = count;
    }
  }
  return possible;
}

test('as many stacks are served as fit into the environment of a function, and more are refused', () => {
  const fitting = largest(200, (count) => variablesOf(meshWithStacks(count), 'deployment'));
  expect(fitting).toBeGreaterThan(120);
  expect(environmentBytes(meshWithStacks(fitting))).toBeLessThanOrEqual(4_096);
  expect(() => variablesOf(meshWithStacks(fitting + 1), 'deployment')).toThrow(
    /\[Mesh\/Mesh\/Issuer\/Deployment\/Function\] the environment variables must have at most 4096 bytes together, because Lambda limits the environment of a function to 4 KB, got about \d+, \d+ of them in STACKS: declare the clients of several stacks in one, or give the stacks shorter names/,
  );
});

test('two clients of one issuer can’t have one name, in whichever stacks they are', () => {
  const app = new App();
  const issuer = newIssuer(new Stack(app, 'Test'));
  new MeshClient(new Stack(app, 'One'), 'Mail', { clientName: 'mail', issuer });
  const two = new Stack(app, 'Two');
  expect(() => new MeshClient(two, 'Mail', { clientName: 'mail', issuer })).toThrow(
    'Two/Mail: clientName must be unique within the mesh, got "mail", the name of One/Mail',
  );
});

test('without a gateway it knows of none and may read no object', () => {
  const stack = newStack();
  newIssuer(stack);

  expect(Object.keys(variablesOf(stack, 'rotation')).sort()).toEqual(['REGISTRY_TABLE', 'TRUST_DOMAIN']);
  expect(JSON.stringify(resourcesOfType(stack, 'AWS::IAM::Policy'))).not.toContain('s3:');
});

test('it knows the gateway’s name and the truststore in the version that the gateway has, and issues nothing before the gateway uses it', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  mesh.addClient('mail');

  const { bucket, versionId } = mesh.gateway.truststore;
  expect(variablesOf(stack, 'rotation')).toEqual({
    TRUST_DOMAIN: 'mesh.example.com',
    REGISTRY_TABLE: stack.resolve(mesh.registry.table.tableName),
    GATEWAY_DOMAIN_NAME: 'mesh.example.com',
    TRUSTSTORE_BUCKET: stack.resolve(bucket.bucketName),
    TRUSTSTORE_KEY: 'truststore.pem',
    TRUSTSTORE_VERSION: stack.resolve(versionId),
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

  const policy = JSON.stringify(stack.resolve(resourcesOfType(stack, 'AWS::IAM::Policy')));
  expect(policy).not.toContain('arn:aws:');
  expect(policy).toMatch(/:secretsmanager:cn-north-1:123456789012:secret:mesh\.example\.com\/\*/);
});

test('has a URL, for signed requests alone, only when somebody asks for it', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  expect(issuer.requestUrl).toBe(issuer.requestUrl);

  const { logicalId, Properties } = onlyResource(stack, 'AWS::Lambda::Url');
  const [function_] = functionWith(stack, 'request');
  expect(Properties).toEqual({ AuthType: 'AWS_IAM', TargetFunctionArn: { 'Fn::GetAtt': [function_, 'Arn'] } });
  expect(stack.resolve(issuer.requestUrl)).toEqual({ 'Fn::GetAtt': [logicalId, 'FunctionUrl'] });
  const other = newStack();
  newIssuer(other);
  expect(resourcesOfType(other, 'AWS::Lambda::Url')).toEqual({});
  expect(() => functionWith(other, 'request')).toThrow();
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

  const policies = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'));
  const authoritiesFor = (id: string, action: string) => {
    const [, policy] = policies.find(([logicalId]) => logicalId.startsWith(`Issuer${id}Role`)) ?? [];
    const document = policy?.Properties['PolicyDocument'] as { Statement: { Action: string; Resource: object }[] };
    return document.Statement.filter(({ Action }) => Action === action).map(({ Resource }) => Resource);
  };
  const all = stack.resolve(authorities.map(({ certificateAuthorityArn }) => certificateAuthorityArn));
  for (const action of ['acm-pca:IssueCertificate', 'acm-pca:GetCertificate']) {
    for (const id of ['Deployment', 'Rotation']) expect(authoritiesFor(id, action)).toEqual(all);
    for (const id of ['Maintenance', 'Revocation']) expect(authoritiesFor(id, action)).toEqual([]);
  }
  for (const id of ['Deployment', 'Rotation']) expect(authoritiesFor(id, 'acm-pca:RevokeCertificate')).toEqual([]);
  for (const id of ['Maintenance', 'Revocation']) expect(authoritiesFor(id, 'acm-pca:RevokeCertificate')).toEqual(all);
});

describe.each(['a token', 'known'])('with authorities whose ARN is %s', (kind) => {
  const issuerWith = (count: number): Stack => {
    const stack = new Stack(new App(), 'Issuing', { env: { account: '111122223333', region: 'ap-southeast-1' } });
    const authority = CertificateAuthority.shortLivedRoot(stack, 'Root');
    const certificateAuthorityPredecessors = Array.from({ length: count }, (_, index) => {
      if (kind === 'a token') return authority;
      const id = `01234567-89ab-cdef-0123-${String(index).padStart(12, '0')}`;
      return Object.create(authority, {
        certificateAuthorityArn: {
          value: `arn:aws:acm-pca:ap-southeast-1:111122223333:certificate-authority/${id}`,
        },
      }) as ICertificateAuthority;
    });
    new CertificateIssuer(stack, 'Issuer', {
      registry: newRegistry(stack),
      certificateAuthority: authority,
      certificateAuthorityPredecessors,
    });
    return stack;
  };

  test('as many are looked after as fit into the environment of a function, and more are refused', () => {
    const fitting = largest(50, (count) => variablesOf(issuerWith(count), 'maintenance'));
    expect(fitting).toBeGreaterThan(28);
    expect(variablesOf(issuerWith(fitting), 'maintenance')).toHaveProperty('CERTIFICATE_AUTHORITIES');
    expect(() => variablesOf(issuerWith(fitting + 1), 'maintenance')).toThrow(
      /\[Issuing\/Issuer\/Maintenance\/Function\] .* in CERTIFICATE_AUTHORITIES: remove the certificateAuthorityPredecessors whose certificates have expired/,
    );
  });
});

test('Secrets Manager may call it for the secrets of this account and trust domain', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);

  const [permission] = permissionsFor(stack, 'secretsmanager.amazonaws.com');
  expect(permission?.Properties).toEqual({
    Action: 'lambda:InvokeFunction',
    FunctionName: stack.resolve(issuer.rotationHandler.functionArn),
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
    Targets: [{ Arn: stack.resolve(issuer.maintenanceHandler.functionArn) }],
  });
  const [permission] = permissionsFor(stack, 'events.amazonaws.com');
  expect(permission?.Properties['SourceArn']).toEqual({ 'Fn::GetAtt': [rule.logicalId, 'Arn'] });
});

test('who may rotate secrets can’t read them, and may call the function that rotates, as RotateSecret requires, and no other', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  const policy = new iam.ManagedPolicy(stack, 'Policy');
  issuer.grantRotate(policy);

  const { Statement } = onlyResource(stack, 'AWS::IAM::ManagedPolicy').Properties['PolicyDocument'] as {
    Statement: object[];
  };
  expect(Statement).toEqual([
    expect.objectContaining({
      Action: 'secretsmanager:RotateSecret',
      Condition: {
        BoolIfExists: { 'secretsmanager:ModifyRotationRules': 'false' },
        ArnEqualsIfExists: {
          'secretsmanager:RotationLambdaARN': stack.resolve(issuer.rotationHandler.functionArn),
        },
      },
    }),
    {
      Effect: 'Allow',
      Action: 'lambda:InvokeFunction',
      Resource: stack.resolve(issuer.rotationHandler.functionArn),
    },
  ]);
});

test('who may revoke calls the function that revokes, and no other', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  const policy = new iam.ManagedPolicy(stack, 'Policy');
  issuer.grantRevoke(policy);

  expect(onlyResource(stack, 'AWS::IAM::ManagedPolicy').Properties['PolicyDocument']).toMatchObject({
    Statement: [
      {
        Effect: 'Allow',
        Action: 'lambda:InvokeFunction',
        Resource: stack.resolve(issuer.revocationHandler.functionArn),
      },
    ],
  });
});

function variablesOf(stack: Stack, handler: string): Record<string, unknown> {
  const [, { Properties }] = functionWith(stack, handler);
  return (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables;
}

function functionWith(stack: Stack, handler: string): [logicalId: string, resource: TemplateResource] {
  const functions = Object.entries(resourcesOfType(stack, 'AWS::Lambda::Function'));
  const found = functions.find(([, { Properties }]) => Properties['Handler'] === `index.${handler}`);
  if (found === undefined) throw new Error(`the template has no function with the handler ${handler}`);
  return found;
}

function permissionsFor(stack: Stack, principal: string) {
  return Object.values(resourcesOfType(stack, 'AWS::Lambda::Permission')).filter(
    ({ Properties }) => Properties['Principal'] === principal,
  );
}
