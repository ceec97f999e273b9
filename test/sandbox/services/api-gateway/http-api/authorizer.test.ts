import { GatewayFixture } from '../gateway-fixture';

let fixture: GatewayFixture;

beforeEach(async () => {
  fixture = await GatewayFixture.start();
});

afterEach(() => fixture.gateway.close());

const allow = () => ({ isAuthorized: true, context: { clientName: 'mail' } });

test('gets the request as payload format 2.0, and what it says goes to the function', async () => {
  const authorizer = await fixture.createAuthorizer(allow);
  await fixture.createFunctionRoute('GET /schedule/{id}', () => ({}));
  await fixture.call('/schedule/5?a=b');
  const [asked, called] = fixture.events;
  expect(asked?.event).toMatchObject({
    version: '2.0',
    type: 'REQUEST',
    routeArn: `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/$default/GET/schedule/5`,
    identitySource: [],
    routeKey: 'GET /schedule/{id}',
    rawPath: '/schedule/5',
    rawQueryString: 'a=b',
    headers: { host: 'mesh.example.com' },
    queryStringParameters: { a: 'b' },
    pathParameters: { id: '5' },
    requestContext: {
      authentication: { clientCert: { clientCertPem: fixture.client.cert } },
      http: { method: 'GET', path: '/schedule/5', sourceIp: '127.0.0.1' },
    },
  });
  expect(called?.event).toMatchObject({ requestContext: { authorizer: { lambda: { clientName: 'mail' } } } });
  expect(fixture.sourceArns[0]).toBe(
    `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/authorizers/${authorizer.physicalId}`,
  );
});

test.each([
  ['denies', () => ({ isAuthorized: false }), 403, 'Forbidden'],
  ['returns text', () => 'yes', 500, 'Internal Server Error'],
  ['returns nothing', () => undefined, 500, 'Internal Server Error'],
  ['returns the text true', () => ({ isAuthorized: 'true' }), 500, 'Internal Server Error'],
  ['returns a context that is no map', () => ({ isAuthorized: true, context: ['a'] }), 500, 'Internal Server Error'],
  ['returns an IAM policy', () => ({ principalId: 'a', policyDocument: {} }), 500, 'Internal Server Error'],
  [
    'throws',
    () => {
      throw new Error('broken');
    },
    500,
    'Internal Server Error',
  ],
])('answers for an authorizer that %s, and calls nothing behind it', async (_, handler, status, message) => {
  await fixture.createAuthorizer(handler);
  await fixture.createFunctionRoute('$default', () => 'through');
  const answer = await fixture.call('/');
  expect(answer).toMatchObject({ status, body: JSON.stringify({ message }) });
  expect(fixture.events).toHaveLength(1);
});

test('answers 500 when the authorizer does not allow API Gateway to invoke it', async () => {
  await fixture.createAuthorizer(allow);
  fixture.forbidden.add('arn:aws:lambda:us-east-1:123456789012:function:authorizer');
  await fixture.createFunctionRoute('$default', () => 'through');
  expect((await fixture.call('/')).status).toBe(500);
  expect(fixture.events).toEqual([]);
});

describe('with identity sources', () => {
  test('is not asked, and the caller gets 401, when one is missing', async () => {
    await fixture.createAuthorizer(allow, { IdentitySource: ['$request.header.X-Token', '$request.querystring.t'] });
    await fixture.createFunctionRoute('$default', () => 'through');
    expect(await fixture.call('/', { headers: { 'x-token': 'a' } })).toMatchObject({
      status: 401,
      body: '{"message":"Unauthorized"}',
    });
    expect(fixture.events).toEqual([]);
  });

  test('gets their values', async () => {
    await fixture.createAuthorizer(allow, {
      IdentitySource: ['$request.header.X-Token', '$context.identity.clientCert.subjectDN', '$context.routeKey'],
    });
    await fixture.createFunctionRoute('$default', () => 'through');
    expect((await fixture.call('/', { headers: { 'x-token': 'a' } })).status).toBe(200);
    expect(fixture.events[0]?.event['identitySource']).toEqual(['a', 'O=Example,CN=mail', '$default']);
  });

  test('is asked once for the same values as long as its answers are kept', async () => {
    const settings = { IdentitySource: ['$request.header.X-Token'], AuthorizerResultTtlInSeconds: 60 };
    await fixture.createAuthorizer(allow, settings);
    await fixture.createFunctionRoute('$default', () => 'through');
    const ask = async (token: string) => (await fixture.call('/', { headers: { 'x-token': token } })).status;
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual([200, 200, 200]);
    const now = fixture.surroundings.clock.now();
    jest.spyOn(fixture.surroundings.clock, 'now').mockReturnValue(new Date(now.getTime() + 61_000));
    await ask('a');
    const asked = fixture.events.filter(({ functionArn }) => functionArn.endsWith(':authorizer'));
    expect(asked.map(({ event }) => event['identitySource'])).toEqual([['a'], ['b'], ['a']]);
  });

  test('must have at least one to keep answers', async () => {
    await expect(fixture.createAuthorizer(allow, { AuthorizerResultTtlInSeconds: 5 })).rejects.toThrow(
      'Caching requires at least one identity source',
    );
  });
});

test.each([
  ['payload format 1.0', { AuthorizerPayloadFormatVersion: '1.0' }],
  ['JWT', { AuthorizerType: 'JWT' }],
  ['IAM policies as answers', { EnableSimpleResponses: false }],
  ['a lifetime of more than an hour', { AuthorizerResultTtlInSeconds: 3601, IdentitySource: ['$context.path'] }],
  ['an identity source that is no expression', { IdentitySource: ['X-Token'] }],
])('is not made with %s', async (_, settings) => {
  await expect(fixture.createAuthorizer(allow, settings)).rejects.toThrow();
});
