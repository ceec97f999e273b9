import { App, Duration, Lazy, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { CertificateAuthority, KeyAlgorithm, MeshClient, type MeshClientProps, MeshIntegration } from '../../lib';
import { dependenciesOf, newIssuer, newMesh, newStack, onlyResource, resourcesOf, resourcesOfType } from './mesh-stack';

const SECRET = 'AWS::SecretsManager::Secret';
const CERTIFICATE = 'Custom::MtlsClientCertificate';
const ROTATION = 'AWS::SecretsManager::RotationSchedule';
const URL = 'AWS::Lambda::Url';

function newClient(stack: Stack, props: Partial<MeshClientProps> = {}): MeshClient {
  return new MeshClient(stack, 'Client', { clientName: 'mail', issuer: props.issuer ?? newIssuer(stack), ...props });
}

test('a client is three resources: a secret, the certificate issued into it, and its rotation', () => {
  const stack = newStack();
  const issuer = newIssuer(stack);
  const issuerStack = newStack();
  newIssuer(issuerStack);
  const client = newClient(stack, { issuer });

  const secret = onlyResource(stack, SECRET).logicalId;
  expect(client.spiffeId).toBe('spiffe://mesh.example.com/mail');
  expect(onlyResource(stack, CERTIFICATE).Properties).toEqual({
    ServiceToken: stack.resolve(issuer.deploymentHandler.functionArn),
    ServiceTimeout: '900',
    SecretId: { Ref: secret },
    ClientName: 'mail',
    SpiffeId: 'spiffe://mesh.example.com/mail',
    DnsNames: [],
    KeyAlgorithm: 'EC_prime256v1',
    ValidityHours: '168',
    CertificateAuthorityArn: stack.resolve(issuer.certificateAuthority.certificateAuthorityArn),
    SigningAlgorithm: 'SHA256WITHECDSA',
  });
  expect(Object.keys(resourcesOf(stack))).toHaveLength(Object.keys(resourcesOf(issuerStack)).length + 3);
});

test('the secret is empty until the certificate is issued, and goes with the client', () => {
  const stack = newStack();
  newClient(stack);

  expect(onlyResource(stack, SECRET)).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
  expect(onlyResource(stack, SECRET).Properties).toEqual({
    Name: 'mesh.example.com/mail',
    Description: 'Client certificate and private key of spiffe://mesh.example.com/mail',
  });
});

test('the secret can be kept', () => {
  const stack = newStack();
  newClient(stack, { removalPolicy: RemovalPolicy.RETAIN });

  expect(onlyResource(stack, SECRET).DeletionPolicy).toBe('Retain');
});

test('a certificate is issued only by an active authority, and while the issuer has its permissions', () => {
  const stack = newStack();
  newClient(stack);

  const dependencies = dependenciesOf(resourcesOf(stack), onlyResource(stack, CERTIFICATE).logicalId);
  expect(dependencies).toContain(onlyResource(stack, 'AWS::ACMPCA::CertificateAuthorityActivation').logicalId);
  expect(dependencies).toContainEqual(expect.stringMatching(/^IssuerDeploymentRoleDefaultPolicy/));
});

test('every choice is a property of the certificate, so that a changed one has another issued', () => {
  const stack = newStack();
  newClient(stack, {
    dnsNames: ['mail.example.com', 'mail.internal'],
    keyAlgorithm: KeyAlgorithm.RSA_3072,
    certificateValidity: Duration.hours(36),
    overlap: Duration.hours(2),
  });

  expect(onlyResource(stack, CERTIFICATE).Properties).toMatchObject({
    DnsNames: ['mail.example.com', 'mail.internal'],
    KeyAlgorithm: 'RSA_3072',
    ValidityHours: '36',
    OverlapHours: '2',
  });
});

test('what was issued can be read from the template', () => {
  const stack = newStack();
  const client = newClient(stack);
  const attributes = stack.resolve([client.serialNumber, client.notAfter, client.fingerprint]);

  const { logicalId } = onlyResource(stack, CERTIFICATE);
  expect(attributes).toEqual(
    ['SerialNumber', 'NotAfter', 'Fingerprint'].map((name) => ({ 'Fn::GetAtt': [logicalId, name] })),
  );
});

test('whoever is granted reading may read this secret and nothing else', () => {
  const stack = newStack();
  const role = new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() });
  newClient(stack).grantRead(role);

  const policies = Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy'));
  const [, policy] = policies.find(([id]) => id.startsWith('Reader')) ?? [];
  expect(policy?.Properties['PolicyDocument']).toMatchObject({
    Statement: [
      {
        Effect: 'Allow',
        Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
        Resource: { Ref: onlyResource(stack, SECRET).logicalId },
      },
    ],
  });
});

