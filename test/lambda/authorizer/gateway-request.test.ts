import { restApiAnswer } from '../../../lambda/authorizer/answers';
import {
  type HttpApiEvent,
  httpApiRequest,
  isRestApiEvent,
  type RestApiEvent,
  restApiRequest,
} from '../../../lambda/authorizer/gateway-request';
import { authorizerEvent } from './events';

const METHOD_ARN = 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3/prod/GET/monthly/5';

const METHODS_ARN = 'arn:aws:execute-api:us-east-1:123456789012:a1b2c3/prod/GET/*';

/** As a REST API sends it. */
const restEvent = (changed: object = {}) =>
  ({
    type: 'REQUEST',
    methodArn: METHOD_ARN,
    resource: '/monthly/{id}',
    path: '/reports/monthly/5',
    httpMethod: 'GET',
    headers: { 'X-Method-Override': 'PUT' },
    multiValueHeaders: { Accept: ['*/*'], 'X-Method-Override': ['GET', 'PUT'] },
    queryStringParameters: { _method: 'PATCH' },
    multiValueQueryStringParameters: { _method: ['GET', 'PATCH'] },
    pathParameters: { id: '5' },
    stageVariables: {},
    requestContext: {
      apiId: 'a1b2c3',
      path: '/reports/monthly/5',
      identity: { clientCert: { clientCertPem: 'PEM', subjectDN: 'CN=admin' } },
    },
    ...changed,
  }) as unknown as RestApiEvent;

test('a request to a REST API has all values of its headers and parameters, and both of its paths', () => {
  expect(restApiRequest(restEvent())).toEqual({
    apiId: 'a1b2c3',
    method: 'GET',
    paths: ['/reports/monthly/5', '/reports/monthly/5'],
    pathParameters: { id: '5' },
    headers: { Accept: '*/*', 'X-Method-Override': 'GET,PUT' },
    queryStringParameters: { _method: 'GET,PATCH' },
    clientCertPem: 'PEM',
  });
});

test('a request to a REST API may have nothing of that', () => {
  const event = restEvent({ multiValueHeaders: null, multiValueQueryStringParameters: null, pathParameters: null });
  expect(restApiRequest(event)).toMatchObject({ headers: {}, queryStringParameters: {}, pathParameters: {} });
});

test('a request to an HTTP API has both of its paths', () => {
  expect(httpApiRequest(authorizerEvent('PEM'))).toMatchObject({
    apiId: 'a1b2c3',
    method: 'GET',
    paths: ['/schedule/events', '/schedule/events'],
    routePath: '/schedule/events',
    clientCertPem: 'PEM',
  });
});

test.each([
  ['GET /monthly/{id}', { id: '5' }, '/monthly/5'],
  ['ANY /files/{path+}', { path: 'a/b' }, '/files/a/b'],
  ['GET /{year}/x/{rest+}', { year: '2026', rest: 'y' }, '/2026/x/y'],
  ['GET /', undefined, '/'],
  ['$default', undefined, undefined],
])('the route %s of an HTTP API with the parameters %j has the path %s', (routeKey, pathParameters, routePath) => {
  const event = { ...authorizerEvent('PEM'), routeKey, pathParameters } as HttpApiEvent;
  expect(httpApiRequest(event).routePath).toBe(routePath);
});

describe('the kind of API', () => {
  test('is that of the event', () => {
    expect(isRestApiEvent(restEvent())).toBe(true);
    expect(isRestApiEvent({ ...authorizerEvent('PEM'), version: '2.0', type: 'REQUEST' })).toBe(false);
  });

  test.each<[string, unknown]>([
    ['a version', restEvent({ version: '1.0' })],
    ['another type', restEvent({ type: 'TOKEN' })],
    ['no method', restEvent({ methodArn: undefined })],
    ['no event', null],
    ['a text', 'REQUEST'],
  ])('is not REST with %s', (_what, event) => {
    expect(isRestApiEvent(event)).toBe(false);
  });

  test('of the other one names no certificate', () => {
    expect(() => httpApiRequest(restEvent() as unknown as HttpApiEvent)).toThrow(TypeError);
    expect(restApiRequest(authorizerEvent('PEM') as unknown as RestApiEvent).clientCertPem).toBeUndefined();
  });
});

describe('the answer to a REST API', () => {
  const caller = { clientName: 'mail', spiffeId: 's', serialNumber: '1', fingerprint: 'A', grant: 'GET /reports/*' };

  test('allows the method of the stage, however long the path is, with the caller', () => {
    const methodArn = `${METHOD_ARN}/${'x'.repeat(600)}/*/${'$'}{aws:username}`;
    expect(restApiAnswer(caller, restEvent({ methodArn }))).toEqual({
      principalId: 'mail',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: METHODS_ARN }],
      },
      context: caller,
    });
  });

  test('denies everything, without a reason', () => {
    expect(restApiAnswer(undefined, restEvent())).toEqual({
      principalId: 'denied',
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Action: 'execute-api:Invoke', Effect: 'Deny', Resource: '*' }],
      },
    });
  });
});
