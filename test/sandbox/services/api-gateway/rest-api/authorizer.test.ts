import { AUTHORIZER_ARN, policy, RestFixture } from './rest-fixture';

let fixture: RestFixture;

beforeEach(async () => {
  fixture = await RestFixture.start();
});

afterEach(() => fixture.close());

const arn = (rest: string) => `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/prod/${rest}`;
const asked = () => fixture.events.filter(({ functionArn }) => functionArn === AUTHORIZER_ARN);

async function deployBehind(handler: (event: Readonly<Record<string, unknown>>) => unknown, settings: object = {}) {
  const authorizer = await fixture.createAuthorizer(handler, { ...settings });
  await fixture.createFunctionMethod('GET /items/{id}', () => ({ body: 'through' }));
  await fixture.createFunctionMethod('POST /items/{id}', () => ({ body: 'through' }));
  await fixture.deploy();
  return authorizer;
}

test('gets the request and the certificate of the client', async () => {
  const authorizer = await deployBehind(() => policy('Allow'));
  await fixture.call('/items/a%20b?x=1&x=2', { headers: { 'X-One': 'a' } });
  expect(asked()[0]?.event).toEqual({
    type: 'REQUEST',
    methodArn: arn('GET/items/a%20b'),
    resource: '/items/{id}',
    path: '/items/a%20b',
    httpMethod: 'GET',
    headers: expect.objectContaining({ 'X-One': 'a', host: 'mesh.example.com' }),
    multiValueHeaders: expect.objectContaining({ 'X-One': ['a'] }),
    queryStringParameters: { x: '2' },
    multiValueQueryStringParameters: { x: ['1', '2'] },
    pathParameters: { id: 'a b' },
    stageVariables: {},
    requestContext: expect.objectContaining({
      resourcePath: '/items/{id}',
      stage: 'prod',
      identity: expect.objectContaining({
        clientCert: expect.objectContaining({
          clientCertPem: fixture.base.client.cert,
          subjectDN: 'O=Example,CN=mail',
        }),
      }),
    }),
  });
  expect(fixture.base.sourceArns[0]).toBe(
    `arn:aws:execute-api:us-east-1:123456789012:${fixture.apiId}/authorizers/${authorizer.physicalId}`,
  );
});

describe('its policy decides', () => {
  const explicitly = ' with an explicit deny in an identity-based policy';
  const statement = (Effect: string, Resource: unknown, Action: unknown = 'execute-api:Invoke') => ({
    Effect,
    Action,
    Resource,
  });

  test.each([
    ['an allow of the method', () => [statement('Allow', arn('GET/items/5'))], 200, undefined],
    ['an allow of all methods of the path', () => [statement('Allow', arn('*/items/5'))], 200, undefined],
    ['an allow of the whole API', () => [statement('Allow', [arn('*')])], 200, undefined],
    ['an allow of everything', () => [statement('Allow', '*', 'execute-api:*')], 200, undefined],
    ['an allow of another method', () => [statement('Allow', arn('POST/items/5'))], 403, ''],
    ['an allow of a longer path', () => [statement('Allow', arn('GET/items/55'))], 403, ''],
    ['an allow of the path of the resource', () => [statement('Allow', arn('GET/items/{id}'))], 403, ''],
    ['an allow of another action', () => [statement('Allow', '*', 'execute-api:ManageConnections')], 403, ''],
    ['no statement', () => [], 403, ''],
    ['a deny', () => [statement('Deny', '*')], 403, explicitly],
    ['a deny beside an allow', () => [statement('Allow', '*'), statement('Deny', arn('GET/items/*'))], 403, explicitly],
  ])('%s', async (_, statements, status, reason) => {
    await deployBehind(() => ({
      principalId: 'mail',
      policyDocument: { Version: '2012-10-17', Statement: statements() },
      usageIdentifierKey: 'ignored',
    }));
    const answer = await fixture.call('/items/5');
    expect(answer.status).toBe(status);
    if (reason === undefined) return;
    expect(answer.headers['x-amzn-errortype']).toBe('AccessDeniedException');
    expect(answer.body).toBe(`{"Message":"User is not authorized to access this resource${reason}"}`);
    expect(fixture.events).toHaveLength(1);
  });
});

