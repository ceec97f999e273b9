import { type CfnElement, CfnParameter, Duration, Lazy, type Stack } from 'aws-cdk-lib';
import * as acmpca from 'aws-cdk-lib/aws-acmpca';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { CertificateAuthority, MeshIntegration, MtlsGateway, type MtlsGatewayProps, Truststore } from '../../lib';
import {
  newFunction,
  newMesh,
  newRegistry,
  newStack,
  onlyResource,
  resourcesOf,
  resourcesOfType,
  serverCertificate,
} from './mesh-stack';

const DOMAIN = 'AWS::ApiGatewayV2::DomainName';

function newGateway(stack: Stack, props: Partial<MtlsGatewayProps> = {}): MtlsGateway {
  const authority = CertificateAuthority.shortLivedRoot(stack, 'Authority');
  const registry = props.registry ?? newRegistry(stack);
  const truststore = new Truststore(stack, 'Truststore', {
    certificateAuthorities: [authority],
    registry,
  });
  return new MtlsGateway(stack, 'Gateway', { domainName: 'mesh.example.com', truststore, registry, ...props });
}

function zone(stack: Stack, zoneName = 'example.com'): route53.IHostedZone {
  return route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z0123456789', zoneName });
}

function privateCertificate(stack: Stack): acm.PrivateCertificate {
  return new acm.PrivateCertificate(stack, 'Private', {
    domainName: 'mesh.example.com',
    certificateAuthority: acmpca.CertificateAuthority.fromCertificateAuthorityArn(
      stack,
      'PrivateAuthority',
      'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/11111111-2222-3333-4444-555555555555',
    ),
  });
}

