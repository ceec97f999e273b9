import { policy, RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start();
  await fixture.createAuthorizer(() => policy('Deny', { reason: 'revoked λ\r\nx-evil: 1' }));
  await fixture.createFunctionMethod('GET /items', () => ({}));
});

afterEach(() => fixture.close());

const respond = (ResponseType: string, settings: Record<string, unknown> = {}) =>
  fixture.createPart('GatewayResponse', { ResponseType, ...settings });

test('has its own status, headers, and body', async () => {
  await respond('ACCESS_DENIED', {
    StatusCode: '404',
    ResponseParameters: {
      'gatewayresponse.header.X-Text': "'a'",
      'gatewayresponse.header.X-Reason': 'context.authorizer.reason',
      'gatewayresponse.header.X-Echo': 'method.request.header.X-Sent',
      'gatewayresponse.header.Content-Type': "'application/problem+json'",
    },
    ResponseTemplates: {
      'application/json': '{"detail":$context.error.messageString,"type":"$context.error.responseType"}',
    },
  });
  await fixture.deploy();
  const { status, headers, body } = await fixture.call('/items', { headers: { 'x-sent': 'sent' } });
  expect(status).toBe(404);
  expect(headers).toMatchObject({
    'x-text': 'a',
    'x-reason': Buffer.from('revoked λ x-evil: 1').toString('latin1'),
    'x-echo': 'sent',
    'content-type': 'application/problem+json',
    'x-amzn-errortype': 'AccessDeniedException',
  });
  expect(JSON.parse(body)).toEqual({
    detail: 'User is not authorized to access this resource with an explicit deny in an identity-based policy',
    type: 'ACCESS_DENIED',
  });
});

test('is that of DEFAULT_4XX for a type without its own', async () => {
  await respond('DEFAULT_4XX', { ResponseParameters: { 'gatewayresponse.header.X-Default': "'4'" } });
  await respond('MISSING_AUTHENTICATION_TOKEN', { StatusCode: '404' });
  await fixture.deploy();
  expect(await fixture.call('/items')).toMatchObject({ status: 403, headers: { 'x-default': '4' } });
  const missing = await fixture.call('/other');
  expect(missing.status).toBe(404);
  expect(missing.headers).not.toHaveProperty('x-default');
});

test('is that of DEFAULT_5XX for a function that throws, with its status', async () => {
  const failing = () => Promise.reject(new Error('reason'));
  await fixture.createFunctionMethod('GET /broken', failing, {}, { AuthorizationType: 'NONE' });
  await respond('DEFAULT_5XX', { StatusCode: '503' });
  await fixture.deploy();
  expect(await fixture.call('/broken')).toMatchObject({ status: 503, body: '{"message":"Internal server error"}' });
});

test.each([
  ['an unknown type', 'OTHER', {}, 'enum value set'],
  ['a status that is none', 'DEFAULT_4XX', { StatusCode: 'a' }, 'StatusCode'],
  ['a status of 1xx', 'DEFAULT_4XX', { StatusCode: '101' }, 'StatusCode'],
  [
    'a template with a directive',
    'DEFAULT_4XX',
    { ResponseTemplates: { 'application/json': '#set($a = 1)' } },
    'the sandbox does not support a response template',
  ],
  [
    'a template with the body of the caller',
    'DEFAULT_4XX',
    { ResponseTemplates: { 'application/json': '$input.body' } },
    'the sandbox does not support a response template',
  ],
  [
    'a template for another content type',
    'DEFAULT_4XX',
    { ResponseTemplates: { 'text/html': '' } },
    'the sandbox does not support a response template for text/html',
  ],
  [
    'a parameter that is no header',
    'DEFAULT_4XX',
    { ResponseParameters: { 'gatewayresponse.path.a': "'a'" } },
    'Invalid mapping expression parameter specified',
  ],
])('is not made with %s', async (_, type, settings, message) => {
  await expect(respond(type, settings)).rejects.toThrow(message);
});

test('is made once for each type', async () => {
  await respond('DEFAULT_4XX');
  await expect(respond('DEFAULT_4XX')).rejects.toThrow('Gateway response DEFAULT_4XX already exists');
});