describe('a broken answer is 500 with no reason, and calls nothing behind it:', () => {
  const document = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };

  test.each([
    ['nothing', undefined],
    ['text', 'yes'],
    ['a simple response', { isAuthorized: true }],
    ['no principal', { policyDocument: document }],
    ['no policy', { principalId: 'mail' }],
    ['a policy of the old version', { principalId: 'mail', policyDocument: { ...document, Version: '2008-10-17' } }],
    ['a misspelled effect', { ...policy('Allow'), policyDocument: { ...document, Statement: [{ Effect: 'allow' }] } }],
    [
      'no resource',
      { principalId: 'mail', policyDocument: { ...document, Statement: [{ Effect: 'Allow', Action: '*' }] } },
    ],
    [
      'a condition',
      {
        principalId: 'mail',
        policyDocument: {
          ...document,
          Statement: [{ ...document.Statement[0], Condition: { StringEquals: { 'aws:SourceIp': '127.0.0.1' } } }],
        },
      },
    ],
    ['a context that is a list', { ...policy('Allow'), context: ['a'] }],
    ['a context with a map', policy('Allow', { client: { name: 'mail' } })],
    ['a context with null', policy('Allow', { client: null })],
  ])('%s', async (_, result) => {
    await deployBehind(() => result);
    const { status, headers, body } = await fixture.call('/items/5');
    expect([status, headers['x-amzn-errortype'], body]).toEqual([
      500,
      'AuthorizerConfigurationException',
      '{"message":null}',
    ]);
    expect(fixture.events).toHaveLength(1);
  });
});

test.each([
  ['Unauthorized', 401, '{"message":"Unauthorized"}', 'UnauthorizedException'],
  ['unauthorized', 500, '{"message":null}', 'AuthorizerConfigurationException'],
  ['the database is gone', 500, '{"message":null}', 'AuthorizerConfigurationException'],
])('the error %j of the function is %i', async (message, status, body, errorType) => {
  await deployBehind(() => Promise.reject(new Error(message)));
  const answer = await fixture.call('/items/5');
  expect([answer.status, answer.body, answer.headers['x-amzn-errortype']]).toEqual([status, body, errorType]);
  expect(fixture.events).toHaveLength(1);
});

test('is 500 when the function does not allow API Gateway to invoke it', async () => {
  await deployBehind(() => policy('Allow'));
  fixture.base.forbidden.add(AUTHORIZER_ARN);
  expect(await fixture.call('/items/5')).toMatchObject({ status: 500, body: '{"message":null}' });
  expect(fixture.events).toEqual([]);
});

test('answers 414 for a method ARN of more than 1,600 bytes', async () => {
  await deployBehind(() => policy('Allow'));
  expect((await fixture.call(`/items/${'a'.repeat(1_600)}`)).status).toBe(414);
  expect(fixture.events).toEqual([]);
});

