import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, CfnParameter, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as route53 from 'aws-cdk-lib/aws-route53';
import {
  CertificateAuthority,
  DenialReason,
  type ICertificateAuthority,
  KeyAlgorithm,
  MeshIntegration,
  SigningAlgorithm,
} from '../../lib';
import { DENIAL_REASONS, METRICS } from '../../mesh/contract';
import {
  dependenciesOf,
  newFunction,
  newMesh,
  newStack,
  onlyResource,
  resourcesOf,
  resourcesOfType,
} from './mesh-stack';

const CERTIFICATE = 'Custom::MtlsClientCertificate';
const integration = MeshIntegration.http('https://schedule.example.com');

test('one authority stands behind truststore, gateway and issuer', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  mesh.addClient('mail');

  const { certificateAuthorityArn, certificateChain } = mesh.certificateAuthority;
  expect(onlyResource(stack, 'AWS::ACMPCA::CertificateAuthority').Properties).toMatchObject({
    Type: 'ROOT',
    UsageMode: 'SHORT_LIVED_CERTIFICATE',
  });
  expect(onlyResource(stack, 'Custom::MtlsTruststore').Properties['CertificateAuthorities']).toEqual([
    stack.resolve({ CertificateAuthorityArn: certificateAuthorityArn, CertificateChain: certificateChain }),
  ]);
  expect(mesh.trustedAuthorities).toEqual([mesh.certificateAuthority]);
  expect(onlyResource(stack, CERTIFICATE).Properties['CertificateAuthorityArn']).toEqual(
    stack.resolve(certificateAuthorityArn),
  );
});

test('the trust domain is the domain name unless another is given', () => {
  const stack = newStack();
  const mesh = newMesh(stack, { trustDomain: 'example.com' });
  const client = mesh.addClient('mail');

  expect(mesh.trustDomain).toBe('example.com');
  expect(client.spiffeId).toBe('spiffe://example.com/mail');
  expect(onlyResource(stack, 'AWS::SecretsManager::Secret').Properties['Name']).toBe('example.com/mail');
  expect(newMesh(newStack()).trustDomain).toBe('mesh.example.com');
});

test('a certificate is issued only once the gateway trusts the authority, and nothing else waits for that', () => {
  const stack = newStack();
  newMesh(stack).addClient('mail');

  const inUse = onlyResource(stack, 'Custom::MtlsDomainTruststore').logicalId;
  const waiting = Object.entries(resourcesOf(stack)).filter(([, { DependsOn }]) => DependsOn?.includes(inUse));
  expect(waiting.map(([logicalId]) => logicalId)).toEqual([onlyResource(stack, CERTIFICATE).logicalId]);
  const domain = onlyResource(stack, 'AWS::ApiGatewayV2::DomainName').logicalId;
  expect(dependenciesOf(resourcesOf(stack), inUse)).toContain(domain);
});

