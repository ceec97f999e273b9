import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  App,
  CfnResource,
  CustomResource,
  DefaultStackSynthesizer,
  Fn,
  type ISynthesisSession,
  NestedStack,
  type PolicyViolatingResourceBeta1,
  Stack,
  Stage,
  Validations,
} from 'aws-cdk-lib';
import * as apigateway from 'aws-cdk-lib/aws-apigateway';
import * as apigatewayv2 from 'aws-cdk-lib/aws-apigatewayv2';
import { MeshIntegration, type MtlsServiceMesh, SideDoorChecks } from '../../lib';
import { newFunction, newMesh } from './mesh-stack';

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-side-doors-'));
});

afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

interface Parts {
  readonly app: App;
  readonly stack: Stack;
  readonly mesh: MtlsServiceMesh;
  readonly restApi: apigateway.RestApi;
}

/** A mesh with a service of each kind, without side doors. */
function newApp(): Parts {
  const app = new App({ outdir: directory, context: { 'aws:cdk:enable-path-metadata': true } });
  const stack = new Stack(app, 'Test');
  const mesh = newMesh(stack);
  const handler = newFunction(stack);
  mesh.addService('schedule', { integration: MeshIntegration.lambdaFunction(handler) }).allowAllClients();
  mesh.addService('groups', { integration: MeshIntegration.http('https://groups.example.com') }).allowAllClients();
  const restApi = new apigateway.RestApi(stack, 'Reports', {
    cloudWatchRole: false,
    endpointTypes: [apigateway.EndpointType.REGIONAL],
    disableExecuteApiEndpoint: true,
  });
  restApi.root.addMethod('GET', new apigateway.HttpIntegration('https://reports.example.com'));
  mesh.protect('reports', restApi).allowAllClients();
  return { app, stack, mesh, restApi };
}

/** What the plugin finds in the files, with the constructs' own validation left out. */
function violationsOf(app: App) {
  const paths = app.synth({ skipValidation: true }).stacksRecursively.map(({ templateFullPath }) => templateFullPath);
  return new SideDoorChecks().validate({ templatePaths: paths, appConstruct: app });
}

/** The path of the construct, as the report of the CDK has it. */
function pathIn(violating: PolicyViolatingResourceBeta1 | undefined): string {
  const { Resources } = JSON.parse(readFileSync(String(violating?.templatePath), 'utf8'));
  return Resources[String(violating?.resourceLogicalId)].Metadata['aws:cdk:path'];
}

function resource<T extends CfnResource>({ node }: { readonly node: Stack['node'] }, ...ids: string[]): T {
  const found = ids.reduce((parent, id) => parent.findChild(id).node, node);
  return (found.defaultChild ?? found.scopes.at(-1)) as T;
}

const DOOR = 'door.example.com';
const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/1';

/** A domain of the user that demands no certificate, or one of another kind. */
function newDomain(stack: Stack, change: Partial<apigatewayv2.CfnDomainNameProps> = {}): apigatewayv2.CfnDomainName {
  return new apigatewayv2.CfnDomainName(stack, 'Domain', {
    domainName: DOOR,
    domainNameConfigurations: [{ certificateArn: CERTIFICATE, endpointType: 'REGIONAL', securityPolicy: 'TLS_1_2' }],
    ...change,
  });
}

const MUTUAL = { mutualTlsAuthentication: { truststoreUri: 's3://bucket/truststore.pem' } };

type Case = readonly [name: string, open: (parts: Parts) => void, sentence: string];

