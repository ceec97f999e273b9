import { App, Fn, Stack, Stage } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { HttpIamAuthorizer } from 'aws-cdk-lib/aws-apigatewayv2-authorizers';
import { HttpLambdaIntegration, HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations';
import { IDENTITY_HEADERS } from '../../mesh/contract';
import { newFunction, newMesh, newStack, onlyResource, resourcesOfType, type TemplateResource } from './mesh-stack';

const REGIONAL = { endpointTypes: [apigateway.EndpointType.REGIONAL], disableExecuteApiEndpoint: true };

function restApi(stack: Stack, props: apigateway.RestApiProps = REGIONAL): apigateway.RestApi {
  const api = new apigateway.RestApi(stack, 'Reports', { cloudWatchRole: false, ...props });
  api.root.addMethod('GET', new apigateway.LambdaIntegration(newFunction(stack)));
  api.root
    .addResource('{id}', { defaultCorsPreflightOptions: { allowOrigins: ['https://a.example.com'] } })
    .addMethod('GET', new apigateway.HttpIntegration('https://reports.example.com'), {
      authorizationType: apigateway.AuthorizationType.IAM,
    });
  return api;
}

test('a mesh protects as many APIs as the policy of its authorizer has room for', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  const protect = (id: number) =>
    mesh.protect(`api-${id}`, new apigatewayv2.HttpApi(stack, `Api${id}`, { disableExecuteApiEndpoint: true }));
  for (let id = 1; id <= 40; id += 1) protect(id);
  expect(() => protect(41)).toThrow(
    /: api must be one of at most 40 protected APIs of a mesh, because of the size of its authorizer's policy, got number 41$/,
  );
});

describe('a REST API of the mesh', () => {
  test('has the mesh’s authorizer before every method, also those that are added later', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const api = restApi(stack);
    const reports = mesh.protect('reports', api);
    api.root.addResource('later').addMethod('POST', new apigateway.LambdaIntegration(newFunction(stack, 'Later')));
    reports.allow(mesh.addClient('mail'), { path: '/{id}' });

    const { logicalId, Properties } = onlyResource(stack, 'AWS::ApiGateway::Authorizer');
    expect(Properties).toMatchObject({ Type: 'REQUEST', AuthorizerResultTtlInSeconds: 0 });
    expect(Properties['IdentitySource']).toBeUndefined();
    const methods = Object.values(resourcesOfType(stack, 'AWS::ApiGateway::Method'));
    expect(methods.map(({ Properties: { HttpMethod } }) => HttpMethod).sort()).toEqual([
      'GET',
      'GET',
      'OPTIONS',
      'POST',
    ]);
    for (const method of methods) {
      expect(method.Properties).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: logicalId } });
    }
    expect(onlyResource(stack, 'Custom::MtlsService').Properties).toMatchObject({
      ServiceName: 'reports',
      ApiId: stack.resolve(api.restApiId),
      Grants: ['mail ANY /reports/{id}'],
    });
    expect(
      Object.values(resourcesOfType(stack, 'AWS::ApiGatewayV2::ApiMapping')).map((one) => one.Properties),
    ).toContainEqual({
      ApiId: stack.resolve(api.restApiId),
      ApiMappingKey: 'reports',
      DomainName: stack.resolve(mesh.gateway.domain.name),
      Stage: stack.resolve(api.deploymentStage.stageName),
    });
    expect(reports.url).toBe('https://mesh.example.com/reports');
  });

  test('tells HTTP backends who calls', () => {
    const stack = newStack();
    newMesh(stack).protect('reports', restApi(stack)).allowAllClients();
    const integrations = Object.values(resourcesOfType(stack, 'AWS::ApiGateway::Method')).map(
      ({ Properties }) => Properties['Integration'] as { readonly Type: string; readonly RequestParameters?: object },
    );
    const expected = Object.entries(IDENTITY_HEADERS).map(([field, header]) => [
      `integration.request.header.${header}`,
      `context.authorizer.${field}`,
    ]);
    expect(integrations.find(({ Type }) => Type.startsWith('HTTP'))?.RequestParameters).toEqual(
      Object.fromEntries(expected),
    );
    expect(integrations.find(({ Type }) => Type === 'AWS_PROXY')?.RequestParameters).toBeUndefined();
  });

  test('is deployed again when the mesh begins to protect it', () => {
    const deploymentOf = (isProtected: boolean) => {
      const stack = newStack();
      const [mesh, api] = [newMesh(stack), restApi(stack)];
      if (isProtected) mesh.protect('reports', api).allowAllClients();
      return onlyResource(stack, 'AWS::ApiGateway::Deployment').logicalId;
    };
    expect(deploymentOf(true)).not.toBe(deploymentOf(false));
  });
});