describe('an authority with successors', () => {
  const authorities = (stack: Stack, ...ids: string[]) =>
    ids.map((id) => CertificateAuthority.shortLivedRoot(stack, id));

  test('is let in beside them, and the last of them issues', () => {
    const stack = newStack();
    const [second, third] = authorities(stack, 'Second', 'Third') as [ICertificateAuthority, ICertificateAuthority];
    const mesh = newMesh(stack, { certificateAuthoritySuccessors: [second, third] });
    mesh.addClient('mail');

    const first = mesh.node.findChild('CertificateAuthority');
    expect(mesh.certificateAuthority).toBe(third);
    expect(mesh.trustedAuthorities).toEqual([first, second, third]);
    const published = onlyResource(stack, 'Custom::MtlsTruststore').Properties['CertificateAuthorities'];
    expect(published).toEqual(
      mesh.trustedAuthorities.map(({ certificateAuthorityArn, certificateChain }) =>
        stack.resolve({ CertificateAuthorityArn: certificateAuthorityArn, CertificateChain: certificateChain }),
      ),
    );
    expect(onlyResource(stack, CERTIFICATE).Properties['CertificateAuthorityArn']).toEqual(
      stack.resolve(third.certificateAuthorityArn),
    );
  });

  test('makes way without a change for its successor and its clients', () => {
    const template = (end: boolean) => {
      const stack = newStack();
      const [successor] = authorities(stack, 'Successor') as [ICertificateAuthority];
      const props = end ? { certificateAuthority: successor } : { certificateAuthoritySuccessors: [successor] };
      newMesh(stack, props).addClient('mail');
      return resourcesOf(stack);
    };

    const [during, after] = [template(false), template(true)];
    const changed = Object.keys(during).filter((id) => JSON.stringify(during[id]) !== JSON.stringify(after[id]));
    expect(changed.map((id) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'MeshCertificateAuthority',
      'MeshCertificateAuthorityActivation',
      'MeshCertificateAuthorityCertificate',
      'MeshIssuerDeploymentRoleDefaultPolicy',
      'MeshIssuerMaintenanceFunction',
      'MeshIssuerMaintenanceRoleDefaultPolicy',
      'MeshIssuerRevocationRoleDefaultPolicy',
      'MeshIssuerRotationRoleDefaultPolicy',
      'MeshTruststorePublished',
    ]);
  });

  test('sets no longer validity than the last can issue', () => {
    const stack = newStack();
    const mesh = newMesh(stack, {
      certificateAuthority: CertificateAuthority.generalPurposeSubordinate(stack, 'First'),
      certificateAuthoritySuccessors: authorities(stack, 'Second'),
      certificateValidity: Duration.days(30),
    });
    expect(() => mesh.addClient('mail')).toThrow('at most the longest validity of the authority (7 days), got 30 days');
  });

  test.each([
    ['one that is its own successor', ['First'], 'Test/First'],
    ['a successor twice', ['Second', 'Second'], 'Test/Second'],
    ['one that comes back', ['Second', 'First'], 'Test/First'],
  ])('can not be %s', (_case, successors, path) => {
    const stack = newStack();
    const byId = new Map(['First', 'Second'].map((id) => [id, CertificateAuthority.shortLivedRoot(stack, id)]));
    const props = {
      certificateAuthority: byId.get('First'),
      certificateAuthoritySuccessors: successors.flatMap((id) => byId.get(id) ?? []),
    };
    expect(() => newMesh(stack, props)).toThrow(
      `Test/Mesh: certificateAuthoritySuccessors must contain each authority once, and not the certificateAuthority, got ${path} again`,
    );
  });

  test('can not be the same one, imported under another name', () => {
    const stack = newStack();
    const imported = ['One', 'Other'].map((id) =>
      CertificateAuthority.fromCertificateAuthorityAttributes(stack, id, {
        certificateAuthorityArn:
          'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
        certificateChain: new CfnParameter(stack, `${id}Chain`).valueAsString,
        signingAlgorithm: SigningAlgorithm.SHA256WITHECDSA,
      }),
    );
    expect(() => newMesh(stack, { certificateAuthoritySuccessors: imported })).toThrow('got Test/Other again');
  });
});

test('issuer, authorizer and truststore share one registry, which is named after the trust domain', () => {
  const stack = newStack();
  newMesh(stack, { trustDomain: 'example.com', deletionProtection: true });

  const table = onlyResource(stack, 'AWS::DynamoDB::Table');
  expect(table.Properties).toMatchObject({ TableName: 'mtls-mesh.example.com', DeletionProtectionEnabled: true });
  const environments = Object.values(resourcesOfType(stack, 'AWS::Lambda::Function')).map(
    ({ Properties }) => (Properties['Environment'] as { Variables: Record<string, unknown> }).Variables,
  );
  expect(environments.map((variables) => variables['TRUST_DOMAIN'])).toEqual(Array(6).fill('example.com'));
  expect(environments.flatMap((variables) => variables['REGISTRY_TABLE'] ?? [])).toEqual(
    Array(6).fill({ Ref: table.logicalId }),
  );
});