describe('the domain', () => {
  test('demands client certificates from the published version of the truststore', () => {
    const stack = newStack();
    const certificate = serverCertificate(stack);
    newGateway(stack, { serverCertificate: certificate });

    const published = onlyResource(stack, 'Custom::MtlsTruststore').logicalId;
    const bucket = onlyResource(stack, 'AWS::S3::Bucket').logicalId;
    expect(onlyResource(stack, DOMAIN).Properties).toEqual({
      DomainName: 'mesh.example.com',
      DomainNameConfigurations: [
        {
          CertificateArn: certificate.certificateArn,
          EndpointType: 'REGIONAL',
          IpAddressType: 'dualstack',
          SecurityPolicy: 'TLS_1_2',
        },
      ],
      MutualTlsAuthentication: {
        TruststoreUri: { 'Fn::Join': ['', ['s3://', { Ref: bucket }, '/truststore.pem']] },
        TruststoreVersion: { 'Fn::GetAtt': [published, 'VersionId'] },
      },
    });
  });

  test('is waited for until it uses that version, with a right to look at this domain alone', () => {
    const stack = newStack();
    const gateway = newGateway(stack, { serverCertificate: serverCertificate(stack) });
    gateway.accessLog.node.addDependency(gateway.truststoreInUse);

    const published = onlyResource(stack, 'Custom::MtlsTruststore');
    const inUse = onlyResource(stack, 'Custom::MtlsDomainTruststore');
    expect(inUse.Properties).toEqual({
      ServiceToken: published.Properties['ServiceToken'],
      ServiceTimeout: '1500',
      DomainName: { Ref: onlyResource(stack, DOMAIN).logicalId },
      TruststoreVersion: { 'Fn::GetAtt': [published.logicalId, 'VersionId'] },
      PropagationSeconds: '120',
    });
    const logGroup = stack.getLogicalId(gateway.accessLog.node.defaultChild as CfnElement);
    expect(resourcesOf(stack)[logGroup]?.DependsOn).toEqual([inUse.logicalId]);
    const statements = Object.values(resourcesOfType(stack, 'AWS::IAM::Policy')).flatMap(
      ({ Properties }) => (Properties['PolicyDocument'] as { Statement: { Action: string }[] }).Statement,
    );
    expect(statements.filter(({ Action }) => Action === 'apigateway:GET')).toEqual([
      {
        Effect: 'Allow',
        Action: 'apigateway:GET',
        Resource: {
          'Fn::Join': [
            '',
            [
              'arn:',
              { Ref: 'AWS::Partition' },
              ':apigateway:',
              { Ref: 'AWS::Region' },
              '::/domainnames/mesh.example.com',
            ],
          ],
        },
      },
    ]);
  });

  test('is the only way to the API', () => {
    const stack = newStack();
    newGateway(stack, { serverCertificate: serverCertificate(stack) });

    const api = onlyResource(stack, 'AWS::ApiGatewayV2::Api');
    expect(api.Properties).toEqual({
      Name: expect.stringMatching(/^Test-Gateway-/),
      Description: 'Mutual TLS on mesh.example.com',
      ProtocolType: 'HTTP',
      DisableExecuteApiEndpoint: true,
      IpAddressType: 'dualstack',
    });
    expect(onlyResource(stack, 'AWS::ApiGatewayV2::ApiMapping').Properties).toEqual({
      ApiId: { Ref: api.logicalId },
      DomainName: { Ref: onlyResource(stack, DOMAIN).logicalId },
      Stage: '$default',
    });
  });

  test('gets addresses of both kinds and a validated certificate from a hosted zone', () => {
    const stack = newStack();
    newGateway(stack, { hostedZone: zone(stack) });

    const domain = onlyResource(stack, DOMAIN);
    const certificate = onlyResource(stack, 'AWS::CertificateManager::Certificate');
    expect(certificate.Properties).toMatchObject({
      DomainName: 'mesh.example.com',
      DomainValidationOptions: [{ DomainName: 'mesh.example.com', HostedZoneId: 'Z0123456789' }],
      ValidationMethod: 'DNS',
    });
    expect(domain.Properties['DomainNameConfigurations']).toMatchObject([
      { CertificateArn: { Ref: certificate.logicalId } },
    ]);
    const records = Object.values(resourcesOfType(stack, 'AWS::Route53::RecordSet')).map(
      ({ Properties }) => Properties,
    );
    expect(records).toEqual(
      ['A', 'AAAA'].map((Type) => ({
        Type,
        Name: 'mesh.example.com.',
        HostedZoneId: 'Z0123456789',
        AliasTarget: {
          DNSName: { 'Fn::GetAtt': [domain.logicalId, 'RegionalDomainName'] },
          HostedZoneId: { 'Fn::GetAtt': [domain.logicalId, 'RegionalHostedZoneId'] },
        },
      })),
    );
  });

  test('shows a given certificate even when there is a hosted zone', () => {
    const stack = newStack();
    const certificate = serverCertificate(stack);
    newGateway(stack, { serverCertificate: certificate, hostedZone: zone(stack, 'mesh.example.com.') });

    expect(onlyResource(stack, DOMAIN).Properties['DomainNameConfigurations']).toMatchObject([
      { CertificateArn: certificate.certificateArn },
    ]);
    expect(resourcesOfType(stack, 'AWS::CertificateManager::Certificate')).toEqual({});
  });

  test('proves its ownership by another certificate when its own is private', () => {
    const stack = newStack();
    const ownershipCertificate = serverCertificate(stack);
    newGateway(stack, { serverCertificate: privateCertificate(stack), ownershipCertificate });

    expect(onlyResource(stack, DOMAIN).Properties['DomainNameConfigurations']).toMatchObject([
      { OwnershipVerificationCertificateArn: ownershipCertificate.certificateArn },
    ]);
  });
});

