import { Lazy, type Stack } from 'aws-cdk-lib';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as servicediscovery from 'aws-cdk-lib/aws-servicediscovery';
import { MeshIntegration } from '../../lib';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import { newFunction, newMesh, newStack, onlyResource, resourcesOf, resourcesOfType } from './mesh-stack';

const INTEGRATION = 'AWS::ApiGatewayV2::Integration';
const ROUTE = 'AWS::ApiGatewayV2::Route';

const IDENTITY_MAPPING = {
  'overwrite:header.x-mesh-client-name': '$context.authorizer.clientName',
  'overwrite:header.x-mesh-spiffe-id': '$context.authorizer.spiffeId',
  'overwrite:header.x-mesh-certificate-serial-number': '$context.authorizer.serialNumber',
  'overwrite:header.x-mesh-certificate-fingerprint': '$context.authorizer.fingerprint',
  'overwrite:header.x-mesh-grant': '$context.authorizer.grant',
};

test('every header that carries an identity is overwritten', () => {
  expect(Object.keys(IDENTITY_MAPPING)).toEqual(
    Object.values(IDENTITY_HEADERS).map((header) => `overwrite:header.${header}`),
  );
});

describe('a Lambda function', () => {
  test('answers for the name and everything below it, and learns who calls', () => {
    const stack = newStack();
    const handler = newFunction(stack);
    const service = newMesh(stack).addService('schedule', { integration: MeshIntegration.lambdaFunction(handler) });

    const integration = onlyResource(stack, INTEGRATION);
    const authorizer = onlyResource(stack, 'AWS::ApiGatewayV2::Authorizer').logicalId;
    expect(service.url).toBe('https://mesh.example.com/schedule');
    expect(integration.Properties).toMatchObject({
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: stack.resolve(handler.functionArn),
      PayloadFormatVersion: '2.0',
      RequestParameters: IDENTITY_MAPPING,
    });
    expect(Object.values(resourcesOfType(stack, ROUTE)).map(({ Properties }) => Properties)).toEqual(
      ['ANY /schedule', 'ANY /schedule/{proxy+}'].map((RouteKey) => ({
        ApiId: integration.Properties['ApiId'],
        RouteKey,
        AuthorizationType: 'CUSTOM',
        AuthorizerId: { Ref: authorizer },
        Target: { 'Fn::Join': ['', ['integrations/', { Ref: integration.logicalId }]] },
      })),
    );
  });

  test('can be invoked by this API for this service alone', () => {
    const stack = newStack();
    const handler = newFunction(stack);
    newMesh(stack).addService('schedule', { integration: MeshIntegration.lambdaFunction(handler) });

    const permissions = Object.values(resourcesOfType(stack, 'AWS::Lambda::Permission'))
      .map(({ Properties }) => Properties)
      .filter(
        ({ FunctionName }) => JSON.stringify(FunctionName) === JSON.stringify(stack.resolve(handler.functionArn)),
      );
    expect(permissions).toEqual([
      {
        Action: 'lambda:InvokeFunction',
        FunctionName: stack.resolve(handler.functionArn),
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
              { Ref: onlyResource(stack, 'AWS::ApiGatewayV2::Api').logicalId },
              '/*/*/schedule*',
            ],
          ],
        },
      },
    ]);
  });

  test('can stand behind two services', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const integration = MeshIntegration.lambdaFunction(newFunction(stack));
    mesh.addService('users', { integration });
    mesh.addService('groups', { integration });

    expect(Object.keys(resourcesOfType(stack, INTEGRATION))).toHaveLength(2);
    expect(Object.keys(resourcesOfType(stack, ROUTE))).toHaveLength(4);
  });
});