describe('with identity sources', () => {
  const IdentitySource = 'method.request.header.X-Token, context.identity.clientCert.subjectDN';

  test.each([
    ['none', {}],
    ['an empty one', { 'x-token': '' }],
  ])('is not asked, and the caller gets 401, for %s', async (_, headers: Record<string, string>) => {
    await deployBehind(() => policy('Allow'), { IdentitySource });
    expect(await fixture.call('/items/5', { headers })).toMatchObject({
      status: 401,
      body: '{"message":"Unauthorized"}',
    });
    expect(fixture.events).toEqual([]);
  });

  test('is asked once for the same values as long as its policy is kept', async () => {
    await deployBehind(() => policy('Allow'), { IdentitySource, AuthorizerResultTtlInSeconds: 60 });
    const ask = async (token: string) => (await fixture.call('/items/5', { headers: { 'x-token': token } })).status;
    expect([await ask('a'), await ask('a'), await ask('b')]).toEqual([200, 200, 200]);
    expect(asked()).toHaveLength(2);
    const now = fixture.base.surroundings.clock.now();
    jest.spyOn(fixture.base.surroundings.clock, 'now').mockReturnValue(new Date(now.getTime() + 61_000));
    await ask('a');
    expect(asked()).toHaveLength(3);
  });

  test('is not asked about another client’s certificate with what is kept', async () => {
    await deployBehind(() => policy('Allow'), { IdentitySource, AuthorizerResultTtlInSeconds: 60 });
    const headers = { 'x-token': 'a' };
    await fixture.call('/items/5', { headers });
    await fixture.call('/items/5', { headers, client: fixture.base.authority.client('social') });
    expect(asked()).toHaveLength(2);
  });

  test('has its kept policy decide about methods that it was not asked about', async () => {
    await deployBehind(({ methodArn }) => policy('Allow', {}, methodArn), {
      IdentitySource,
      AuthorizerResultTtlInSeconds: 60,
    });
    const headers = { 'x-token': 'a' };
    expect((await fixture.call('/items/5', { headers })).status).toBe(200);
    expect((await fixture.call('/items/5', { headers, method: 'POST' })).status).toBe(403);
    expect(asked()).toHaveLength(1);
  });
});

describe('of the type TOKEN', () => {
  const token = { Type: 'TOKEN', IdentitySource: 'method.request.header.Authorization' };

  test('gets the token and the method', async () => {
    await deployBehind(() => policy('Allow'), token);
    expect((await fixture.call('/items/5', { headers: { authorization: 'Bearer a' } })).status).toBe(200);
    expect(asked()[0]?.event).toEqual({
      type: 'TOKEN',
      authorizationToken: 'Bearer a',
      methodArn: arn('GET/items/5'),
    });
  });

  test('is asked about tokens of its form only', async () => {
    await deployBehind(() => policy('Allow'), { ...token, IdentityValidationExpression: 'Bearer [a-z]+' });
    const statuses = [];
    for (const authorization of ['Bearer abc', 'Bearer 1', 'x Bearer abc', '']) {
      statuses.push((await fixture.call('/items/5', { headers: { authorization } })).status);
    }
    expect(statuses).toEqual([200, 401, 401, 401]);
    expect(asked()).toHaveLength(1);
  });
});

test.each([
  ['a cache without identity sources', { AuthorizerResultTtlInSeconds: 5 }, 'Identity source must be set'],
  ['the default cache without identity sources', { AuthorizerResultTtlInSeconds: undefined }, 'Identity source must'],
  ['a lifetime of more than an hour', { AuthorizerResultTtlInSeconds: 3_601 }, 'less than or equal to 3600'],
  ['a path parameter as identity source', { IdentitySource: 'method.request.path.id' }, 'Invalid mapping expression'],
  ['an expression of HTTP APIs', { IdentitySource: '$request.header.X' }, 'Invalid mapping expression'],
  ['a user pool', { Type: 'COGNITO_USER_POOLS' }, 'enum value set'],
  ['a TOKEN without source', { Type: 'TOKEN' }, 'must have one identity source'],
  ['a form of a REQUEST', { IdentityValidationExpression: 'a' }, 'only supported for TOKEN'],
  ['a URI that is no function', { AuthorizerUri: 'https://example.com' }, 'Invalid Authorizer URI'],
])('is not made with %s', async (_, settings, message) => {
  await expect(fixture.createAuthorizer(() => undefined, settings)).rejects.toThrow(message);
});

test('a changed authorizer is in effect after the next deployment', async () => {
  const authorizer = await deployBehind(() => policy('Deny'));
  const other = 'arn:aws:lambda:us-east-1:123456789012:function:other';
  fixture.base.functions.set(other, () => policy('Allow'));
  await fixture.base.update('AWS::ApiGateway::Authorizer', authorizer, {
    RestApiId: fixture.apiId,
    Name: 'other',
    Type: 'REQUEST',
    AuthorizerUri: other,
    AuthorizerResultTtlInSeconds: 0,
  });
  expect((await fixture.call('/items/5')).status).toBe(403);
  await fixture.deploy();
  expect((await fixture.call('/items/5')).status).toBe(200);
});