describe('synthesis refuses', () => {
  test.each([
    'Mesh.example.com',
    '*.example.com',
    'mesh_one.example.com',
    'mesh.example.com.',
    'https://mesh.example.com',
    'mesh.example.com\nevil.example.com',
    `${'a'.repeat(64)}.example.com`,
    '',
  ])('the domain name %j', (domainName) => {
    const stack = newStack();
    expect(() => newGateway(stack, { domainName, serverCertificate: serverCertificate(stack) })).toThrow(
      `Test/Gateway: domainName must be a DNS name in lower case, without wildcards, got ${JSON.stringify(domainName)}`,
    );
  });

  test('a gateway for which there is no server certificate', () => {
    expect(() => newGateway(newStack())).toThrow(
      'Test/Gateway: serverCertificate or hostedZone must be set, got neither: ' +
        'the gateway needs an ACM certificate for "mesh.example.com", or a zone where ACM can validate one',
    );
  });

  test.each(['other.example.com', 'esh.example.com', 'example.org'])('a domain name outside of zone %s', (zoneName) => {
    const stack = newStack();
    expect(() => newGateway(stack, { hostedZone: zone(stack, zoneName) })).toThrow(
      `Test/Gateway: domainName must be in hostedZone (${zoneName}), got "mesh.example.com"`,
    );
  });

  test('a private server certificate without a public one beside it', () => {
    const stack = newStack();
    expect(() => newGateway(stack, { serverCertificate: privateCertificate(stack) })).toThrow(
      'Test/Gateway: ownershipCertificate must be set when serverCertificate is private, got none',
    );
  });

  test('a private certificate as proof of ownership', () => {
    const stack = newStack();
    const ownershipCertificate = privateCertificate(stack);
    expect(() => newGateway(stack, { serverCertificate: serverCertificate(stack), ownershipCertificate })).toThrow(
      'Test/Gateway: ownershipCertificate must be a public certificate, got Test/Private',
    );
  });

  test('nothing about tokens, which only CloudFormation can read', () => {
    const stack = newStack();
    const domainName = Lazy.string({ produce: () => 'NOT A DOMAIN' });
    newGateway(stack, { domainName, hostedZone: zone(stack) });

    expect(onlyResource(stack, DOMAIN).Properties['DomainName']).toBe('NOT A DOMAIN');
  });
});