describe('an HTTPS address', () => {
  test.each(['https://schedule.example.com/v1', 'https://schedule.example.com/v1/'])(
    'is called without the service name: %s',
    (url) => {
      const stack = newStack();
      newMesh(stack).addService('schedule', { integration: MeshIntegration.http(url) });

      const integrations = resourcesOfType(stack, INTEGRATION);
      const uris = Object.values(resourcesOfType(stack, ROUTE)).map(({ Properties }) => {
        const [id = ''] = Object.keys(integrations).filter((key) => JSON.stringify(Properties['Target']).includes(key));
        return [Properties['RouteKey'], integrations[id]?.Properties['IntegrationUri']];
      });
      expect(uris).toEqual([
        ['ANY /schedule', 'https://schedule.example.com/v1'],
        ['ANY /schedule/{proxy+}', 'https://schedule.example.com/v1/{proxy}'],
      ]);
      for (const { Properties } of Object.values(integrations)) {
        expect(Properties).toMatchObject({
          IntegrationType: 'HTTP_PROXY',
          IntegrationMethod: 'ANY',
          PayloadFormatVersion: '1.0',
          RequestParameters: IDENTITY_MAPPING,
        });
      }
    },
  );

  test.each([
    ['http://schedule.example.com', 'must be an absolute https URL'],
    ['ftp://schedule.example.com', 'must be an absolute https URL'],
    ['schedule.example.com', 'must be an absolute https URL'],
    ['/schedule', 'must be an absolute https URL'],
    ['https://', 'must be an absolute https URL'],
    ['', 'must be an absolute https URL'],
    ['https://schedule.example.com/{proxy}', 'must contain neither white space nor braces'],
    ['https://schedule.example.com/${stageVariables.x}', 'must contain neither white space nor braces'],
    ['https://schedule.example.com/\nHost: evil', 'must contain neither white space nor braces'],
    ['https://schedule.example.com/?key=value', 'must contain neither a query nor a fragment'],
    ['https://schedule.example.com/?', 'must contain neither a query nor a fragment'],
    ['https://schedule.example.com/#top', 'must contain neither a query nor a fragment'],
    ['https://user:password@schedule.example.com', 'must not contain credentials'],
  ])('is refused: %j', (url, rule) => {
    const integration = MeshIntegration.http(url);
    expect(() => newMesh(newStack(), {}).addService('schedule', { integration })).toThrow(
      `Test/Mesh/Service-schedule: url ${rule}, got ${JSON.stringify(url)}`,
    );
  });

  test('can be a token', () => {
    const stack = newStack();
    const url = Lazy.string({ produce: () => 'http://not.checked' });
    newMesh(stack).addService('schedule', { integration: MeshIntegration.http(url) });

    const uris = Object.values(resourcesOfType(stack, INTEGRATION)).map(
      ({ Properties }) => Properties['IntegrationUri'],
    );
    expect(uris).toEqual(['http://not.checked', 'http://not.checked/{proxy}']);
  });
});