test('an API in a stage of the app is protected, also beside another stage of the same shape', () => {
  const app = new App();
  for (const name of ['Dev', 'Prod']) {
    const stack = new Stack(new Stage(app, name), 'Test');
    newMesh(stack).protect('reports', restApi(stack)).allowAllClients();
  }
  for (const { stacks } of app.synth().nestedAssemblies.map(({ nestedAssembly }) => nestedAssembly)) {
    const resources: TemplateResource[] = Object.values(stacks[0]?.template.Resources);
    const methods = resources.filter(({ Type }) => Type === 'AWS::ApiGateway::Method');
    expect(methods.map(({ Properties }) => Properties['AuthorizationType'])).toEqual(['CUSTOM', 'CUSTOM', 'CUSTOM']);
  }
});

describe('synthesis fails', () => {
  const synthesize = (change: (api: apigateway.RestApi, stack: Stack) => void, props = {}) => {
    const stack = newStack();
    const api = restApi(stack, { ...REGIONAL, ...props });
    newMesh(stack).protect('reports', api).allowAllClients();
    change(api, stack);
    (stack.node.root as App).synth();
  };

  test('for an API that the CDK does not deploy', () => {
    expect(() => synthesize(() => undefined, { deploy: false })).toThrow(
      'api must be deployed by the CDK, got deploy: false',
    );
  });

  test('not for a method that refers to the API by its logical ID: it is protected', () => {
    expect(() =>
      synthesize((api, stack) => {
        new apigateway.CfnMethod(stack, 'Raw', {
          restApiId: Fn.ref(stack.getLogicalId(api.node.defaultChild as apigateway.CfnRestApi)),
          resourceId: api.root.resourceId,
          httpMethod: 'PATCH',
          integration: { type: 'MOCK' },
        });
      }),
    ).not.toThrow();
  });
});

test('the name is checked as that of a service', () => {
  const stack = newStack();
  const mesh = newMesh(stack);
  expect(() => mesh.protect('ping', restApi(stack))).toThrow('must not be a path that API Gateway reserves');
});

function httpApi(stack: Stack, props: apigatewayv2.HttpApiProps = {}): apigatewayv2.HttpApi {
  const api = new apigatewayv2.HttpApi(stack, 'Reports', { disableExecuteApiEndpoint: true, ...props });
  api.addRoutes({ path: '/', integration: new HttpLambdaIntegration('Function', newFunction(stack)) });
  api.addRoutes({ path: '/{id}', integration: new HttpUrlIntegration('Url', 'https://reports.example.com/{id}') });
  return api;
}

describe('an HTTP API of the mesh', () => {
  const routesOf = (stack: Stack) => Object.entries(resourcesOfType(stack, 'AWS::ApiGatewayV2::Route'));

  test('has the mesh’s authorizer before every route, also those that are added later, and gets its mapping after them', () => {
    const stack = newStack();
    const mesh = newMesh(stack);
    const api = httpApi(stack);
    const reports = mesh.protect('reports', api);
    new apigatewayv2.CfnRoute(stack, 'Later', {
      apiId: api.apiId,
      routeKey: 'GET /later',
      authorizationType: 'AWS_IAM',
    });
    reports.allow(mesh.addClient('mail'), { path: '/{id}' });

    const { logicalId, Properties } = onlyResource(stack, 'AWS::ApiGatewayV2::Authorizer');
    expect(Properties).toMatchObject({
      AuthorizerType: 'REQUEST',
      AuthorizerResultTtlInSeconds: 0,
      AuthorizerPayloadFormatVersion: '2.0',
      EnableSimpleResponses: true,
    });
    expect(Properties['IdentitySource']).toBeUndefined();
    const routes = routesOf(stack);
    expect(routes.map(([, route]) => route.Properties['RouteKey']).sort()).toEqual([
      'ANY /',
      'ANY /{id}',
      'GET /later',
    ]);
    for (const [, route] of routes) {
      expect(route.Properties).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: logicalId } });
    }
    expect(onlyResource(stack, 'Custom::MtlsService').Properties).toMatchObject({
      ServiceName: 'reports',
      ApiId: stack.resolve(api.apiId),
      MappingKey: 'reports',
      Grants: ['mail ANY /reports/{id}'],
    });
    const mapping = Object.values(resourcesOfType(stack, 'AWS::ApiGatewayV2::ApiMapping')).find(
      (one) => one.Properties['ApiMappingKey'] === 'reports',
    );
    expect(mapping?.DependsOn).toEqual(expect.arrayContaining(routes.map(([id]) => id)));
    (stack.node.root as App).synth();
  });

  test('tells HTTP backends who calls', () => {
    const stack = newStack();
    newMesh(stack).protect('reports', httpApi(stack)).allowAllClients();
    const integrations = Object.values(resourcesOfType(stack, 'AWS::ApiGatewayV2::Integration'));
    const parametersOf = (type: string) =>
      integrations.find(({ Properties }) => Properties['IntegrationType'] === type)?.Properties['RequestParameters'];
    const expected = Object.entries(IDENTITY_HEADERS).map(([field, header]) => [
      `overwrite:header.${header}`,
      `$context.authorizer.${field}`,
    ]);
    expect(parametersOf('HTTP_PROXY')).toEqual(Object.fromEntries(expected));
    expect(parametersOf('AWS_PROXY')).toBeUndefined();
  });

  test.each<[string, (stack: Stack) => apigateway.RestApi | apigatewayv2.IHttpApi, string]>([
    [
      'an imported API',
      (stack) => apigatewayv2.HttpApi.fromHttpApiAttributes(stack, 'Theirs', { httpApiId: 'a1b2c3' }),
      'api must be an HttpApi or a RestApi that the app defines, got Test/Theirs',
    ],
    [
      'an API of an OpenAPI document',
      (stack) =>
        new apigateway.SpecRestApi(stack, 'Spec', {
          apiDefinition: apigateway.ApiDefinition.fromInline({ openapi: '3.0.2', paths: {} }),
        }) as unknown as apigateway.RestApi,
      'api must be an HttpApi or a RestApi that the app defines, got Test/Spec',
    ],
    [
      'an API without a stage',
      (stack) => httpApi(stack, { createDefaultStage: false }),
      'api must have a default stage, got createDefaultStage: false',
    ],
  ])('refuses %s by name', (_, api, message) => {
    const stack = newStack();
    const mesh = newMesh(stack);
    expect(() => mesh.protect('reports', api(stack))).toThrow(`Test/Mesh/Service-reports: ${message}`);
  });

  test.each<[string, (api: apigatewayv2.HttpApi, stack: Stack) => void, string]>([
    [
      'a route without a path',
      (api, stack) => new apigatewayv2.CfnRoute(stack, 'Catch', { apiId: api.apiId, routeKey: '$default' }),
      'Test/Catch: routeKey must have a path, which grants can name, got $default',
    ],
    [
      'execute-api left enabled',
      (api) => {
        (api.node.defaultChild as apigatewayv2.CfnApi).disableExecuteApiEndpoint = false;
      },
      'Test/Reports/Resource: DisableExecuteApiEndpoint must be true, got false',
    ],
    [
      'a route whose authorization is overridden',
      (api, stack) => {
        const route = new apigatewayv2.CfnRoute(stack, 'Open', { apiId: api.apiId, routeKey: 'GET /open' });
        route.addPropertyOverride('AuthorizationType', 'NONE');
      },
      'Test/Open: AuthorizationType must be CUSTOM, got "NONE"',
    ],
    [
      'a second mapping key, also at a domain with mutual TLS',
      (api, stack) => {
        const { ref: domainName } = new apigatewayv2.CfnDomainName(stack, 'Domain', {
          domainName: 'door.example.com',
          domainNameConfigurations: [{ endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' }],
          mutualTlsAuthentication: { truststoreUri: 's3://bucket/truststore.pem' },
        });
        new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId: api.apiId, domainName, stage: '$default' });
      },
      'Test/Door: ApiMappingKey must be "reports"',
    ],
  ])('synthesis refuses %s', (_, open, message) => {
    const stack = newStack();
    const api = httpApi(stack);
    newMesh(stack).protect('reports', api).allowAllClients();
    open(api, stack);
    expect(() => (stack.node.root as App).synth()).toThrow(message);
  });
});