const HTTP_DOORS: readonly Case[] = [
  [
    'execute-api left enabled',
    ({ mesh }) => resource(mesh.gateway.api).addPropertyOverride('DisableExecuteApiEndpoint', false),
    'Test/Mesh/Gateway/Api/Resource: DisableExecuteApiEndpoint must be true, got false (EXECUTE_API_ENDPOINT',
  ],
  [
    'execute-api by a deleted property',
    ({ mesh }) => resource(mesh.gateway.api).addPropertyDeletionOverride('DisableExecuteApiEndpoint'),
    'Test/Mesh/Gateway/Api/Resource: DisableExecuteApiEndpoint must be true, got none (EXECUTE_API_ENDPOINT',
  ],
  [
    'a second domain without mutual TLS',
    ({ stack, mesh }) => {
      const domainName = newDomain(stack).ref;
      new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId: mesh.gateway.api.apiId, domainName, stage: '$default' });
    },
    'Test/Domain: MutualTlsAuthentication.TruststoreUri must be set (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'a second domain, named by a text',
    ({ stack, mesh }) => {
      newDomain(stack);
      const { apiId } = mesh.gateway.api;
      new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId, domainName: DOOR, stage: '$default' });
    },
    'Test/Domain: MutualTlsAuthentication.TruststoreUri must be set (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'a domain of another app',
    ({ stack, mesh }) => {
      const { apiId } = mesh.gateway.api;
      new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId, domainName: DOOR, stage: '$default' });
    },
    'Test/Door: DomainName must be a domain of the app that demands client certificates (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'mutual TLS removed from the mesh’s own domain',
    ({ mesh }) => resource(mesh.gateway.domain).addPropertyDeletionOverride('MutualTlsAuthentication'),
    'Test/Mesh/Gateway/Domain/Resource: MutualTlsAuthentication.TruststoreUri must be set (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'an edge endpoint',
    ({ mesh }) => resource(mesh.gateway.domain).addPropertyOverride('DomainNameConfigurations.0.EndpointType', 'EDGE'),
    'Test/Mesh/Gateway/Domain/Resource: DomainNameConfigurations.EndpointType must be REGIONAL, got "EDGE" (ENDPOINT_TYPE',
  ],
  [
    'an older security policy',
    ({ mesh }) =>
      resource(mesh.gateway.domain).addPropertyOverride('DomainNameConfigurations.0.SecurityPolicy', 'TLS_1_0'),
    'Test/Mesh/Gateway/Domain/Resource: DomainNameConfigurations.SecurityPolicy must be TLS_1_2, got "TLS_1_0" (SECURITY_POLICY',
  ],
  [
    'a security policy that mutual TLS does not allow',
    ({ mesh }) =>
      resource(mesh.gateway.domain).addPropertyOverride(
        'DomainNameConfigurations.0.SecurityPolicy',
        'SecurityPolicy_TLS13_1_3_2025_09',
      ),
    'DomainNameConfigurations.SecurityPolicy must be TLS_1_2, got "SecurityPolicy_TLS13_1_3_2025_09" (SECURITY_POLICY',
  ],
  [
    'a second mapping key',
    ({ stack, mesh }) => {
      const domainName = newDomain(stack, MUTUAL).ref;
      const { apiId } = mesh.gateway.api;
      new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId, domainName, stage: '$default', apiMappingKey: 'a' });
    },
    'Test/Door: ApiMappingKey must be "", as in the mapping Test/Mesh/Gateway/Mapping/Resource of the same API, got "a" (MAPPING',
  ],
  [
    'a routing rule',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnRoutingRule(stack, 'Rule', {
        domainNameArn: `arn:aws:apigateway:us-east-1::/domainnames/${DOOR}`,
        priority: 1,
        conditions: [],
        actions: [{ invokeApi: { apiId: mesh.gateway.api.apiId, stage: '$default' } }],
      }),
    'Test/Rule: Actions must not invoke an API of a mesh (MAPPING',
  ],
  [
    'an authorizer cache',
    ({ mesh }) => resource(mesh.gateway.api, 'Authorizer').addPropertyOverride('AuthorizerResultTtlInSeconds', 300),
    'Test/Mesh/Gateway/Api/Authorizer/Resource: AuthorizerResultTtlInSeconds must be 0, got 300 (AUTHORIZER_CACHE',
  ],
  [
    'an authorizer cache by default',
    ({ mesh }) => resource(mesh.gateway.api, 'Authorizer').addPropertyDeletionOverride('AuthorizerResultTtlInSeconds'),
    'Test/Mesh/Gateway/Api/Authorizer/Resource: AuthorizerResultTtlInSeconds must be 0, got none (AUTHORIZER_CACHE',
  ],
  [
    'a route of a service without the authorizer',
    ({ mesh }) => resource(mesh, 'Service-schedule', 'Root').addPropertyOverride('AuthorizationType', 'NONE'),
    'Test/Mesh/Service-schedule/Root/Resource: AuthorizationType must be CUSTOM, got "NONE" (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a raw route',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnRoute(stack, 'Raw', { apiId: mesh.gateway.api.apiId, routeKey: 'GET /schedule/door' }),
    'Test/Raw: AuthorizationType must be CUSTOM, got none (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a raw route by the logical ID',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnRoute(stack, 'Raw', {
        apiId: Fn.sub(`\${${stack.getLogicalId(resource(mesh.gateway.api))}}`),
        routeKey: 'GET /schedule/door',
      }),
    'Test/Raw: AuthorizationType must be CUSTOM, got none (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a resource without a class of its own',
    ({ stack, mesh }) =>
      new CfnResource(stack, 'Raw', {
        type: 'AWS::ApiGatewayV2::Route',
        properties: { ApiId: { Ref: stack.getLogicalId(resource(mesh.gateway.api)) }, RouteKey: 'GET /door' },
      }),
    'Test/Raw: AuthorizationType must be CUSTOM, got none (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a route in another stack',
    ({ app, mesh }) =>
      new apigatewayv2.CfnRoute(new Stack(app, 'Other'), 'Raw', {
        apiId: mesh.gateway.api.apiId,
        routeKey: 'GET /schedule/door',
      }),
    'Other/Raw: AuthorizationType must be CUSTOM, got none (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a route in a nested stack',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnRoute(new NestedStack(stack, 'Nested'), 'Raw', {
        apiId: mesh.gateway.api.apiId,
        routeKey: 'GET /schedule/door',
      }),
    'Test/Nested/Raw: AuthorizationType must be CUSTOM, got none (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'an authorizer of another function',
    ({ stack, mesh }) => {
      const { apiId } = mesh.gateway.api;
      const authorizer = new apigatewayv2.CfnAuthorizer(stack, 'Lax', {
        apiId,
        name: 'Lax',
        authorizerType: 'REQUEST',
        authorizerUri: newFunction(stack, 'Other').functionArn,
        authorizerResultTtlInSeconds: 0,
      });
      resource(mesh, 'Service-schedule', 'Root').addPropertyOverride('AuthorizerId', authorizer.ref);
    },
    'Test/Mesh/Service-schedule/Root/Resource: AuthorizerId must be the authorizer of the mesh, got {"Ref":"Lax"} (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'another function in the authorizer',
    ({ stack, mesh }) =>
      resource(mesh.gateway.api, 'Authorizer').addPropertyOverride(
        'AuthorizerUri',
        newFunction(stack, 'Other').functionArn,
      ),
    'Test/Mesh/Service-schedule/Root/Resource: AuthorizerId must be the authorizer of the mesh',
  ],
  [
    'a route that the API itself creates',
    ({ mesh }) => resource(mesh.gateway.api).addPropertyOverride('Target', 'https://door.example.com'),
    'Test/Mesh/Gateway/Api/Resource: Target must not be set (UNCHECKED_ROUTES',
  ],
  [
    'routes of an OpenAPI document',
    ({ mesh }) => resource(mesh.gateway.api).addPropertyOverride('Body', { openapi: '3.0.1' }),
    'Test/Mesh/Gateway/Api/Resource: Body must not be set (UNCHECKED_ROUTES',
  ],
  [
    'a mapping that overwrites an identity header',
    ({ mesh }) =>
      resource(mesh, 'Service-groups', 'Root', 'Integration').addPropertyOverride(
        'RequestParameters.overwrite:header\\.X-Mesh-Client-Name',
        'admin',
      ),
    'RequestParameters must not map overwrite:header.X-Mesh-Client-Name to "admin" (IDENTITY_HEADER',
  ],
  [
    'a stage variable that overwrites an identity header',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnIntegration(stack, 'Raw', {
        apiId: mesh.gateway.api.apiId,
        integrationType: 'HTTP_PROXY',
        integrationUri: 'https://groups.example.com',
        requestParameters: { 'overwrite:header.x-mesh-spiffe-id': '$stageVariables.id' },
      }),
    'Test/Raw: RequestParameters must not map overwrite:header.x-mesh-spiffe-id to "$stageVariables.id" (IDENTITY_HEADER',
  ],
  [
    'an identity header beside the one of the caller',
    ({ stack, mesh }) =>
      new apigatewayv2.CfnIntegration(stack, 'Raw', {
        apiId: mesh.gateway.api.apiId,
        integrationType: 'HTTP_PROXY',
        integrationUri: 'https://groups.example.com',
        requestParameters: { 'append:header.x-mesh-grant': '$context.authorizer.grant' },
      }),
    'Test/Raw: RequestParameters must not map append:header.x-mesh-grant to "$context.authorizer.grant" (IDENTITY_HEADER',
  ],
];