describe('the secret of the gateway', () => {
  const parameters = (stack: Stack) =>
    Object.values(resourcesOfType(stack, INTEGRATION)).map(
      ({ Properties }) => Properties['RequestParameters'] as Record<string, unknown>,
    );
  const HEADER = 'overwrite:header.x-mesh-gateway-secret';

  test('is generated, sent over what the caller sent, and not in the template', () => {
    const stack = newStack();
    const service = newMesh(stack).addService('schedule', {
      integration: MeshIntegration.http('https://schedule.example.com'),
    });
    service.gatewaySecret?.grantRead(newFunction(stack));

    const secret = onlyResource(stack, 'AWS::SecretsManager::Secret');
    expect(secret.Properties['GenerateSecretString']).toEqual({ PasswordLength: 64, ExcludePunctuation: true });
    const reference = {
      'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: secret.logicalId }, ':SecretString:::}}']],
    };
    expect(parameters(stack)).toEqual([
      { ...IDENTITY_MAPPING, [HEADER]: reference },
      { ...IDENTITY_MAPPING, [HEADER]: reference },
    ]);
    expect(JSON.stringify(resourcesOfType(stack, 'AWS::IAM::Policy'))).toContain('secretsmanager:GetSecretValue');
  });

  test('is another one for each service', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const integration = MeshIntegration.http('https://schedule.example.com');
    const secrets = ['users', 'groups'].map((name) => mesh.addService(name, { integration }).gatewaySecret?.secretArn);
    expect(new Set(secrets.map((arn) => JSON.stringify(stack.resolve(arn)))).size).toBe(2);
  });

  test('can be a secret and a version of the user', () => {
    const stack = newStack();
    const arn = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:gateway-AbCdEf';
    const gatewaySecret = secretsmanager.Secret.fromSecretCompleteArn(stack, 'Secret', arn);
    const gatewaySecretVersion = '11111111-2222-4333-8444-555555555555';
    const integration = MeshIntegration.http('https://a.example.com', { gatewaySecret, gatewaySecretVersion });
    const service = newMesh(stack).addService('schedule', { integration });

    expect(service.gatewaySecret).toBe(gatewaySecret);
    expect(parameters(stack)[0]?.[HEADER]).toBe(
      `{{resolve:secretsmanager:${arn}:SecretString:::${gatewaySecretVersion}}}`,
    );
    expect(resourcesOfType(stack, 'AWS::SecretsManager::Secret')).toEqual({});
  });

  test.each(['', 'short', '1'.repeat(65), '11111111-2222-4333-8444-555555555555}}', `${'1'.repeat(40)}:`])(
    'refuses the version %j',
    (gatewaySecretVersion) => {
      const integration = MeshIntegration.http('https://a.example.com', { gatewaySecretVersion });
      expect(() => newMesh(newStack()).addService('schedule', { integration })).toThrow(
        'Test/Mesh/Service-schedule: gatewaySecretVersion must be the ID of a version, of 32 to 64 characters, got ' +
          JSON.stringify(gatewaySecretVersion),
      );
    },
  );

  test('does not exist for other integrations', () => {
    const stack = newStack();
    const integration = MeshIntegration.lambdaFunction(newFunction(stack));
    expect(newMesh(stack).addService('schedule', { integration }).gatewaySecret).toBeUndefined();
  });
});

