import { DOMAIN, TRUSTSTORE_URI } from '../gateway-fixture';
import { invocationArn, RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start();
});

afterEach(() => fixture.close());

const FUNCTION = invocationArn('arn:aws:lambda:us-east-1:123456789012:function:f');
const lambda = { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: FUNCTION };

describe('a resource is not made', () => {
  test.each([
    ['with braces within its name', '/a{b}', 'path part only allow'],
    ['with a slash', '/a%2fb', 'path part only allow'],
    ['that API Gateway reserves', '/ping', 'reserves at custom domain names'],
    ['below a greedy variable', '/{proxy+}/a', 'greedy path variable'],
  ])('%s', async (_, path, message) => {
    await expect(fixture.resource(path)).rejects.toThrow(message);
  });

  test('twice, or as a second variable', async () => {
    const ParentId = await fixture.resource('/');
    await fixture.resource('/a');
    await fixture.resource('/{id}');
    const make = (PathPart: string) => fixture.createPart('Resource', { ParentId, PathPart });
    await expect(make('a')).rejects.toThrow('already has this name: a');
    await expect(make('{other}')).rejects.toThrow('A sibling ({id}) of this resource already has a variable');
    await expect(make('{proxy+}')).resolves.toBeDefined();
  });

  test('below a parent that is not there', async () => {
    const properties = { ParentId: 'none', PathPart: 'a' };
    await expect(fixture.createPart('Resource', properties)).rejects.toThrow('Invalid Resource identifier');
  });
});

test.each([
  ['AWS', { ...lambda, Type: 'AWS' }, {}, 'the sandbox does not support an integration of the type AWS'],
  ['HTTP', { ...lambda, Type: 'HTTP' }, {}, 'the sandbox does not support an integration of the type HTTP'],
  ['credentials', { ...lambda, Credentials: 'arn' }, {}, "the member 'Integration.Credentials'"],
  ['a VPC link', { ...lambda, ConnectionType: 'VPC_LINK' }, {}, 'ConnectionType'],
  ['streaming', { ...lambda, ResponseTransferMode: 'STREAM' }, {}, 'ResponseTransferMode'],
  ['a URI of another service', { ...lambda, Uri: 'arn:aws:apigateway:us-east-1:s3:path/a' }, {}, "isn't a function"],
  ['a stage variable in the URI', { ...lambda, Uri: `${FUNCTION}\${stageVariables.a}` }, {}, 'stage variables'],
  ['a relative URL', { ...lambda, Type: 'HTTP_PROXY', Uri: '/a' }, {}, 'Invalid HTTP endpoint'],
  ['a long timeout', { ...lambda, TimeoutInMillis: 29_001 }, {}, 'less than or equal to 29000'],
  ['an API key', lambda, { ApiKeyRequired: true }, 'a method with ApiKeyRequired'],
  ['IAM', lambda, { AuthorizationType: 'AWS_IAM' }, 'enum value set: [NONE, CUSTOM]'],
  ['scopes', lambda, { AuthorizationScopes: ['a'] }, "the member 'AuthorizationScopes'"],
  ['a validator', lambda, { RequestValidatorId: 'a' }, "the member 'RequestValidatorId'"],
  ['an unknown authorizer', lambda, { AuthorizationType: 'CUSTOM', AuthorizerId: 'none' }, 'Invalid authorizer ID'],
  ['no authorizer', lambda, { AuthorizationType: 'CUSTOM' }, 'Invalid authorizer ID'],
  [
    'an asynchronous invocation',
    { ...lambda, RequestParameters: { 'integration.request.header.X-Amz-Invocation-Type': "'Event'" } },
    {},
    'does not support the parameter integration.request.header.X-Amz-Invocation-Type',
  ],
  [
    'a mapped Host',
    { ...lambda, RequestParameters: { 'integration.request.header.Host': "'a'" } },
    {},
    'does not support the parameter integration.request.header.Host',
  ],
  [
    'a parameter that the method does not declare',
    { ...lambda, RequestParameters: { 'integration.request.header.X': 'method.request.header.X' } },
    {},
    'Invalid mapping expression parameter specified: method.request.header.X',
  ],
  [
    'an unknown expression',
    { ...lambda, RequestParameters: { 'integration.request.header.X': '$request.header.x' } },
    {},
    'Invalid mapping expression specified',
  ],
])('a method is not made with %s', async (_, integration, settings, message) => {
  await expect(fixture.createMethod('GET /items', integration, settings)).rejects.toThrow(message);
});