test('a key of your own encrypts the secret, and the issuer may use it through Secrets Manager only', () => {
  const stack = newStack();
  const encryptionKey = new kms.Key(stack, 'Key');
  newClient(stack, { encryptionKey });

  const keyArn = stack.resolve(encryptionKey.keyArn);
  expect(onlyResource(stack, SECRET).Properties['KmsKeyId']).toEqual(keyArn);
  const statement = {
    Effect: 'Allow',
    Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
    Resource: keyArn,
    Condition: {
      StringEquals: {
        'kms:ViaService': {
          'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]],
        },
      },
    },
  };
  expect(keyStatementsByRole(stack)).toEqual([
    ['IssuerDeploymentRole', [statement]],
    ['IssuerRotationRole', [statement]],
  ]);
});

/** What each role may do with keys. */
function keyStatementsByRole(stack: Stack): [role: string, statements: object[]][] {
  return Object.entries(resourcesOfType(stack, 'AWS::IAM::Policy')).flatMap(([id, { Properties }]) => {
    const { Statement } = Properties['PolicyDocument'] as { Statement: object[] };
    const ofKeys = Statement.filter((statement) => JSON.stringify(statement).includes('kms:'));
    const role = id.replace(/DefaultPolicy.*/, '');
    return ofKeys.length > 0 ? [[role, ofKeys] satisfies [string, object[]]] : [];
  });
}

test('a hundred clients with one key need the statement once', () => {
  const stack = newStack();
  const encryptionKey = new kms.Key(stack, 'Key');
  const issuer = newIssuer(stack);
  for (let index = 0; index < 100; index += 1) {
    new MeshClient(stack, `Client${index}`, { clientName: `client-${index}`, issuer, encryptionKey });
  }

  expect(keyStatementsByRole(stack).map(([, statements]) => statements.length)).toEqual([1, 1]);
});

describe('rotation', () => {
  test('is run by the issuer on a schedule, not at once', () => {
    const stack = newStack();
    const issuer = newIssuer(stack);
    newClient(stack, { issuer });

    expect(onlyResource(stack, ROTATION).Properties).toEqual({
      SecretId: { Ref: onlyResource(stack, SECRET).logicalId },
      RotationLambdaARN: stack.resolve(issuer.rotationHandler.functionArn),
      RotationRules: { ScheduleExpression: expect.stringMatching(/^cron\(0 \d+ 1\/3 \* \? \*\)$/), Duration: '4h' },
      RotateImmediatelyOnUpdate: false,
    });
  });

  test('is set up once there is a certificate to test and the issuer may be called', () => {
    const stack = newStack();
    newClient(stack);

    const { DependsOn = [] } = onlyResource(stack, ROTATION);
    const permissions = Object.entries(resourcesOfType(stack, 'AWS::Lambda::Permission'));
    const [permission] =
      permissions.find(([, { Properties }]) => Properties['Principal'] === 'secretsmanager.amazonaws.com') ?? [];
    expect([...DependsOn].sort()).toEqual([onlyResource(stack, CERTIFICATE).logicalId, permission].sort());
  });

  test('keeps to an interval of your own', () => {
    const stack = newStack();
    newClient(stack, { rotateAfter: Duration.hours(12) });

    expect(onlyResource(stack, ROTATION).Properties['RotationRules']).toEqual({
      ScheduleExpression: expect.stringMatching(/^cron\(0 \d+\/12 \* \* \? \*\)$/),
      Duration: '1h',
    });
  });
});