const REST_DOORS: readonly Case[] = [
  [
    'execute-api left enabled',
    ({ restApi }) => resource(restApi).addPropertyOverride('DisableExecuteApiEndpoint', false),
    'Test/Reports/Resource: DisableExecuteApiEndpoint must be true, got false (EXECUTE_API_ENDPOINT',
  ],
  [
    'an edge endpoint',
    ({ restApi }) => resource(restApi).addPropertyDeletionOverride('EndpointConfiguration'),
    'Test/Reports/Resource: EndpointConfiguration.Types must be REGIONAL, got "EDGE" (ENDPOINT_TYPE',
  ],
  [
    'a private endpoint',
    ({ restApi }) => resource(restApi).addPropertyOverride('EndpointConfiguration.Types', ['PRIVATE']),
    'Test/Reports/Resource: EndpointConfiguration.Types must be REGIONAL, got "PRIVATE" (ENDPOINT_TYPE',
  ],
  [
    'a base path of a second domain without mutual TLS',
    ({ stack, restApi: { restApiId } }) => {
      const { ref: domainName } = new apigateway.CfnDomainName(stack, 'Domain', {
        domainName: DOOR,
        regionalCertificateArn: CERTIFICATE,
        endpointConfiguration: { types: ['REGIONAL'] },
        securityPolicy: 'TLS_1_2',
      });
      new apigateway.CfnBasePathMapping(stack, 'Door', { restApiId, domainName, basePath: 'reports' });
    },
    'Test/Domain: MutualTlsAuthentication.TruststoreUri must be set (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'an edge domain with an enhanced policy',
    ({ stack, restApi: { restApiId } }) => {
      const { ref: domainName } = new apigateway.CfnDomainName(stack, 'Domain', {
        domainName: DOOR,
        certificateArn: CERTIFICATE,
        ...MUTUAL,
        securityPolicy: 'SecurityPolicy_TLS13_2025_EDGE',
      });
      new apigateway.CfnBasePathMapping(stack, 'Door', { restApiId, domainName, basePath: 'reports' });
    },
    'Test/Domain: SecurityPolicy must be TLS_1_2, got "SecurityPolicy_TLS13_2025_EDGE" (SECURITY_POLICY',
  ],
  [
    'an edge domain',
    ({ stack, restApi: { restApiId } }) => {
      const { ref: domainName } = new apigateway.CfnDomainName(stack, 'Domain', {
        domainName: DOOR,
        certificateArn: CERTIFICATE,
        ...MUTUAL,
        securityPolicy: 'TLS_1_2',
      });
      new apigateway.CfnBasePathMapping(stack, 'Door', { restApiId, domainName, basePath: 'reports' });
    },
    'Test/Domain: EndpointType must be REGIONAL, got "EDGE" (ENDPOINT_TYPE',
  ],
  [
    'a private domain',
    ({ stack, restApi: { restApiId } }) =>
      new apigateway.CfnBasePathMappingV2(stack, 'Door', {
        restApiId,
        domainNameArn: `arn:aws:apigateway:us-east-1:123456789012:/domainnames/${DOOR}+a`,
        basePath: 'reports',
      }),
    'Test/Door: DomainNameArn must be a domain of the app that demands client certificates (DOMAIN_WITHOUT_MUTUAL_TLS',
  ],
  [
    'a second mapping without a key, where grants would name other methods',
    ({ stack, restApi }) => {
      const domainName = newDomain(stack, MUTUAL).ref;
      new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId: restApi.restApiId, domainName, stage: 'prod' });
    },
    'Test/Door: ApiMappingKey must be "reports", as in the mapping Test/Mesh/Service-reports/Mapping of the same API, got "" (MAPPING',
  ],
  [
    'an authorizer cache',
    ({ mesh }) =>
      resource(mesh, 'Service-reports', 'Authorizer').addPropertyOverride('AuthorizerResultTtlInSeconds', 60),
    'Test/Mesh/Service-reports/Authorizer: AuthorizerResultTtlInSeconds must be 0, got 60 (AUTHORIZER_CACHE',
  ],
  [
    'a method without the authorizer',
    ({ restApi }) => resource(restApi.root, 'GET').addPropertyOverride('AuthorizationType', 'NONE'),
    'Test/Reports/Default/GET/Resource: AuthorizationType must be CUSTOM, got "NONE" (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'a method without a class of its own',
    ({ stack, restApi }) =>
      new CfnResource(stack, 'Raw', {
        type: 'AWS::ApiGateway::Method',
        properties: {
          RestApiId: { 'Fn::GetAtt': [stack.getLogicalId(resource(restApi)), 'RestApiId'] },
          HttpMethod: 'PUT',
          AuthorizationType: 'NONE',
        },
      }),
    'Test/Raw: AuthorizationType must be CUSTOM, got "NONE" (ROUTE_WITHOUT_AUTHORIZER',
  ],
  [
    'methods of an OpenAPI document',
    ({ restApi }) => resource(restApi).addPropertyOverride('Body', { openapi: '3.0.1' }),
    'Test/Reports/Resource: Body must not be set (UNCHECKED_ROUTES',
  ],
  [
    'a stage variable in an identity header',
    ({ stack, restApi }) =>
      new CfnResource(stack, 'Raw', {
        type: 'AWS::ApiGateway::Method',
        properties: {
          RestApiId: restApi.restApiId,
          Integration: {
            RequestParameters: { 'integration.request.header.x-mesh-client-name': 'stageVariables.client' },
          },
        },
      }),
    'Test/Raw: Integration.RequestParameters must not map integration.request.header.x-mesh-client-name to "stageVariables.client" (IDENTITY_HEADER',
  ],
  [
    'a mapping template that overrides an identity header',
    ({ restApi }) =>
      resource(restApi.root, 'GET').addPropertyOverride('Integration.RequestTemplates', {
        'application/json': '#set($context.requestOverride.header.X-Mesh-Client-Name = "admin")',
      }),
    'Test/Reports/Default/GET/Resource: Integration.RequestTemplates must not override identity headers, got the template of application/json (IDENTITY_HEADER',
  ],
];