test('an authority of your own is used as it is', () => {
  const stack = newStack();
  const certificateAuthority = CertificateAuthority.generalPurposeSubordinate(stack, 'Authority');
  const mesh = newMesh(stack, { certificateAuthority, certificateValidity: Duration.days(90) });
  mesh.addClient('mail');

  expect(mesh.certificateAuthority).toBe(certificateAuthority);
  expect(mesh.node.tryFindChild('CertificateAuthority')).toBeUndefined();
  expect(onlyResource(stack, CERTIFICATE).Properties['ValidityHours']).toBe('2160');
});

test("what is chosen for the mesh holds for its clients, unless a client's own choice differs", () => {
  const stack = newStack();
  const mesh = newMesh(stack, {
    keyAlgorithm: KeyAlgorithm.EC_SECP384R1,
    certificateValidity: Duration.days(3),
    rotateAfter: Duration.hours(12),
    overlap: Duration.hours(2),
  });
  mesh.addClient('mail');
  mesh.addClient('social', {
    keyAlgorithm: KeyAlgorithm.RSA_2048,
    certificateValidity: Duration.days(1),
    rotateAfter: Duration.hours(6),
    overlap: Duration.hours(1),
  });

  expect(Object.values(resourcesOfType(stack, CERTIFICATE)).map(({ Properties }) => Properties)).toMatchObject([
    { ClientName: 'mail', KeyAlgorithm: 'EC_secp384r1', ValidityHours: '72', OverlapHours: '2' },
    { ClientName: 'social', KeyAlgorithm: 'RSA_2048', ValidityHours: '24', OverlapHours: '1' },
  ]);
  const schedules = Object.values(resourcesOfType(stack, 'AWS::SecretsManager::RotationSchedule'));
  expect(schedules.map(({ Properties }) => Properties['RotationRules'])).toMatchObject([
    { ScheduleExpression: expect.stringMatching(/^cron\(0 \d+\/12 /) },
    { ScheduleExpression: expect.stringMatching(/^cron\(0 \d+\/6 /) },
  ]);
});

test('a service that calls others is a client of the same name', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  const service = mesh.addService('groups', { integration });
  const client = mesh.addClient('groups');

  expect([service.url, client.spiffeId]).toEqual([
    'https://mesh.example.com/groups',
    'spiffe://mesh.example.com/groups',
  ]);
  expect(() => resourcesOf(stack)).not.toThrow();
});

test('with DESTROY nothing is left, and by default everything but the secrets is', () => {
  const policies = (removalPolicy?: RemovalPolicy) => {
    const stack = newStack();
    newMesh(stack, { removalPolicy }).addClient('mail');
    return Object.values(resourcesOf(stack)).flatMap(({ Type, DeletionPolicy }) =>
      DeletionPolicy?.startsWith('Retain') ? [Type] : [],
    );
  };

  expect(policies(RemovalPolicy.DESTROY)).toEqual([]);
  expect(new Set(policies())).toEqual(
    new Set([
      'AWS::ACMPCA::CertificateAuthority',
      'AWS::ACMPCA::Certificate',
      'AWS::ACMPCA::CertificateAuthorityActivation',
      'AWS::DynamoDB::Table',
      'AWS::S3::Bucket',
      'AWS::Logs::LogGroup',
    ]),
  );
});

test.each([
  ['metricCertificatesIssued', 'CertificatesIssued', 'Sum'],
  ['metricRotationsSucceeded', 'RotationsSucceeded', 'Sum'],
  ['metricRotationsFailed', 'RotationsFailed', 'Sum'],
  ['metricCertificatesRevoked', 'CertificatesRevoked', 'Sum'],
  ['metricAuditIncomplete', 'AuditIncomplete', 'Sum'],
  ['metricCertificatesExpiring', 'CertificatesExpiring', 'Maximum'],
  ['metricHoursToExpiry', 'HoursToExpiry', 'Minimum'],
  ['metricDaysToAuthorityExpiry', 'DaysToAuthorityExpiry', 'Minimum'],
  ['metricRegistryUnavailable', 'RegistryUnavailable', 'Sum'],
  ['metricRequestsDenied', 'RequestsDenied', 'Sum'],
] as const)('%s is the metric %s of the trust domain, and its options hold', (method, metricName, statistic) => {
  const mesh = newMesh(newStack(), { trustDomain: 'example.com' });

  expect(mesh[method]()).toMatchObject({
    namespace: 'MtlsServiceMesh',
    metricName,
    statistic,
    dimensions: { TrustDomain: 'example.com' },
  });
  expect(mesh[method]({ statistic: 'p90', label: 'mine' })).toMatchObject({
    metricName,
    statistic: 'p90',
    label: 'mine',
  });
});

test('denied requests are also counted by the reasons that the authorizer gives', () => {
  const metric = newMesh(newStack()).metricRequestsDenied({ reason: DenialReason.REVOKED, label: 'revoked' });

  expect(metric).toMatchObject({
    metricName: 'RequestsDenied',
    dimensions: { TrustDomain: 'mesh.example.com', Reason: 'REVOKED' },
    label: 'revoked',
  });
  expect(Object.values(DenialReason).sort()).toEqual([...DENIAL_REASONS].sort());
});

test('every metric has its method', () => {
  const mesh = newMesh(newStack());
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(mesh)).filter((name) => name.startsWith('metric'));

  expect(methods.map((name) => name.slice('metric'.length)).sort()).toEqual(Object.values(METRICS).sort());
});