test('a method is made once for each resource', async () => {
  await fixture.createMethod('GET /items', lambda);
  await expect(fixture.createMethod('GET /items', lambda)).rejects.toThrow('Method already exists for this resource');
});

describe('a deployment', () => {
  test('needs a method', async () => {
    await expect(fixture.deploy()).rejects.toThrow("The REST API doesn't contain any methods");
  });

  test('stays while a stage has it', async () => {
    await fixture.createMethod('GET /items', lambda);
    const first = await fixture.createPart('Deployment', {});
    const properties = { RestApiId: fixture.apiId, StageName: 'v1', DeploymentId: first.physicalId };
    const stage = await fixture.create('Stage', properties);
    const remove = () => fixture.base.delete('AWS::ApiGateway::Deployment', first, { RestApiId: fixture.apiId });
    await expect(remove()).rejects.toThrow('Active stages pointing to this deployment must be moved or deleted');
    await fixture.base.delete('AWS::ApiGateway::Stage', stage, properties);
    await expect(remove()).resolves.toBeUndefined();
  });
});

test.each([
  ['a cache', { CacheClusterEnabled: true }, 'CacheClusterEnabled'],
  ['a cache of a method', { MethodSettings: [{ CachingEnabled: true }] }, 'CachingEnabled'],
  ['a canary', { CanarySetting: {} }, "the member 'CanarySetting'"],
  ['a certificate for the backend', { ClientCertificateId: 'a' }, "the member 'ClientCertificateId'"],
  ['another deployment', { DeploymentId: 'none' }, 'Invalid Deployment identifier'],
  ['a name with a dollar sign', { StageName: '$default' }, 'StageName'],
])('a stage is not made with %s', async (_, settings, message) => {
  await fixture.createMethod('GET /items', lambda);
  await expect(fixture.deploy(settings)).rejects.toThrow(message);
});

test.each([
  ['a resource policy', { Policy: {} }],
  ['an OpenAPI definition', { Body: {} }],
  ['compression', { MinimumCompressionSize: 0 }],
])('an API with %s fails by name', async (_, settings) => {
  await expect(fixture.create('RestApi', { Name: 'a', ...settings })).rejects.toThrow('the sandbox does not support');
});

describe('a domain with mutual TLS', () => {
  async function mapTo(Types: readonly string[] | undefined, type: 'BasePathMapping' | 'ApiMapping') {
    const EndpointConfiguration = Types && { Types };
    const api = await fixture.create('RestApi', { Name: 'other', EndpointConfiguration });
    const ResourceId = api.attributes['RootResourceId'];
    const RestApiId = api.physicalId;
    await fixture.create('Method', { RestApiId, ResourceId, HttpMethod: 'GET', Integration: lambda });
    const { physicalId: DeploymentId } = await fixture.create('Deployment', { RestApiId });
    await fixture.create('Stage', { RestApiId, StageName: 'prod', DeploymentId });
    return type === 'BasePathMapping'
      ? fixture.create(type, { DomainName: DOMAIN, RestApiId, Stage: 'prod', BasePath: 'other' })
      : fixture.base.create(type, { DomainName: DOMAIN, ApiId: RestApiId, Stage: 'prod', ApiMappingKey: 'other' });
  }

  test.each([
    [['EDGE'], 'BasePathMapping', 'must have the endpoint type REGIONAL, got EDGE'],
    [undefined, 'BasePathMapping', 'must have the endpoint type REGIONAL, got EDGE'],
    [['EDGE'], 'ApiMapping', 'must have the endpoint type REGIONAL, got EDGE'],
    [['PRIVATE'], 'ApiMapping', `the sandbox does not support a mapping of ${DOMAIN} to a PRIVATE REST API`],
  ] as const)('is not mapped to an API of %j by %s', async (types, type, message) => {
    await expect(mapTo(types, type)).rejects.toThrow(message);
  });

  test('is mapped to a regional API, which stays regional', async () => {
    await mapTo(['REGIONAL'], 'BasePathMapping');
    await fixture.createMethod('GET /items', lambda);
    await fixture.deploy();
    const api = { physicalId: fixture.apiId, attributes: {} };
    await expect(fixture.base.update('AWS::ApiGateway::RestApi', api, { Name: 'mesh' })).rejects.toThrow(
      'must have the endpoint type REGIONAL',
    );
  });
});