describe.each([
  ['the HTTP API', HTTP_DOORS],
  ['a REST API', REST_DOORS],
] as const)('side doors of %s', (_, doors) => {
  test.each(doors)('synthesis refuses %s', (_name, open, sentence) => {
    const parts = newApp();
    open(parts);
    expect(() => parts.app.synth()).toThrow(sentence);
  });

  test.each(doors)('the plugin finds %s', (_name, open, sentence) => {
    const parts = newApp();
    open(parts);
    const { success, violations } = violationsOf(parts.app);
    expect(success).toBe(false);
    const sentences = violations.map(({ ruleName, description, violatingResources: [violating] }) => {
      return `${pathIn(violating)}: ${description} (${ruleName}`;
    });
    expect(sentences.join('\n')).toContain(sentence);
  });
});

test('an app without a side door passes', () => {
  const { app } = newApp();
  expect(violationsOf(app)).toEqual({ success: true, violations: [] });
});

test('a second domain with mutual TLS and the same key passes', () => {
  const { app, stack, mesh } = newApp();
  const domainName = newDomain(stack, MUTUAL).ref;
  new apigatewayv2.CfnApiMapping(stack, 'Door', { apiId: mesh.gateway.api.apiId, domainName, stage: '$default' });
  expect(violationsOf(app).violations).toEqual([]);
});

