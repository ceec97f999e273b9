import { AwsClient } from 'aws4fetch';
import type { Properties, ResourceRequest } from '../../../../sandbox/cloudformation/resource-type';
import { type FunctionCloud, type ServedFunctions, serveFunctions } from './function-cloud';

let functions: ServedFunctions;
let cloud: FunctionCloud;

beforeAll(async () => {
  functions = await serveFunctions();
  ({ cloud } = functions);
});

afterAll(() => functions.close());

async function createFunction(body: string): Promise<string> {
  return String((await cloud.createFunction(body)).attributes.Arn);
}

async function invoke(name: string, init: RequestInit = {}, principal = cloud.iam.operator) {
  const credentials = cloud.iam.issueCredentials(principal);
  const client = new AwsClient({ ...credentials, service: 'lambda', region: 'us-east-1', retries: 0 });
  const url = `${functions.endpoint.url}/2015-03-31/functions/${name}/invocations`;
  const response = await client.fetch(url, { method: 'POST', body: '{"name":"mail"}', ...init });
  const { status, headers } = response;
  const text = await response.text();
  const body: unknown = text === '' ? undefined : JSON.parse(text);
  return {
    status,
    body,
    failure: headers.get('x-amz-function-error'),
    error: headers.get('x-amzn-errortype'),
    version: headers.get('x-amz-executed-version'),
    log: headers.get('x-amz-log-result'),
  };
}

const nameIn = (arn: string) => arn.split(':').at(-1) ?? '';

test('a function is invoked by its name or ARN, with the payload as its event', async () => {
  const arn = await createFunction('return { hello: event.name };');

  for (const name of [nameIn(arn), arn, encodeURIComponent(arn)]) {
    expect(await invoke(name)).toMatchObject({ status: 200, body: { hello: 'mail' }, failure: null });
  }
  expect(await invoke(nameIn(arn), { body: '' })).toMatchObject({ status: 200, body: {} });
  expect(functions.calls.calls.at(-1)).toMatchObject({ service: 'lambda', operation: 'Invoke' });
});

test('the failure of a function is an answer', async () => {
  const arn = await createFunction("throw new RangeError('too far');");

  expect(await invoke(nameIn(arn))).toMatchObject({
    status: 200,
    failure: 'Unhandled',
    body: { errorType: 'RangeError', errorMessage: 'too far' },
  });
});

test('the caller gets the last 4 KB of the log, if it asks for them', async () => {
  const name = nameIn(await createFunction("console.log('é'.repeat(5000) + event.name); if (event.fails) throw 'no';"));
  const tail = { headers: { 'x-amz-log-type': 'Tail' } };

  expect(await invoke(name)).toMatchObject({ log: null });
  for (const body of ['{"name":"mail"}', '{"name":"mail","fails":true}']) {
    const log = Buffer.from((await invoke(name, { ...tail, body })).log ?? '', 'base64');
    expect(log).toHaveLength(4096);
    expect(String(log)).toMatch(/émail\n(.*ERROR.*\n)?END RequestId: [\w-]+\nREPORT RequestId: .*\n$/);
  }
  expect((await invoke(name, { headers: { 'x-amz-log-type': 'All' } })).error).toBe('ValidationException');
});

test('invocations beyond the reserved concurrency are throttled, and asynchronous ones wait', async () => {
  const body = 'await new Promise((resolve) => setTimeout(resolve, 300)); return 1;';
  const { attributes } = await cloud.createFunction(body, { ReservedConcurrentExecutions: 1 });
  const name = nameIn(String(attributes.Arn));

  const results = await Promise.all([invoke(name), invoke(name)]);
  expect(results.map(({ status }) => status).sort()).toEqual([200, 429]);
  expect(results.find(({ status }) => status === 429)).toMatchObject({ error: 'TooManyRequestsException' });
  const asynchronously = () => cloud.lambda.invokeAsynchronously(String(attributes.Arn), {});
  await expect(Promise.all([asynchronously(), asynchronously()])).resolves.toBeDefined();
});