describe('a base path', () => {
  beforeEach(async () => {
    await fixture.createMethod('GET /items', lambda);
    await fixture.deploy();
  });
  const map = (settings: object) =>
    fixture.create('BasePathMapping', { DomainName: DOMAIN, RestApiId: fixture.apiId, Stage: 'prod', ...settings });

  test.each([
    [{ BasePath: 'a/b' }, 'A base path must have one segment, got a/b'],
    [{ BasePath: '(none)' }, 'already exists'],
    [{ BasePath: 'a', Stage: undefined }, 'a base path mapping without Stage'],
    [{ BasePath: 'a', Stage: 'other' }, 'Invalid stage identifier'],
    [{ BasePath: 'a', RestApiId: 'none' }, 'Invalid API identifier'],
  ])('is refused: %j', async (settings, message) => {
    await expect(map(settings)).rejects.toThrow(message);
  });

  test('leads nowhere once its mapping is deleted', async () => {
    const mapping = await map({ BasePath: 'a' });
    const inA = async () => (await fixture.call('/a/items')).headers['x-amzn-errortype'];
    expect(await inA()).not.toBe('MissingAuthenticationTokenException');
    await fixture.base.delete('AWS::ApiGateway::BasePathMapping', mapping, { DomainName: DOMAIN });
    expect(await inA()).toBe('MissingAuthenticationTokenException');
  });
});

describe('a domain of the older type', () => {
  const CERTIFICATE = 'arn:aws:acm:us-east-1:123456789012:certificate/imported';
  const make = (settings: object) =>
    fixture.create('DomainName', {
      DomainName: 'older.example.com',
      RegionalCertificateArn: CERTIFICATE,
      EndpointConfiguration: { Types: ['REGIONAL'] },
      MutualTlsAuthentication: { TruststoreUri: TRUSTSTORE_URI, TruststoreVersion: 'v1' },
      ...settings,
    });

  test('serves an API with mutual TLS', async () => {
    const { attributes } = await make({ OwnershipVerificationCertificateArn: CERTIFICATE, SecurityPolicy: 'TLS_1_2' });
    expect(attributes).toMatchObject({ RegionalDomainName: expect.stringMatching(/\.execute-api\./) });
    await fixture.createFunctionMethod('GET /items', () => ({ body: 'through' }));
    await fixture.deploy();
    const mapping = { DomainName: 'older.example.com', RestApiId: fixture.apiId, Stage: 'prod' };
    await fixture.create('BasePathMapping', mapping);
    expect((await fixture.call('/items', { domain: 'older.example.com' })).body).toBe('through');
    await expect(fixture.call('/items', { domain: 'older.example.com', client: null })).rejects.toThrow();
  });

  test.each([
    ['an edge endpoint', { EndpointConfiguration: { Types: ['EDGE'] } }, 'must have the endpoint type REGIONAL'],
    ['the default endpoint', { EndpointConfiguration: undefined }, 'must have the endpoint type REGIONAL, got EDGE'],
    [
      'an edge endpoint without mutual TLS',
      { EndpointConfiguration: { Types: ['EDGE'] }, MutualTlsAuthentication: undefined },
      'the sandbox does not support a domain name with the endpoint type EDGE',
    ],
    ['TLS 1.0', { SecurityPolicy: 'TLS_1_0' }, 'a domain with mutual TLS allows the security policy TLS_1_2'],
    [
      'a newer security policy',
      { SecurityPolicy: 'SecurityPolicy_TLS13_1_3_2025_09' },
      'a domain with mutual TLS allows the security policy TLS_1_2',
    ],
    ['no regional certificate', { RegionalCertificateArn: undefined }, 'must have a RegionalCertificateArn'],
    ['another truststore', { MutualTlsAuthentication: { TruststoreUri: 's3://a/b' } }, 'Unable to access truststore'],
    ['routing rules', { RoutingMode: 'ROUTING_RULE_ONLY' }, "the member 'RoutingMode'"],
  ])('is not made with %s', async (_, settings, message) => {
    await expect(make(settings)).rejects.toThrow(message);
  });

  test('is not made beside one of the newer type with its name', async () => {
    await expect(make({ DomainName: DOMAIN })).rejects.toThrow(`The domain name ${DOMAIN} already exists`);
  });
});