describe('the authorizer', () => {
  test('is asked for every request, by nothing but the certificate, and answers for none but that request', () => {
    const stack = newStack();
    newMesh(stack).addService('schedule', { integration: MeshIntegration.lambdaFunction(newFunction(stack)) });

    const { Properties } = onlyResource(stack, 'AWS::ApiGatewayV2::Authorizer');
    expect(Properties).toMatchObject({
      AuthorizerType: 'REQUEST',
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
      AuthorizerResultTtlInSeconds: 0,
    });
    expect(Properties).not.toHaveProperty('IdentitySource');
  });

  test('can be invoked by its API alone', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    mesh.addService('schedule', { integration: MeshIntegration.http('https://schedule.example.com') });

    const authorizer = onlyResource(stack, 'AWS::ApiGatewayV2::Authorizer').logicalId;
    const api = onlyResource(stack, 'AWS::ApiGatewayV2::Api').logicalId;
    const handlerArn = stack.resolve(mesh.gateway.handler.functionArn);
    const [permission, ...others] = Object.values(resourcesOfType(stack, 'AWS::Lambda::Permission')).filter(
      ({ Properties }) => JSON.stringify(Properties['FunctionName']) === JSON.stringify(handlerArn),
    );
    expect(others).toEqual([]);
    expect(permission?.Properties).toEqual({
      Action: 'lambda:InvokeFunction',
      FunctionName: handlerArn,
      Principal: 'apigateway.amazonaws.com',
      SourceArn: {
        'Fn::Join': [
          '',
          [
            'arn:',
            { Ref: 'AWS::Partition' },
            ':execute-api:',
            { Ref: 'AWS::Region' },
            ':',
            { Ref: 'AWS::AccountId' },
            ':',
            { Ref: api },
            '/authorizers/',
            { Ref: authorizer },
          ],
        ],
      },
    });
  });

  test('knows the trust domain and its registry, and takes no longer than API Gateway waits', () => {
    const stack = newStack();
    const registry = newRegistry(stack, 'example.com');
    const gateway = newGateway(stack, { registry, serverCertificate: serverCertificate(stack) });

    const functions = resourcesOfType(stack, 'AWS::Lambda::Function');
    const { 'Fn::GetAtt': reference } = stack.resolve(gateway.handler.functionArn);
    expect(functions[reference[0]]?.Properties).toMatchObject({
      Environment: {
        Variables: {
          TRUST_DOMAIN: 'example.com',
          REGISTRY_TABLE: stack.resolve(registry.table.tableName),
          REVOCATION_DELAY_SECONDS: '5',
          OUTAGE_TOLERANCE_SECONDS: '60',
        },
      },
      Timeout: 10,
    });
  });

  /** The environment variables for the authorizer's times. */
  function timesIn(stack: Stack, gateway: MtlsGateway): unknown {
    const functions = resourcesOfType(stack, 'AWS::Lambda::Function');
    const { 'Fn::GetAtt': reference } = stack.resolve(gateway.handler.functionArn);
    const { Variables = {} } = Object(functions[reference[0]]?.Properties['Environment']);
    return [Variables.REVOCATION_DELAY_SECONDS, Variables.OUTAGE_TOLERANCE_SECONDS];
  }

  test('goes by what it has read as long as it is told', () => {
    const stack = newStack();
    const times = { revocationDelay: Duration.seconds(0), outageTolerance: Duration.hours(1) };
    const gateway = newGateway(stack, { serverCertificate: serverCertificate(stack), ...times });

    expect(timesIn(stack, gateway)).toEqual(['0', '3600']);
  });

  test('of a mesh goes by what it has read as long as the mesh is told', () => {
    const stack = newStack();
    const mesh = newMesh(stack, { revocationDelay: Duration.minutes(5), outageTolerance: Duration.millis(0) });

    expect(timesIn(stack, mesh.gateway)).toEqual(['300', '0']);
  });

  test('takes a time from a parameter', () => {
    const stack = newStack();
    const seconds = new CfnParameter(stack, 'Delay', { type: 'Number' }).valueAsNumber;
    const revocationDelay = Duration.seconds(seconds);
    const gateway = newGateway(stack, { serverCertificate: serverCertificate(stack), revocationDelay });

    expect(timesIn(stack, gateway)).toEqual([{ Ref: 'Delay' }, '60']);
  });

  test.each([
    ['revocationDelay', Duration.millis(1_500), 'must be whole seconds, at most 5 minutes, got 1 second 500 millis'],
    ['revocationDelay', Duration.seconds(301), 'must be whole seconds, at most 5 minutes, got 5 minutes 1 second'],
    ['outageTolerance', Duration.seconds(3_601), 'must be whole seconds, at most 1 hour, got 1 hour 1 second'],
  ])('does not take a %s of %s', (property, value, problem) => {
    const stack = newStack();

    expect(() => newGateway(stack, { serverCertificate: serverCertificate(stack), [property]: value })).toThrow(
      `Test/Gateway: ${property} ${problem}`,
    );
  });
});