test('an authorizer that no method uses any more passes with its cache', () => {
  const { app, stack, restApi } = newApp();
  new apigateway.CfnAuthorizer(stack, 'Own', { restApiId: restApi.restApiId, name: 'Own', type: 'COGNITO_USER_POOLS' });
  expect(violationsOf(app).violations).toEqual([]);
});

test('an API without a service of the mesh is the user’s own affair', () => {
  const { app, stack } = newApp();
  const api = new apigatewayv2.HttpApi(stack, 'Own');
  new apigatewayv2.CfnRoute(stack, 'Open', { apiId: api.apiId, routeKey: 'GET /' });
  expect(violationsOf(app).violations).toEqual([]);
});

test('services of a mesh of another app pass with its authorizer, and not with their own', () => {
  const newTeam = (AuthorizerId: unknown) => {
    const app = new App({ outdir: directory });
    const stack = new Stack(app, 'Team');
    const properties = { ServiceName: 'schedule', ApiId: 'a1b2c3', Grants: [] };
    const resourceType = 'Custom::MtlsService';
    new CustomResource(stack, 'Service', { serviceToken: 'arn:aws:lambda:::', resourceType, properties });
    const route = new apigatewayv2.CfnRoute(stack, 'Route', { apiId: 'a1b2c3', routeKey: 'ANY /schedule' });
    route.addPropertyOverride('AuthorizationType', 'CUSTOM');
    route.addPropertyOverride('AuthorizerId', AuthorizerId);
    new apigatewayv2.CfnAuthorizer(stack, 'Own', {
      apiId: 'a1b2c3',
      name: 'Own',
      authorizerType: 'REQUEST',
      authorizerResultTtlInSeconds: 0,
    });
    return violationsOf(app).violations.map(({ ruleName }) => ruleName);
  };
  expect(newTeam('d4e5f6')).toEqual([]);
  expect(newTeam({ Ref: 'Own' })).toEqual(['ROUTE_WITHOUT_AUTHORIZER']);
});