test('a function with a reserved concurrency of 0 does not run', async () => {
  const { attributes } = await cloud.createFunction('return 1;', { ReservedConcurrentExecutions: 0 });

  expect(await invoke(nameIn(String(attributes.Arn)))).toMatchObject({
    status: 429,
    error: 'TooManyRequestsException',
  });
  await expect(cloud.lambda.invokeAsynchronously(String(attributes.Arn), {})).rejects.toThrow('Rate Exceeded');
});

test('the caller learns which version ran', async () => {
  const name = nameIn(await createFunction('return 1;'));
  const resources = cloud.lambda.resourceTypes;
  const request = (properties: Properties) => ({ logicalId: 'Live', stackName: 'App', properties }) as ResourceRequest;
  await resources['AWS::Lambda::Version']?.create(request({ FunctionName: name }));
  await resources['AWS::Lambda::Alias']?.create(request({ FunctionName: name, FunctionVersion: '1', Name: 'live' }));

  expect(await invoke(name)).toMatchObject({ version: '$LATEST' });
  expect(await invoke(`${name}:live`)).toMatchObject({ version: '1' });
});

test.each<[string, string, RequestInit, number, string]>([
  ['an unknown function', 'missing', {}, 404, 'ResourceNotFoundException'],
  ['a payload that is no JSON', '', { body: '{' }, 400, 'InvalidRequestContentException'],
  ['a payload of more than 6 MB', '', { body: `"${'x'.repeat(6 * 1024 * 1024)}"` }, 413, 'RequestTooLargeException'],
  ['another method', '', { method: 'PUT' }, 400, 'UnknownOperationException'],
  ['a name that is none', '..%2f..%2fx', {}, 400, 'ValidationException'],
])('%s is refused by name', async (_, name, init, status, error) => {
  const arn = await createFunction('return {};');
  expect(await invoke(name || nameIn(arn), init)).toMatchObject({ status, error });
});

test('an asynchronous invocation is accepted, and a dry run invokes nothing', async () => {
  const arn = await createFunction('console.log("ran"); return {};');
  const log = () => cloud.logs.lines(`/aws/lambda/${nameIn(arn)}`).filter((line) => line.endsWith('ran'));

  expect(await invoke(nameIn(arn), { headers: { 'x-amz-invocation-type': 'DryRun' } })).toMatchObject({ status: 204 });
  expect(await invoke(nameIn(arn), { headers: { 'x-amz-invocation-type': 'Event' } })).toMatchObject({ status: 202 });
  await cloud.clock.advance(0);
  expect(log()).toHaveLength(1);
  const type = { 'x-amz-invocation-type': 'Stream' };
  expect(await invoke(nameIn(arn), { headers: type })).toMatchObject({ status: 400 });
});

test('functions are listed and described, without the values of Lambda itself', async () => {
  const created = await cloud.createFunction('', {
    Description: 'Sends mail',
    Environment: { Variables: { MESH: 'mesh.example.com' } },
  });
  const read = async (path: string) => {
    const credentials = cloud.iam.issueCredentials(cloud.iam.operator);
    const client = new AwsClient({ ...credentials, service: 'lambda', region: 'us-east-1', retries: 0 });
    return JSON.parse(await (await client.fetch(`${functions.endpoint.url}/2015-03-31/functions${path}`)).text());
  };
  const described = {
    FunctionName: created.physicalId,
    Description: 'Sends mail',
    Runtime: 'nodejs24.x',
    Environment: { Variables: { MESH: 'mesh.example.com' } },
  };
  const first = await read('?MaxItems=1');
  expect(first.Functions).toHaveLength(1);
  expect((await read(`/?Marker=${first.NextMarker}`)).Functions.length).toBeGreaterThan(0);
  expect((await read('/')).Functions).toContainEqual(expect.objectContaining(described));
  expect(await read(`/${created.physicalId}`)).toMatchObject({ Configuration: described });
  expect(await read(`/${created.physicalId}/configuration`)).toMatchObject(described);
  expect(await read('/missing')).toMatchObject({ message: expect.stringContaining('Function not found') });
});

test('who has no permission for the function invokes nothing', async () => {
  const arn = await createFunction('return {};');
  const role = await cloud.createRole();

  expect(await invoke(nameIn(arn), {}, role)).toMatchObject({ status: 403, error: 'AccessDeniedException' });
});