describe('the throttle', () => {
  const settings = (props: Partial<MtlsGatewayProps> = {}) => {
    const stack = newStack();
    newGateway(stack, { serverCertificate: serverCertificate(stack), ...props });
    return onlyResource(stack, 'AWS::ApiGatewayV2::Stage').Properties['DefaultRouteSettings'];
  };

  test.each([
    ['500 requests a second and 250 at once', undefined, 500, 250],
    ['another rate with the same burst', { rateLimit: 20.5 }, 20.5, 250],
    ['another burst with the same rate', { burstLimit: 10 }, 500, 10],
    ['no request at all', { rateLimit: 0, burstLimit: 0 }, 0, 0],
  ])('can be %s', (_limit, throttle, ThrottlingRateLimit, ThrottlingBurstLimit) => {
    expect(settings({ throttle })).toEqual({ ThrottlingRateLimit, ThrottlingBurstLimit });
  });

  test.each([-1, -0.001, Number.NaN, Number.POSITIVE_INFINITY])('refuses the rate %p', (rateLimit) => {
    expect(() => settings({ throttle: { rateLimit } })).toThrow(
      `Test/Gateway: throttle.rateLimit must be a number of 0 or more, got ${rateLimit}`,
    );
  });

  test.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses the burst %p', (burstLimit) => {
    expect(() => settings({ throttle: { burstLimit } })).toThrow(
      `Test/Gateway: throttle.burstLimit must be a whole number of 0 or more, got ${burstLimit}`,
    );
  });

  test('can be made of tokens, which only CloudFormation can read', () => {
    const rateLimit = Lazy.number({ produce: () => 7 });
    expect(settings({ throttle: { rateLimit } })).toMatchObject({ ThrottlingRateLimit: 7 });
  });

  test('of a mesh is that of its gateway', () => {
    const stack = newStack();
    newMesh(stack, { throttle: { rateLimit: 50, burstLimit: 20 } });
    expect(onlyResource(stack, 'AWS::ApiGatewayV2::Stage').Properties['DefaultRouteSettings']).toEqual({
      ThrottlingRateLimit: 50,
      ThrottlingBurstLimit: 20,
    });
  });
});

test('the access log names the client certificate beside what the authorizer made of it', () => {
  const stack = newStack();
  newGateway(stack, { serverCertificate: serverCertificate(stack) });

  const stage = onlyResource(stack, 'AWS::ApiGatewayV2::Stage').Properties;
  expect(stage).toMatchObject({ StageName: '$default', AutoDeploy: true });
  const { Format, DestinationArn } = stage['AccessLogSettings'] as { Format: string; DestinationArn: unknown };
  expect(JSON.parse(Format)).toMatchObject({
    requestId: '$context.requestId',
    route: '$context.routeKey',
    status: '$context.status',
    clientName: '$context.authorizer.clientName',
    spiffeId: '$context.authorizer.spiffeId',
    certificateSubject: '$context.identity.clientCert.subjectDN',
    certificateIssuer: '$context.identity.clientCert.issuerDN',
    certificateSerialNumber: '$context.identity.clientCert.serialNumber',
    authorizerError: '$context.authorizer.error',
  });
  expect(DestinationArn).toEqual({ 'Fn::GetAtt': [expect.stringMatching(/^GatewayAccessLog/), 'Arn'] });
});

describe('what the gateway could not be deployed with is refused at synthesis', () => {
  const ENV = { env: { account: '123456789012', region: 'eu-west-1' } };
  const arn = 'arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555';

  test.each(['serverCertificate', 'ownershipCertificate'])('a %s of another Region', (property) => {
    const stack = newStack({}, ENV);
    const certificate = acm.Certificate.fromCertificateArn(stack, 'Certificate', arn);
    expect(() => newMesh(stack, { [property]: certificate })).toThrow(
      `Test/Mesh/Gateway: ${property} must be in the Region of the gateway (eu-west-1), got Test/Certificate in us-east-1`,
    );
  });

  test('a private zone in which ACM would have to validate a certificate', () => {
    const stack = newStack();
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', { vpcId: 'vpc-1', availabilityZones: ['a'] });
    const hostedZone = new route53.PrivateHostedZone(stack, 'Zone', { zoneName: 'example.com', vpc });
    expect(() => newMesh(stack, { hostedZone })).toThrow(
      'Test/Mesh/Gateway: hostedZone must be public when serverCertificate is not set, because ACM validates a certificate in it, got the private zone Test/Zone',
    );
    expect(() => newMesh(newStack(), { hostedZone, serverCertificate: serverCertificate(stack) })).not.toThrow();
  });
});
