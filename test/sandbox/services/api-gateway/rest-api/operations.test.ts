import { send } from '../../serve';
import { DOMAIN, TRUSTSTORE_URI } from '../gateway-fixture';
import { policy, RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start({ Description: 'a mesh', DisableExecuteApiEndpoint: true });
  await fixture.createAuthorizer(() => policy('Allow'));
  await fixture.createFunctionMethod('GET /items/{id}', () => ({}));
  await fixture.deploy({
    Variables: { color: 'blue' },
    MethodSettings: [{ ResourcePath: '/~1items', HttpMethod: 'GET', ThrottlingBurstLimit: 5 }],
  });
});

afterEach(() => fixture.close());

async function get(path: string, query = '') {
  const { status, headers, body } = await send(fixture.base.gateway.api, { method: 'GET', path, query });
  return { status, error: headers?.['x-amzn-errortype'], document: JSON.parse(String(body)) };
}

const items = async (path: string, query = '') => (await get(path, query)).document.item;

test('APIs and their parts are listed', async () => {
  const api = `/restapis/${fixture.apiId}`;
  expect(await items('/restapis')).toMatchObject([
    {
      id: fixture.apiId,
      name: 'mesh',
      description: 'a mesh',
      createdDate: expect.any(Number),
      disableExecuteApiEndpoint: true,
      endpointConfiguration: { types: ['REGIONAL'] },
    },
  ]);
  const { document } = await get(api);
  expect(document).toMatchObject({ id: fixture.apiId, rootResourceId: expect.any(String) });
  expect(await items(`${api}/resources`)).toMatchObject([
    { id: document.rootResourceId, path: '/' },
    { path: '/items', pathPart: 'items', parentId: document.rootResourceId },
    { path: '/items/{id}', pathPart: '{id}', resourceMethods: { GET: {} } },
  ]);
  const [, , withMethods] = await items(`${api}/resources`, 'embed=methods');
  expect(withMethods.resourceMethods.GET).toMatchObject({
    authorizationType: 'CUSTOM',
    methodIntegration: { type: 'AWS_PROXY' },
  });
  expect(await items(`${api}/stages`)).toMatchObject([
    {
      stageName: 'prod',
      deploymentId: expect.any(String),
      variables: { color: 'blue' },
      methodSettings: { 'items/GET': { throttlingBurstLimit: 5 } },
    },
  ]);
  expect(await items(`${api}/deployments`)).toHaveLength(1);
  expect(await items(`${api}/authorizers`)).toMatchObject([{ type: 'REQUEST', authorizerResultTtlInSeconds: 0 }]);
});

test('domains are listed, whichever type made them', async () => {
  const domain = {
    domainName: DOMAIN,
    domainNameStatus: 'AVAILABLE',
    endpointConfiguration: { types: ['REGIONAL'] },
    securityPolicy: 'TLS_1_2',
    regionalDomainName: expect.stringMatching(/^d-/),
    mutualTlsAuthentication: { truststoreUri: TRUSTSTORE_URI, truststoreVersion: 'v1' },
  };
  expect(await items('/domainnames')).toMatchObject([domain]);
  expect((await get(`/domainnames/${DOMAIN}`)).document).toMatchObject(domain);
  expect(await items(`/domainnames/${DOMAIN}/basepathmappings`)).toEqual([
    { basePath: '(none)', restApiId: fixture.apiId, stage: 'prod' },
  ]);
  const newer = await send(fixture.base.gateway.api, { method: 'GET', path: '/v2/domainnames' });
  expect(JSON.parse(String(newer.body)).items).toMatchObject([{ domainName: DOMAIN }]);
});

test('lists come in pages', async () => {
  const api = `/restapis/${fixture.apiId}`;
  const { document } = await get(`${api}/resources`, 'limit=2');
  expect(document.item).toHaveLength(2);
  const next = await get(`${api}/resources`, `limit=2&position=${document.position}`);
  expect(next.document.item).toMatchObject([{ path: '/items/{id}' }]);
  expect(next.document).not.toHaveProperty('position');
});

test.each(['/restapis/none', '/restapis/none/resources', '/restapis/%2e%2e', '/domainnames/other.example.com'])(
  'what is not there is told of by name: %s',
  async (path) => {
    expect(await get(path)).toMatchObject({ status: 404, error: 'NotFoundException' });
  },
);

test.each([
  ['GET', '/apikeys'],
  ['POST', '/restapis'],
  ['DELETE', '/restapis/a'],
  ['GET', '/restapis/a/models'],
])('what it does not support fails by name: %s %s', async (method, path) => {
  const { status, body } = await send(fixture.base.gateway.api, { method, path });
  expect(status).toBe(400);
  expect(JSON.parse(String(body)).message).toBe(`the sandbox does not support apigateway:${method} ${path}`);
});

test('calls are authorized by their resource', async () => {
  const authorized: string[] = [];
  await fixture.base.gateway.api.handle({
    method: 'GET',
    path: `/restapis/${fixture.apiId}/stages`,
    query: new URLSearchParams(),
    headers: {},
    body: Buffer.of(),
    caller: { principalArn: 'arn:aws:iam::123456789012:role/tester', accessKeyId: 'AKIDEXAMPLE' },
    authorize: (action, resource) => authorized.push(`${action} ${resource}`),
  });
  expect(authorized).toEqual([`apigateway:GET arn:aws:apigateway:us-east-1::/restapis/${fixture.apiId}/stages`]);
});
