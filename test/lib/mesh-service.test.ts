import { Lazy } from 'aws-cdk-lib';
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

test.each(['ping', 'sping'])('the name %s is refused: API Gateway answers there itself', (name) => {
  const integration = MeshIntegration.http('https://schedule.example.com');
  expect(() => newMesh(newStack()).addService(name, { integration })).toThrow(
    `Test/Mesh/Service-${name}: serviceName must not be a path that API Gateway reserves for health checks, got "${name}"`,
  );
});

test.each([
  ['a Lambda function', (stack: ReturnType<typeof newStack>) => MeshIntegration.lambdaFunction(newFunction(stack))],
  ['an HTTPS address', () => MeshIntegration.http('https://schedule.example.com')],
])('a service with %s takes at most five resources', (_kind, create) => {
  const count = (services: readonly string[]) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const integration = create(stack);
    for (const name of services) mesh.addService(name, { integration });
    return Object.keys(resourcesOf(stack)).length;
  };
  // The first service brings the API's authorizer with it.
  expect(count(['users', 'groups']) - count(['users'])).toBeLessThanOrEqual(5);
});
