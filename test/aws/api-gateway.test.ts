import { ApiGateway } from '../../aws/api-gateway';
import { functionConnection } from '../../aws/connection';
import { GatewayFixture } from '../sandbox/services/api-gateway/gateway-fixture';
import { type Served, serve } from '../sandbox/services/serve';
import { type Reply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

const domainName = (configuration: unknown, mutualTlsAuthentication?: unknown): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({
    domainName: 'mesh.example.com',
    domainNameConfigurations: [configuration],
    mutualTlsAuthentication,
  }),
});

describe('API Gateway', () => {
  let endpoint: ServiceEndpoint;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    endpoint = await ServiceEndpoint.open();
    restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_APIGATEWAYV2: endpoint.url });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    restoreEnvironment();
    await endpoint.close();
  });

  const describeDomain = (name = 'mesh.example.com') =>
    new ApiGateway(functionConnection(process.env)).domainName(name, signal);

  test('is asked by REST, with a signature of the function’s credentials', async () => {
    endpoint.replies.push(domainName({ domainNameStatus: 'AVAILABLE' }));

    await describeDomain();

    const [{ method, path, headers, body } = {}] = endpoint.calls.map((made) => made);
    expect([method, path, body]).toEqual(['GET', '/v2/domainnames/mesh.example.com', '']);
    expect(headers?.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-central-1\/apigateway\/aws4_request, /,
    );
  });

  test('tells status, truststore and warnings', async () => {
    endpoint.replies.push(
      domainName(
        { domainNameStatus: 'PENDING_OWNERSHIP_VERIFICATION', domainNameStatusMessage: 'prove it' },
        { truststoreUri: 's3://bucket/key', truststoreVersion: 'v2', truststoreWarnings: ['one', 'two'] },
      ),
      domainName({ domainNameStatus: 'UPDATING' }),
      domainName({ domainNameStatus: 'UPDATING' }, { truststoreVersion: 7, truststoreWarnings: null }),
    );

    await expect(describeDomain()).resolves.toEqual({
      status: 'PENDING_OWNERSHIP_VERIFICATION',
      statusMessage: 'prove it',
      truststoreUri: 's3://bucket/key',
      truststoreVersion: 'v2',
      truststoreWarnings: ['one', 'two'],
    });
    const bare = {
      status: 'UPDATING',
      statusMessage: undefined,
      truststoreUri: undefined,
      truststoreVersion: undefined,
      truststoreWarnings: [],
    };
    await expect(describeDomain()).resolves.toEqual(bare);
    await expect(describeDomain()).resolves.toEqual(bare);
  });

  test.each<[string, Reply]>([
    ['is asked too often', { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException:' } }],
    ['fails', { status: 500 }],
    ['answers with a page', { body: '<html>' }],
    ['answers with a list', { body: '[]' }],
    ['answers without a status', domainName({})],
    ['answers with a status that is none', domainName({ domainNameStatus: { AVAILABLE: true } })],
    ['answers with configurations that are none', domainName('AVAILABLE')],
    ['answers without configurations', { body: '{"domainNameConfigurations":{"0":{"domainNameStatus":"AVAILABLE"}}}' }],
  ])('is asked again when it %s', async (_case, reply) => {
    endpoint.replies.push(reply, domainName({ domainNameStatus: 'AVAILABLE' }));

    await expect(describeDomain()).resolves.toMatchObject({ status: 'AVAILABLE' });

    expect(endpoint.calls).toHaveLength(2);
  });

  test('is asked for as long as a deployment may use up the account’s calls', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    const throttled = { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException:' } };
    endpoint.replies.push(
      ...Array.from({ length: 11 }, () => throttled),
      domainName({ domainNameStatus: 'AVAILABLE' }),
    );

    await expect(describeDomain()).resolves.toMatchObject({ status: 'AVAILABLE' });
  });

  test('tells an error by its name, and is not asked again', async () => {
    endpoint.replies.push({
      status: 404,
      headers: { 'x-amzn-errortype': 'NotFoundException:http://internal.amazon.com/coral/' },
      body: '{"message":"Invalid domain name identifier specified"}',
    });

    await expect(describeDomain()).rejects.toMatchObject({
      name: 'AwsCallError',
      code: 'NotFoundException',
      message: 'apigateway:GetDomainName failed with NotFoundException: Invalid domain name identifier specified',
    });
    expect(endpoint.calls).toHaveLength(1);
  });

  test('is given up when it answers with nothing but nonsense', async () => {
    jest.spyOn(Math, 'random').mockReturnValue(0);
    endpoint.replies.push(...Array.from({ length: 12 }, () => ({ body: 'null' })));

    await expect(describeDomain()).rejects.toMatchObject({ code: 'HTTP 200' });
  });

  test('gets one segment of a path, whatever the name', async () => {
    endpoint.replies.push(domainName({ domainNameStatus: 'AVAILABLE' }));

    await describeDomain('a/../../restapis?x#y');

    expect(endpoint.calls[0]?.path).toBe('/v2/domainnames/a%2F..%2F..%2Frestapis%3Fx%23y');
  });
});

describe('the sandbox’s API Gateway', () => {
  let fixture: GatewayFixture;
  let served: Served;
  let restoreEnvironment: () => void;

  beforeEach(async () => {
    fixture = await GatewayFixture.start();
    served = await serve(fixture.gateway.api);
    restoreEnvironment = setEnvironment({
      AWS_ENDPOINT_URL: served.client.endpoint,
      AWS_REGION: served.client.region,
      AWS_ACCESS_KEY_ID: served.client.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: served.client.credentials.secretAccessKey,
    });
  });
  afterEach(async () => {
    restoreEnvironment();
    await served.close();
    await fixture.gateway.close();
  });

  test('is understood, and asks for the right to see the domain', async () => {
    await expect(
      new ApiGateway(functionConnection(process.env)).domainName('mesh.example.com', signal),
    ).resolves.toEqual({
      status: 'AVAILABLE',
      statusMessage: undefined,
      truststoreUri: 's3://truststore/authorities.pem',
      truststoreVersion: 'v1',
      truststoreWarnings: [],
    });
    expect(served.authorizations).toMatchObject([
      { action: 'apigateway:GET', resource: 'arn:aws:apigateway:us-east-1::/domainnames/mesh.example.com' },
    ]);
  });

  test('is understood when it refuses', async () => {
    const gateway = new ApiGateway(functionConnection(process.env));

    await expect(gateway.domainName('other.example.com', signal)).rejects.toMatchObject({ code: 'NotFoundException' });
    served.denied.add('apigateway:GET');
    await expect(gateway.domainName('mesh.example.com', signal)).rejects.toMatchObject({
      code: 'AccessDeniedException',
    });
  });
});
