import { App, Fn, Stack, Stage } from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
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
      'restApi must be deployed by the CDK, got deploy: false',
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
