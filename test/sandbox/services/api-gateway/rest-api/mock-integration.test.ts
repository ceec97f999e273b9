import { RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start();
});

afterEach(() => fixture.close());

const mock = (IntegrationResponses: readonly object[], template = '{ statusCode: 200 }') => ({
  Type: 'MOCK',
  RequestTemplates: { 'application/json': template },
  IntegrationResponses,
});

async function call(integration: Record<string, unknown>, headers: Record<string, string> = {}) {
  await fixture.createMethod('OPTIONS /items', integration);
  await fixture.deploy();
  return fixture.call('/items', { method: 'OPTIONS', headers });
}

test('answers with the status, headers, and text of its response', async () => {
  const response = {
    StatusCode: '204',
    ResponseParameters: { 'method.response.header.X-One': "'a'", 'method.response.header.X-Stage': 'context.stage' },
    ResponseTemplates: { 'application/json': '' },
  };
  expect(await call(mock([response]))).toMatchObject({ status: 204, headers: { 'x-one': 'a', 'x-stage': 'prod' } });
});

test('selects the response by the status in its request template', async () => {
  const responses = [
    { StatusCode: '200', ResponseTemplates: { 'application/json': 'default' } },
    { StatusCode: '418', SelectionPattern: '4\\d\\d', ResponseTemplates: { 'application/json': 'selected' } },
  ];
  expect(await call(mock(responses, '{"statusCode": 404}'))).toMatchObject({ status: 418, body: 'selected' });
});

test.each([
  ['a response for the status', mock([{ StatusCode: '418', SelectionPattern: '4\\d\\d' }])],
  ['a request template', { ...mock([{ StatusCode: '200' }]), RequestTemplates: undefined }],
])('answers 500 without %s', async (_, integration) => {
  expect((await call(integration)).status).toBe(500);
});

test.each([
  ['a request template with an expression', mock([{ StatusCode: '200' }], '$input.body'), 'request template'],
  [
    'a response template with an expression',
    mock([{ StatusCode: '200', ResponseTemplates: { 'application/json': "$input.params('x')" } }]),
    'response template',
  ],
  [
    'a response parameter of the integration',
    mock([{ StatusCode: '200', ResponseParameters: { 'method.response.header.X': 'integration.response.header.X' } }]),
    'Invalid mapping expression',
  ],
])('is not made with %s', async (_, integration, message) => {
  await expect(fixture.createMethod('OPTIONS /items', integration)).rejects.toThrow(message);
});