test.each(['weak', 'strong'])('references between stacks are followed: %s', (references) => {
  const app = new App({ outdir: directory, context: { '@aws-cdk/core:defaultCrossStackReferences': references } });
  const stack = new Stack(app, 'Test');
  const mesh = newMesh(stack);
  new apigatewayv2.CfnRoute(new Stack(app, 'Other'), 'Raw', { apiId: mesh.gateway.api.apiId, routeKey: 'GET /door' });
  expect(violationsOf(app).violations).toMatchObject([
    { violatingResources: [{ resourceLogicalId: 'Raw', templatePath: join(directory, 'Other.template.json') }] },
  ]);
});

test('each stage of an app is checked', () => {
  const app = new App({ outdir: directory });
  for (const name of ['Dev', 'Prod']) {
    const mesh = newMesh(new Stack(new Stage(app, name), 'Test'));
    if (name === 'Prod') resource(mesh.gateway.api).addPropertyOverride('DisableExecuteApiEndpoint', false);
  }
  expect(() => app.synth()).toThrow('Prod/Test/Mesh/Gateway/Api/Resource: DisableExecuteApiEndpoint must be true');
});

test('the CDK runs the plugin and names the construct', () => {
  const { app, mesh } = newApp();
  Validations.of(app).addPlugins(new SideDoorChecks());
  resource(mesh.gateway.api).addPropertyOverride('DisableExecuteApiEndpoint', false);
  expect(() => app.synth({ skipValidation: true })).toThrow(
    /Test\/Mesh\/Gateway\/Api.*SideDoorChecks::EXECUTE_API_ENDPOINT/s,
  );
});

/** Changes the template when it is written, after the constructs have been validated. */
class OpeningSynthesizer extends DefaultStackSynthesizer {
  override synthesize(session: ISynthesisSession): void {
    super.synthesize(session);
    const path = join(session.assembly.outdir, this.boundStack.templateFile);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"DisableExecuteApiEndpoint": true,', ''));
  }
}

function appOpenedBySynthesizer(): App {
  const app = new App({ outdir: directory });
  newMesh(new Stack(app, 'Test', { synthesizer: new OpeningSynthesizer() }));
  return app;
}

test('only the plugin sees what a synthesizer writes after the constructs were validated', () => {
  expect(() => appOpenedBySynthesizer().synth()).not.toThrow();

  const app = appOpenedBySynthesizer();
  Validations.of(app).addPlugins(new SideDoorChecks());
  expect(() => app.synth()).toThrow('SideDoorChecks::EXECUTE_API_ENDPOINT');
});

test('an acknowledgement silences the plugin, and skipValidation the constructs, so the two together silence all', () => {
  const { app, stack, mesh } = newApp();
  Validations.of(app).addPlugins(new SideDoorChecks());
  resource(mesh.gateway.api).addPropertyOverride('DisableExecuteApiEndpoint', false);
  Validations.of(stack).acknowledge({ id: 'SideDoorChecks::EXECUTE_API_ENDPOINT', reason: 'for the test' });
  expect(() => app.synth()).toThrow('DisableExecuteApiEndpoint must be true');
  expect(() => app.synth({ skipValidation: true })).not.toThrow();
});

test('an app can name the plugin in its properties, as in older versions of the CDK', () => {
  const app = new App({ outdir: directory, policyValidationBeta1: [new SideDoorChecks()] });
  const mesh = newMesh(new Stack(app, 'Test'));
  resource(mesh.gateway.api).addPropertyOverride('DisableExecuteApiEndpoint', false);
  expect(() => app.synth({ skipValidation: true })).toThrow('EXECUTE_API_ENDPOINT');
});