test('an API in another stack of the app is protected there, so that no stack refers to the other in both directions', () => {
  const app = new App();
  const mesh = newMesh(new Stack(app, 'Mesh'));
  const stack = new Stack(app, 'Api');
  const reports = mesh.protect('reports', restApi(stack));
  reports.allow(mesh.addClient('mail'));

  expect(reports.node.path).toBe('Api/Reports/Service-reports');
  const { Properties, logicalId } = onlyResource(stack, 'AWS::ApiGateway::Authorizer');
  expect(Properties).toMatchObject({ Type: 'REQUEST' });
  for (const method of Object.values(resourcesOfType(stack, 'AWS::ApiGateway::Method'))) {
    expect(method.Properties).toMatchObject({ AuthorizationType: 'CUSTOM', AuthorizerId: { Ref: logicalId } });
  }
  expect(
    app
      .synth()
      .getStackByName('Api')
      .dependencies.map(({ id }) => id),
  ).toContain('Mesh');
});

describe('a warning names what an API no longer decides itself', () => {
  const warningsOf = (stack: Stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('authorizationReplaced'))
      .map(({ id, entry }) => `${id} ${entry.data}`);

  test('methods of a REST API with IAM authorization', () => {
    const stack = newStack();
    newMesh(stack).protect('reports', restApi(stack)).allowAllClients();
    expect(warningsOf(stack)).toEqual([
      "/Test/Mesh/Service-reports the mesh's authorizer decides on Test/Reports in place of the authorization of GET /{id} (AWS_IAM) [ack: cdk-mtls-service-mesh:authorizationReplaced]",
    ]);
  });

  test('routes of an HTTP API, and none without authorization', () => {
    const stack = newStack();
    const api = new apigatewayv2.HttpApi(stack, 'Orders', { disableExecuteApiEndpoint: true });
    const integration = new HttpLambdaIntegration('Function', newFunction(stack));
    api.addRoutes({ path: '/', integration });
    api.addRoutes({ path: '/{id}', integration, authorizer: new HttpIamAuthorizer() });
    newMesh(stack).protect('orders', api).allowAllClients();
    expect(warningsOf(stack)).toEqual([
      expect.stringContaining('in place of the authorization of ANY /{id} (AWS_IAM) ['),
    ]);
  });
});