test("a rule can be made for the mesh's own events, and for some of them", () => {
  const stack = newStack();
  const target = { bind: () => ({ arn: 'arn:aws:sns:us-east-1:123456789012:topic' }) };
  newMesh(stack).onEvent('Revoked', { target, eventPattern: { detailType: ['Certificate Revoked'] } });

  const rules = Object.values(resourcesOfType(stack, 'AWS::Events::Rule')).map(({ Properties }) => Properties);
  expect(rules.filter(({ EventPattern }) => EventPattern)).toMatchObject([
    {
      EventPattern: {
        source: ['mtls-service-mesh'],
        'detail-type': ['Certificate Revoked'],
        detail: { trustDomain: ['mesh.example.com'] },
      },
      Targets: [{ Arn: 'arn:aws:sns:us-east-1:123456789012:topic' }],
    },
  ]);
});

test('one retention holds for every log', () => {
  const stack = newStack();
  newMesh(stack, { logRetention: logs.RetentionDays.ONE_MONTH });

  const groups = Object.values(resourcesOfType(stack, 'AWS::Logs::LogGroup'));
  expect(groups.map(({ Properties }) => Properties)).toEqual(Array(7).fill({ RetentionInDays: 30 }));
});

test('the only functions in the template are those that ship with the package', () => {
  const stack = newStack();
  const mesh = newMesh(stack, { removalPolicy: RemovalPolicy.DESTROY });
  mesh.addClient('mail');
  mesh.addService('schedule', { integration });

  expect(Object.keys(resourcesOfType(stack, 'AWS::Lambda::Function')).sort()).toEqual([
    expect.stringMatching(/^MeshGatewayAuthorizerFunction/),
    expect.stringMatching(/^MeshIssuerDeploymentFunction/),
    expect.stringMatching(/^MeshIssuerMaintenanceFunction/),
    expect.stringMatching(/^MeshIssuerRevocationFunction/),
    expect.stringMatching(/^MeshIssuerRotationFunction/),
    expect.stringMatching(/^MeshTruststorePublisherFunction/),
  ]);
});

test('a hundred clients take at most three resources each, and the stack has room for them', () => {
  const count = (clients: number) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    for (let index = 0; index < clients; index += 1) mesh.addClient(`client-${index}`);
    return Object.keys(resourcesOf(stack)).length;
  };

  const resources = count(100);
  expect(resources - count(0)).toBeLessThanOrEqual(300);
  expect(resources).toBeLessThanOrEqual(500);
});

