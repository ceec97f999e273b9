import { functionConnection } from '../../aws/connection';
import { Lambda } from '../../aws/lambda';
import { ServiceEndpoint, setEnvironment } from './service-endpoint';

const signal = new AbortController().signal;

let endpoint: ServiceEndpoint;
let restoreEnvironment: () => void;

beforeEach(async () => {
  endpoint = await ServiceEndpoint.open();
  restoreEnvironment = setEnvironment({ AWS_ENDPOINT_URL_LAMBDA: endpoint.url });
});
afterEach(async () => {
  restoreEnvironment();
  await endpoint.close();
});

const invoke = () => new Lambda(functionConnection(process.env)).invoke('mtls-mesh-revoke', { reason: 'x' }, signal);

test('a function is invoked by REST, and its JSON answer is read', async () => {
  endpoint.replies.push({ body: '{"certificates":[]}' });

  await expect(invoke()).resolves.toEqual({ certificates: [] });
  expect(endpoint.calls).toEqual([
    expect.objectContaining({
      method: 'POST',
      path: '/2015-03-31/functions/mtls-mesh-revoke/invocations',
      body: '{"reason":"x"}',
      headers: expect.objectContaining({
        authorization: expect.stringContaining('/eu-central-1/lambda/aws4_request'),
        'content-type': 'application/json',
      }),
    }),
  ]);
});

test.each([
  [
    'with its type and message',
    '{"errorType":"PropertyError","errorMessage":"reason is wrong"}',
    'PropertyError: reason is wrong',
  ],
  ['without a type', '{}', 'Unhandled: no message'],
])('the failure of a function is an error %s', async (_, body, expected) => {
  endpoint.replies.push({ headers: { 'x-amz-function-error': 'Unhandled' }, body });

  await expect(invoke()).rejects.toThrow(`lambda:InvokeFunction failed with ${expected}`);
  expect(endpoint.calls).toHaveLength(1);
});

test.each([
  ['Message', { 'x-amzn-errortype': 'ResourceNotFoundException:http://internal.example.com/' }],
  ['message', { 'x-amzn-errortype': 'ResourceNotFoundException' }],
])('an error of the service has its name and %s', async (name, headers) => {
  endpoint.replies.push({ status: 404, headers, body: JSON.stringify({ [name]: 'Function not found' }) });

  await expect(invoke()).rejects.toThrow(
    'lambda:InvokeFunction failed with ResourceNotFoundException: Function not found',
  );
});

test('a function without room to run is tried again', async () => {
  endpoint.replies.push(
    { status: 429, headers: { 'x-amzn-errortype': 'TooManyRequestsException' }, body: '{"Message":"Rate Exceeded."}' },
    { body: '{"certificates":[]}' },
  );

  await expect(invoke()).resolves.toEqual({ certificates: [] });
});

test('the variables and the log group of a function are read', async () => {
  const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:authorizer';
  const lambda = new Lambda(functionConnection(process.env));
  const configuration = { Environment: { Variables: { NAME: 'value' } }, LoggingConfig: { LogGroup: 'authorizer' } };
  endpoint.replies.push({ body: JSON.stringify(configuration) }, { body: '{}' });

  await expect(lambda.configuration(functionArn, signal)).resolves.toEqual({
    variables: { NAME: 'value' },
    logGroup: 'authorizer',
  });
  await expect(lambda.configuration(functionArn, signal)).resolves.toEqual({ variables: {}, logGroup: undefined });
  expect(endpoint.calls[0]?.path).toBe(`/2015-03-31/functions/${encodeURIComponent(functionArn)}/configuration`);
});