describe('a backend in a VPC', () => {
  const vpcOf = (stack: Stack) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-1',
      availabilityZones: ['a', 'b'],
      privateSubnetIds: ['subnet-1', 'subnet-2'],
    });
  const LISTENER = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/x/mesh/1/2';
  const SERVICE = 'arn:aws:servicediscovery:us-east-1:123456789012:service/srv-1';
  const targets = {
    'an Application Load Balancer': (stack: Stack, vpcLink: apigatewayv2.IVpcLink) => {
      const securityGroup = ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-1');
      const attributes = { listenerArn: LISTENER, securityGroup };
      const listener = elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Listener', attributes);
      return MeshIntegration.applicationLoadBalancer(listener, { vpcLink, secureServerName: 'a.internal' });
    },
    'a Network Load Balancer': (stack: Stack, vpcLink: apigatewayv2.IVpcLink) => {
      const listener = elbv2.NetworkListener.fromNetworkListenerArn(stack, 'Listener', LISTENER);
      return MeshIntegration.networkLoadBalancer(listener, { vpcLink, secureServerName: 'a.internal' });
    },
    'a Cloud Map service': (stack: Stack, vpcLink: apigatewayv2.IVpcLink) => {
      const service = servicediscovery.Service.fromServiceAttributes(stack, 'Registered', {
        namespace: servicediscovery.PrivateDnsNamespace.fromPrivateDnsNamespaceAttributes(stack, 'Namespace', {
          namespaceId: 'ns-1',
          namespaceName: 'internal',
          namespaceArn: 'arn:aws:servicediscovery:us-east-1:123456789012:namespace/ns-1',
        }),
        serviceName: 'schedule',
        serviceId: 'srv-1',
        serviceArn: SERVICE,
        dnsRecordType: servicediscovery.DnsRecordType.SRV,
        routingPolicy: servicediscovery.RoutingPolicy.MULTIVALUE,
      });
      return MeshIntegration.cloudMap(service, { vpcLink, secureServerName: 'a.internal' });
    },
  };

  test.each(Object.entries(targets))('is called without the service name: %s', (kind, create) => {
    const stack = newStack();
    const vpcLink = new apigatewayv2.VpcLink(stack, 'Link', { vpc: vpcOf(stack) });
    newMesh(stack).addService('schedule', { integration: create(stack, vpcLink) });

    const integrations = resourcesOfType(stack, INTEGRATION);
    const byRoute = Object.values(resourcesOfType(stack, ROUTE)).map(({ Properties }) => {
      const [id = ''] = Object.keys(integrations).filter((key) => JSON.stringify(Properties['Target']).includes(key));
      return [Properties['RouteKey'], integrations[id]?.Properties];
    });
    const settings = (path: string) => ({
      ApiId: { Ref: onlyResource(stack, 'AWS::ApiGatewayV2::Api').logicalId },
      ConnectionId: stack.resolve(vpcLink.vpcLinkId),
      ConnectionType: 'VPC_LINK',
      IntegrationMethod: 'ANY',
      IntegrationType: 'HTTP_PROXY',
      IntegrationUri: kind.includes('Map') ? SERVICE : LISTENER,
      PayloadFormatVersion: '1.0',
      RequestParameters: { ...IDENTITY_MAPPING, 'overwrite:path': path },
      TlsConfig: { ServerNameToVerify: 'a.internal' },
    });
    expect(byRoute).toEqual([
      ['ANY /schedule', settings('/')],
      ['ANY /schedule/{proxy+}', settings('/${request.path.proxy}')],
    ]);
    expect(resourcesOfType(stack, 'AWS::SecretsManager::Secret')).toEqual({});
  });

  test('gets a VPC link to a load balancer of the app, one for all services in the VPC', () => {
    const stack = newStack();
    const vpc = new ec2.Vpc(stack, 'NewVpc');
    const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc });
    const listener = loadBalancer.addListener('Listener', {
      port: 80,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    const mesh = newMesh(stack);
    for (const name of ['users', 'groups']) {
      mesh.addService(name, { integration: MeshIntegration.applicationLoadBalancer(listener) });
    }
    const { logicalId } = onlyResource(stack, 'AWS::ApiGatewayV2::VpcLink');
    for (const { Properties } of Object.values(resourcesOfType(stack, INTEGRATION))) {
      expect(Properties).toMatchObject({ ConnectionId: { Ref: logicalId } });
      expect(Properties).not.toHaveProperty('TlsConfig');
    }
  });

  test('behind an imported listener needs a VPC link', () => {
    const stack = newStack();
    const listener = elbv2.NetworkListener.fromNetworkListenerArn(stack, 'Listener', LISTENER);
    const integration = MeshIntegration.networkLoadBalancer(listener);
    expect(() => newMesh(stack).addService('schedule', { integration })).toThrow(/vpcLink property must be specified/);
  });
});

test.each(['ping', 'sping'])('the name %s is refused: API Gateway answers there itself', (name) => {
  const integration = MeshIntegration.http('https://schedule.example.com');
  expect(() => newMesh(newStack()).addService(name, { integration })).toThrow(
    `Test/Mesh/Service-${name}: serviceName must not be a path that API Gateway reserves for health checks, got "${name}"`,
  );
});

test.each([
  ['a Lambda function', 5, (stack: ReturnType<typeof newStack>) => MeshIntegration.lambdaFunction(newFunction(stack))],
  // One more: the gateway's secret.
  ['an HTTPS address', 6, () => MeshIntegration.http('https://schedule.example.com')],
])('a service with %s takes at most %i resources, however many grants it has', (_kind, most, create) => {
  const count = (services: readonly string[]) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const integration = create(stack);
    const clients = ['mail', 'social'].map((name) => mesh.addClient(name));
    for (const name of services) {
      const service = mesh.addService(name, { integration });
      for (const client of clients) service.allow(client, { path: '/events' });
    }
    return Object.keys(resourcesOf(stack)).length;
  };
  // The first service brings the API's authorizer with it.
  expect(count(['users', 'groups']) - count(['users'])).toBeLessThanOrEqual(most);
});