describe('synthesis refuses', () => {
  test('two clients of one name', () => {
    const mesh = newMesh(newStack());
    mesh.addClient('mail');
    expect(() => mesh.addClient('mail')).toThrow(
      'Test/Mesh: client name must be unique within the mesh, got "mail" twice',
    );
  });

  test('two services of one name', () => {
    const mesh = newMesh(newStack());
    mesh.addService('schedule', { integration });
    expect(() => mesh.addService('schedule', { integration })).toThrow(
      'Test/Mesh: service name must be unique within the mesh, got "schedule" twice',
    );
  });

  test.each(['', 'Mail', 'a/b', '..', '*', '__proto__', 'constructor.', '$default', 'mail\r\nset-cookie: x'])(
    'the name %j',
    (name) => {
      const mesh = newMesh(newStack());
      const rule = `must be a DNS label: lower-case letters, digits and hyphens, starting with a letter, not ending with a hyphen, got ${JSON.stringify(name)}`;
      expect(() => mesh.addClient(name)).toThrow(`Test/Mesh: client name ${rule}`);
      expect(() => mesh.addService(name, { integration })).toThrow(`Test/Mesh: service name ${rule}`);
    },
  );

  test('certificates that the default authority could never issue', () => {
    const mesh = newMesh(newStack(), { certificateValidity: Duration.days(8) });
    expect(() => mesh.addClient('mail')).toThrow(
      'Test/Mesh/Client-mail: certificateValidity must be at most the longest validity of the authority (7 days), got 8 days',
    );
  });
});

test('names that are properties of every object are names like others', () => {
  const mesh = newMesh(newStack());
  expect(['constructor', 'prototype', 'tostring'].map((name) => mesh.addClient(name).spiffeId)).toEqual([
    'spiffe://mesh.example.com/constructor',
    'spiffe://mesh.example.com/prototype',
    'spiffe://mesh.example.com/tostring',
  ]);
});

describe('the same mesh is synthesized', () => {
  const flags = JSON.parse(
    readFileSync(join(dirname(require.resolve('aws-cdk-lib/package.json')), 'recommended-feature-flags.json'), 'utf8'),
  );

  test.each([
    ['without any feature flag', {}],
    ['with all recommended feature flags', flags],
  ])('%s', (_name, context) => {
    const stack = newStack(context);
    const mesh = newMesh(stack, { removalPolicy: RemovalPolicy.DESTROY });
    const mail = mesh.addClient('mail');
    mail.grantRead(newFunction(stack, 'MailApp'));
    mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) }).allow(mail);

    expect(Annotations.fromStack(stack).findWarning('*', Match.anyValue())).toEqual([]);
    expect(Annotations.fromStack(stack).findError('*', Match.anyValue())).toEqual([]);
    const types = Object.values(resourcesOf(stack)).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith('Custom::')).sort()).toEqual([
      CERTIFICATE,
      'Custom::MtlsDomainTruststore',
      'Custom::MtlsService',
      'Custom::MtlsTruststore',
    ]);
  });

  test.each([{}, flags])('with its parts in stacks of two regions', (context) => {
    const app = new App({ context });
    const zones = new Stack(app, 'Zones', {
      env: { account: '123456789012', region: 'eu-central-1' },
      crossRegionReferences: true,
    });
    const hostedZone = new route53.PublicHostedZone(zones, 'Zone', { zoneName: 'example.com' });
    const stack = new Stack(app, 'Test', {
      env: { account: '123456789012', region: 'us-east-1' },
      crossRegionReferences: true,
    });
    newMesh(stack, { hostedZone }).addClient('mail');

    expect(Object.keys(resourcesOfType(stack, 'AWS::Route53::RecordSet'))).toHaveLength(2);
  });

  test.each(['us-gov-west-1', 'cn-north-1'])('in %s with ARNs of its partition', (region) => {
    const stack = newStack({}, { env: { account: '123456789012', region } });
    const hostedZone = route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', {
      hostedZoneId: 'Z0123456789',
      zoneName: 'example.com',
    });
    newMesh(stack, { hostedZone }).addClient('mail');

    expect(JSON.stringify(resourcesOf(stack))).not.toContain('arn:aws:');
  });
});

test('names domainName when it can not be the trust domain', () => {
  expect(() => newMesh(newStack(), { domainName: 'prod' })).toThrow(/: domainName must contain a dot/);
  expect(() => newMesh(newStack(), { trustDomain: 'prod' })).toThrow(/: trustDomain must contain a dot/);
});
