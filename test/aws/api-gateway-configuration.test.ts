import { ApiGatewayConfiguration } from '../../aws/api-gateway-configuration';
import { functionConnection } from '../../aws/connection';
import { jsonReply, ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;
const FUNCTION = 'arn:aws:lambda:eu-central-1:123456789012:function:authorizer';

let endpoint: ServiceEndpoint;
let restoreEnvironment: () => void;
let gateway: ApiGatewayConfiguration;

beforeEach(async () => {
  endpoint = await ServiceEndpoint.open();
  restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_APIGATEWAYV2: endpoint.url });
  gateway = new ApiGatewayConfiguration(functionConnection(process.env));
});
afterEach(async () => {
  restoreEnvironment();
  await endpoint.close();
});

test('the APIs of a domain are read, all pages of them', async () => {
  endpoint.replies.push(
    jsonReply({ items: [{ apiId: 'a', stage: '$default', apiMappingId: '1' }], nextToken: 'x/y' }),
    jsonReply({ items: [{ apiId: 'b', stage: 'prod', apiMappingKey: 'reports' }] }),
  );

  await expect(gateway.mappings('mesh.example.com', signal)).resolves.toEqual([
    { apiId: 'a', stage: '$default', key: '' },
    { apiId: 'b', stage: 'prod', key: 'reports' },
  ]);
  expect(endpoint.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
    'GET /v2/domainnames/mesh.example.com/apimappings',
    'GET /v2/domainnames/mesh.example.com/apimappings?nextToken=x%2Fy',
  ]);
});

test.each([
  ['with an access log', { accessLogSettings: { destinationArn: 'arn:log' } }, 'arn:log'],
  ['without one', {}, undefined],
])('the log group of a stage is read, %s', async (_, settings, expected) => {
  endpoint.replies.push(
    jsonReply({
      items: [
        { stageName: 'other', accessLogSettings: { destinationArn: 'arn:other' } },
        { stageName: 'live', ...settings },
      ],
    }),
  );

  await expect(gateway.accessLogDestination('a', 'live', signal)).resolves.toBe(expected);
  expect(endpoint.calls[0]?.path).toBe('/v2/apis/a/stages');
});

test('the functions of authorizers are read, and JWT authorizers have none', async () => {
  const authorizerUri = `arn:aws:apigateway:eu-central-1:lambda:path/2015-03-31/functions/${FUNCTION}/invocations`;
  endpoint.replies.push(
    jsonReply({ items: [{ authorizerType: 'JWT' }, { authorizerType: 'REQUEST', authorizerUri }] }),
  );

  await expect(gateway.authorizerFunctions('a', signal)).resolves.toEqual([FUNCTION]);
  expect(endpoint.calls[0]?.path).toBe('/v2/apis/a/authorizers');
});

test('an error of the service has its name', async () => {
  const headers = { 'x-amzn-errortype': 'NotFoundException' };
  endpoint.replies.push({ status: 404, headers, body: '{"message":"Invalid domain name"}' });

  await expect(gateway.mappings('mesh.example.com', signal)).rejects.toThrow(
    'apigateway:GetApiMappings failed with NotFoundException: Invalid domain name',
  );
});