describe('synthesis refuses', () => {
  const label =
    'must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen';

  test.each([
    ['Mail', label],
    ['1mail', label],
    ['-mail', label],
    ['mail-', label],
    ['mail.app', label],
    ['mail/app', label],
    ['../schedule', label],
    ['mail*', label],
    ['mail\n', label],
    ['mail ', label],
    ['maïl', label],
    ['', label],
    ['m'.repeat(64), 'must have at most 63 characters'],
  ])('the client name %j', (clientName, rule) => {
    expect(() => newClient(newStack(), { clientName })).toThrow(
      `Test/Client: clientName ${rule}, got ${JSON.stringify(clientName)}`,
    );
  });

  test('a SPIFFE ID that ACM PCA has no room for', () => {
    const stack = newStack();
    const trustDomain = `${'a'.repeat(240)}.com`;
    expect(() => newClient(stack, { issuer: newIssuer(stack, trustDomain) })).toThrow(
      `Test/Client: spiffeId must have at most 253 characters, got "spiffe://${trustDomain}/mail"`,
    );
  });

  test.each(['*.example.com', 'Mail.example.com', 'mail..example.com', 'mail.example.com,DNS:evil', 'a b', ''])(
    'the DNS name %j',
    (name) => {
      expect(() => newClient(newStack(), { dnsNames: ['mail.example.com', name] })).toThrow(
        `Test/Client: dnsNames[1] must be a DNS name in lower case, without wildcards, got ${JSON.stringify(name)}`,
      );
    },
  );

  test.each([
    [Duration.minutes(630), 'must be whole hours, at least 8, got 10 hours 30 minutes'],
    [Duration.hours(0), 'must be whole hours, at least 8, got'],
    [Duration.hours(7), 'must be whole hours, at least 8, got 7 hours'],
    [Duration.seconds(1), 'must be whole hours, at least 8, got 1 second'],
    [Duration.hours(169), 'must be at most the longest validity of the authority (7 days), got 7 days 1 hour'],
    [Duration.days(3650), 'must be at most the longest validity of the authority (7 days), got 3650 days'],
  ])('a certificate validity of %s', (certificateValidity, rule) => {
    expect(() => newClient(newStack(), { certificateValidity })).toThrow(`Test/Client: certificateValidity ${rule}`);
  });

  const rightIntervals = 'must be 4, 6, 8, 12 hours or whole days up to 999';
  const roomForAnother = 'must leave a third of certificateValidity (7 days) to repeat a rotation that fails';

  test.each([
    [Duration.hours(3), rightIntervals, '3 hours'],
    [Duration.hours(5), rightIntervals, '5 hours'],
    [Duration.minutes(250), rightIntervals, '4 hours 10 minutes'],
    [Duration.hours(36), rightIntervals, '1 day 12 hours'],
    [Duration.days(0), rightIntervals, ''],
    [Duration.days(1000), rightIntervals, '1000 days'],
    [Duration.days(5), roomForAnother, '5 days'],
    [Duration.days(7), roomForAnother, '7 days'],
    [Duration.days(30), roomForAnother, '30 days'],
  ])('a rotation after %s', (rotateAfter, rule, got) => {
    expect(() => newClient(newStack(), { rotateAfter })).toThrow(`Test/Client: rotateAfter ${rule}, got ${got}`);
  });

  test.each([
    [Duration.minutes(30), 'must be whole hours, at least one, got 30 minutes'],
    [Duration.hours(0), 'must be whole hours, at least one, got'],
    [Duration.days(8), 'must be at most certificateValidity (7 days), got 8 days'],
  ])('an overlap of %s', (overlap, rule) => {
    expect(() => newClient(newStack(), { overlap })).toThrow(`Test/Client: overlap ${rule}`);
  });

  test('a rotation that no schedule can be derived from', () => {
    const token = Duration.hours(Lazy.number({ produce: () => 4 }));

    expect(() => newClient(newStack(), { rotateAfter: token })).toThrow(
      'Test/Client: rotateAfter must be known at synthesis, got a token',
    );
    expect(() => newClient(newStack(), { certificateValidity: token })).toThrow(
      'Test/Client: rotateAfter must be set when certificateValidity is a token, got none',
    );
  });

  test('a client name that is a token, because other names are derived from it', () => {
    const clientName = Lazy.string({ produce: () => 'mail' });
    expect(() => newClient(newStack(), { clientName })).toThrow(
      'Test/Client: clientName must be known at synthesis, got a token',
    );
    const mesh = newMesh(newStack());
    for (const add of [
      () => mesh.addClient(clientName),
      () => mesh.addService(clientName, { integration: MeshIntegration.http('https://a.example.com') }),
    ]) {
      expect(add).toThrow(/^Test\/Mesh: (client|service) name must be known at synthesis, got a token$/);
    }
  });

  test('nothing about tokens, which only CloudFormation can read', () => {
    const stack = newStack();
    newClient(stack, {
      dnsNames: [Lazy.string({ produce: () => '*' })],
      certificateValidity: Duration.hours(Lazy.number({ produce: () => 1000 })),
      rotateAfter: Duration.days(10),
      overlap: Duration.hours(Lazy.number({ produce: () => 2000 })),
    });

    expect(onlyResource(stack, CERTIFICATE).Properties).toMatchObject({
      DnsNames: ['*'],
      ValidityHours: '1000',
      OverlapHours: '2000',
    });
  });
});

test('a general-purpose authority issues for longer than a week', () => {
  const stack = newStack();
  const issuer = newIssuer(stack, undefined, CertificateAuthority.generalPurposeSubordinate(stack, 'Authority'));
  newClient(stack, { issuer, certificateValidity: Duration.days(90) });

  expect(onlyResource(stack, CERTIFICATE).Properties['ValidityHours']).toBe('2160');
});

test('a client may live in another stack than its issuer', () => {
  const app = new App();
  const issuer = newIssuer(new Stack(app, 'Platform'));
  const stack = new Stack(app, 'Mail');
  new MeshClient(stack, 'Client', { clientName: 'mail', issuer });

  expect(
    Object.values(resourcesOf(stack))
      .map(({ Type }) => Type)
      .sort(),
  ).toEqual([SECRET, CERTIFICATE, ROTATION].sort());
});

describe('a client that keeps its own key', () => {
  test('is its registration, without secret, rotation or a right to ask', () => {
    const stack = newStack();
    const issuer = newIssuer(stack);
    newClient(stack, { issuer, ownKey: true, dnsNames: ['mail.example.com'] });

    expect(onlyResource(stack, CERTIFICATE).Properties).toEqual({
      ServiceToken: stack.resolve(issuer.deploymentHandler.functionArn),
      ServiceTimeout: '900',
      ClientName: 'mail',
      SpiffeId: 'spiffe://mesh.example.com/mail',
      DnsNames: ['mail.example.com'],
      KeyAlgorithm: 'EC_prime256v1',
      ValidityHours: '168',
      CertificateAuthorityArn: stack.resolve(issuer.certificateAuthority.certificateAuthorityArn),
      SigningAlgorithm: 'SHA256WITHECDSA',
    });
    for (const type of [SECRET, ROTATION, URL]) expect(resourcesOfType(stack, type)).toEqual({});
  });

  test.each(['secret', 'serialNumber', 'notAfter', 'fingerprint'] as const)('has no %s', (property) => {
    const client = newClient(newStack(), { ownKey: true });
    expect(() => client[property]).toThrow(
      `Test/Client: there is no ${property}, because the client keeps its own key (ownKey)`,
    );
  });

  test('has nothing to read', () => {
    const stack = newStack();
    const client = newClient(stack, { ownKey: true });
    expect(() => client.grantRead(newRole(stack))).toThrow('Test/Client: there is no secret');
  });

  test.each<Partial<MeshClientProps>>([
    { rotateAfter: Duration.days(3) },
    { overlap: Duration.hours(2) },
    { removalPolicy: RemovalPolicy.RETAIN },
  ])('refuses %j, which is of a secret', (props) => {
    const [property] = Object.keys(props);
    expect(() => newClient(newStack(), { ...props, ownKey: true })).toThrow(
      `Test/Client: ${property} must not be set with ownKey, because there is no secret, got a value`,
    );
  });

  test('takes from its mesh what is not of a secret', () => {
    const stack = newStack();
    newMesh(stack, {
      keyAlgorithm: KeyAlgorithm.RSA_2048,
      rotateAfter: Duration.days(2),
      overlap: Duration.hours(2),
    }).addClient('mail', { ownKey: true });

    expect(onlyResource(stack, CERTIFICATE).Properties).toMatchObject({ KeyAlgorithm: 'RSA_2048' });
    expect(onlyResource(stack, CERTIFICATE).Properties).not.toHaveProperty('OverlapHours');
  });
});

function newRole(stack: Stack): iam.Role {
  return new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() });
}

test('a grant to a role of another account needs a key, and says so by path', () => {
  const app = new App();
  const stack = new Stack(app, 'Test', { env: { account: '111122223333', region: 'us-east-1' } });
  const other = new Stack(app, 'Other', { env: { account: '444455556666', region: 'us-east-1' } });
  const role = new iam.Role(other, 'Role', { roleName: 'mail', assumedBy: new iam.AccountRootPrincipal() });
  expect(() => newClient(stack).grantRead(role)).toThrow(
    'Test/Client: grantee must be in the account of the client (111122223333) unless the client has an encryptionKey: set one, which the account may use, got Other/Role in 444455556666',
  );
});
