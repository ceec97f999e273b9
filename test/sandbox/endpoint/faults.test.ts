import { setTimeout as sleep } from 'node:timers/promises';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { AwsV4Signer } from 'aws4fetch';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import { Stacks } from '../../../sandbox/cloudformation/stacks';
import type { AwsApi } from '../../../sandbox/endpoint/api';
import { CallLog } from '../../../sandbox/endpoint/call-log';
import type { RequestsOptions } from '../../../sandbox/endpoint/requests';
import { Endpoint } from '../../../sandbox/endpoint/server';
import { Faults, type InjectedFault } from '../../../sandbox/faults';
import { Configuration } from '../../../sandbox/services/api-gateway/configuration';
import { httpApiOperations } from '../../../sandbox/services/api-gateway/http-api/operations';
import { IamService } from '../../../sandbox/services/iam';
import { putResponse, responseHost } from './response-host';
import { toyS3, toySecretsManager } from './toy-services';

interface Told {
  readonly headers: Headers;
  readonly body: string;
}

const clock = new Clock();
const domainNames = httpApiOperations(SANDBOX_ACCOUNT, new Configuration());
const iam = new IamService({ account: SANDBOX_ACCOUNT, clock });
const credentials = iam.issueCredentials(iam.operator);
const killed: string[] = [];
let faults: Faults;
let calls: CallLog;
/** Operations that were carried out. */
let carriedOut: string[];
let endpoint: Endpoint;

const observed = (api: AwsApi): AwsApi => ({
  ...api,
  handle(call) {
    carriedOut.push(api.describe(call).operation);
    return api.handle(call);
  },
});

beforeEach(async () => {
  faults = new Faults();
  calls = new CallLog();
  carriedOut = [];
  endpoint = await Endpoint.listen();
  const requests: RequestsOptions = {
    accounts: [{ apis: [toySecretsManager, toyS3, domainNames, new Stacks(SANDBOX_ACCOUNT).api].map(observed), iam }],
    clock,
    faults,
    calls,
    killProcessOf: async (accessKeyId) => void killed.push(accessKeyId),
    receiveCustomResourceResponse: () => {
      carriedOut.push('CustomResourceAnswer');
      return true;
    },
  };
  endpoint.serve(requests, responseHost);
});

afterEach(() => endpoint.close());

const settings = (maxAttempts: number) => ({ endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts });

const getSecret = (SecretId = 'toy', { maxAttempts = 1, signal = new AbortController().signal } = {}) =>
  new SecretsManagerClient(settings(maxAttempts)).send(new GetSecretValueCommand({ SecretId }), {
    abortSignal: signal,
  });

/** Resolves when the fault has applied to a call. */
async function applied(fault: InjectedFault): Promise<void> {
  while (fault.applied === 0) await sleep(5);
}

const HOUR = 3_600_000;
const GET_SECRET = { service: 'secretsmanager', operation: 'GetSecretValue' };

describe('a call', () => {
  test('that is throttled is not carried out, and fails as AWS throttles', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'throttled' });
    await expect(getSecret()).rejects.toMatchObject({ name: 'ThrottlingException' });
    expect(carriedOut).toEqual([]);
    expect(fault.applied).toBe(1);
  });

  test('that fails before it takes effect is not carried out', async () => {
    faults.inject({ ...GET_SECRET, fault: 'failed-before' });
    await expect(getSecret()).rejects.toMatchObject({ name: 'InternalFailure', $metadata: { httpStatusCode: 500 } });
    expect(carriedOut).toEqual([]);
  });

  test('that fails after it took effect is carried out', async () => {
    faults.inject({ ...GET_SECRET, fault: 'failed-after' });
    await expect(getSecret()).rejects.toMatchObject({ name: 'InternalFailure' });
    expect(carriedOut).toEqual(['GetSecretValue']);
  });

  test('that conflicts with another write of the object is not carried out', async () => {
    faults.inject({ service: 's3', operation: 'PutObject', fault: 'conflicted', times: 1 });
    const put = () =>
      new S3Client(settings(1)).send(new PutObjectCommand({ Bucket: 'toys', Key: 'k', Body: 'x', IfNoneMatch: '*' }));
    await expect(put()).rejects.toMatchObject({
      name: 'ConditionalRequestConflict',
      $metadata: { httpStatusCode: 409 },
    });
    expect(carriedOut).toEqual([]);
    const other = { service: 'secretsmanager', operation: 'GetSecretValue', fault: 'conflicted' } as const;
    expect(() => faults.inject(other)).toThrow('only s3:PutObject');
  });

  test('that is slow is carried out and answered after its delay', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'slow', delay: HOUR });
    const answer = getSecret();
    await applied(fault);
    expect(carriedOut).toEqual([]);
    await clock.advance(HOUR);
    await expect(answer).resolves.toMatchObject({ SecretString: 'toy' });
  });

  test('that is slow takes effect though its caller waits no longer', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'slow', delay: HOUR });
    const caller = new AbortController();
    const answer = getSecret('toy', { signal: caller.signal });
    void applied(fault).then(() => caller.abort());
    await expect(answer).rejects.toThrow();
    expect(carriedOut).toEqual([]);
    await clock.advance(HOUR);
    expect(carriedOut).toEqual(['GetSecretValue']);
  });

  test('that fails after a delay is answered when the delay is over', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'failed-before', delay: HOUR });
    const answer = expect(getSecret()).rejects.toMatchObject({ name: 'InternalFailure' });
    await applied(fault);
    expect(calls.calls).toEqual([]);
    await clock.advance(HOUR);
    await answer;
    expect(carriedOut).toEqual([]);
  });

  test('that is never answered is carried out, and keeps its caller waiting', async () => {
    faults.inject({ ...GET_SECRET, fault: 'never-answered' });
    await expect(getSecret('toy', { signal: AbortSignal.timeout(200) })).rejects.toThrow();
    expect(carriedOut).toEqual(['GetSecretValue']);
  });

  test('that kills its caller is carried out, and ends whoever holds its access key', async () => {
    faults.inject({ ...GET_SECRET, fault: 'killed' });
    await expect(getSecret('toy', { signal: AbortSignal.timeout(200) })).rejects.toThrow();
    expect(carriedOut).toEqual(['GetSecretValue']);
    expect(killed).toEqual([credentials.accessKeyId]);
  });

  test.each(['throttled', 'failed-before', 'failed-after'] as const)(
    'that is %s once is tried again by the SDK',
    async (fault) => {
      faults.inject({ ...GET_SECRET, fault, times: 1 });
      await expect(getSecret('toy', { maxAttempts: 2 })).resolves.toMatchObject({ SecretString: 'toy' });
    },
  );

  test.each([
    ['throttled', 'SlowDown', 503],
    ['failed-before', 'InternalError', 500],
  ] as const)('to S3 that is %s fails in the words of S3', async (fault, name, httpStatusCode) => {
    faults.inject({ service: 's3', operation: 'PutObject', fault });
    const put = new S3Client(settings(1)).send(new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: 'text' }));
    await expect(put).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
  });
});

describe.each([
  {
    service: 'API Gateway',
    protocol: 'REST JSON',
    call: { service: 'apigateway', operation: 'GetDomainName' },
    request: { method: 'GET', path: '/v2/domainnames/mesh.example.com' },
    throttled: [429, 'TooManyRequestsException'],
    told: ({ headers, body }: Told) => [headers.get('x-amzn-errortype'), Object.keys(JSON.parse(body))],
    as: (code: string) => [code, ['message']],
  },
  {
    service: 'CloudFormation',
    protocol: 'AWS Query',
    call: { service: 'cloudformation', operation: 'DescribeStacks' },
    request: {
      method: 'POST',
      path: '/',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: 'Action=DescribeStacks&Version=2010-05-15&StackName=Mesh',
    },
    throttled: [400, 'ThrottlingException'],
    told: ({ body }: Told) => /<ErrorResponse><Error><Type>\w+<\/Type><Code>(\w+)<\/Code>/.exec(body)?.[1],
    as: (code: string) => code,
  },
])('a call of $service', ({ protocol, call, request: { path, ...request }, throttled, told, as }) => {
  const send = async () => {
    const signer = new AwsV4Signer({
      ...credentials,
      ...request,
      url: endpoint.url + path,
      service: call.service,
      region: 'us-east-1',
    });
    const { url, headers } = await signer.sign();
    const answer = await fetch(url, { ...request, headers });
    return { status: answer.status, headers: answer.headers, body: await answer.text() };
  };

  test(`fails in ${protocol}`, async () => {
    const [status, code] = throttled;
    faults.inject({ ...call, fault: 'failed-before', times: 1 });
    faults.inject({ ...call, fault: 'throttled', times: 1 });

    const answers = [await send(), await send()];

    expect(answers.map((answer) => [answer.status, told(answer)])).toEqual([
      [status, as(String(code))],
      [500, as('InternalFailure')],
    ]);
    expect(calls.calls).toMatchObject([
      { ...call, outcome: code },
      { ...call, outcome: 'InternalFailure' },
    ]);
  });
});

describe('the answer of a custom resource', () => {
  const answer = (Status: string) => putResponse(endpoint, 'token', JSON.stringify({ Status }));

  test('can fail after it arrived, by what it says', async () => {
    faults.inject({
      service: 'cloudformation',
      operation: 'CustomResourceAnswer',
      fault: 'failed-after',
      match: ({ input }) => input.Status === 'SUCCESS',
    });
    expect((await answer('FAILED')).statusCode).toBe(200);
    expect((await answer('SUCCESS')).statusCode).toBe(500);
    expect(carriedOut).toHaveLength(2);
  });
});

describe('a fault', () => {
  test('strikes as often as it is told to', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'throttled', times: 2 });
    for (const _ of [1, 2]) await expect(getSecret()).rejects.toThrow();
    await getSecret();
    expect(fault.applied).toBe(2);
  });

  test('strikes every time until it is removed', async () => {
    const fault = faults.inject({ ...GET_SECRET, fault: 'throttled' });
    for (const _ of [1, 2, 3]) await expect(getSecret()).rejects.toThrow();
    fault.remove();
    fault.remove();
    await getSecret();
    expect(fault.applied).toBe(3);
  });

  test('strikes only the calls that match, by caller and input', async () => {
    const match = jest.fn(({ input }) => input.SecretId === 'unlucky');
    faults.inject({ ...GET_SECRET, fault: 'throttled', match });
    await getSecret('lucky');
    await expect(getSecret('unlucky')).rejects.toThrow();
    expect(match).toHaveBeenCalledWith({ principal: iam.operator, input: { SecretId: 'lucky' } });
  });

  test('leaves other operations alone', async () => {
    faults.inject({ ...GET_SECRET, operation: 'PutSecretValue', fault: 'throttled' });
    faults.inject({ ...GET_SECRET, service: 's3', fault: 'throttled' });
    await getSecret();
  });

  test('that was set last strikes first', async () => {
    faults.inject({ ...GET_SECRET, fault: 'throttled' });
    faults.inject({ ...GET_SECRET, fault: 'failed-before', times: 1 });
    await expect(getSecret()).rejects.toMatchObject({ name: 'InternalFailure' });
    await expect(getSecret()).rejects.toMatchObject({ name: 'ThrottlingException' });
  });
});

describe('the calls that were made', () => {
  test('are kept with who made them, and what came of each', async () => {
    await getSecret();
    await expect(getSecret('missing')).rejects.toThrow();
    faults.inject({ ...GET_SECRET, fault: 'failed-after', times: 1 });
    await expect(getSecret()).rejects.toThrow();
    await putResponse(endpoint, 'token', '{}');
    const call = { ...GET_SECRET, principal: iam.operator, at: expect.any(Date) };
    expect(calls.calls).toEqual([
      { ...call, outcome: 'succeeded' },
      { ...call, outcome: 'ResourceNotFoundException' },
      { ...call, outcome: 'InternalFailure', fault: 'failed-after' },
      {
        ...call,
        service: 'cloudformation',
        operation: 'CustomResourceAnswer',
        principal: undefined,
        outcome: 'succeeded',
      },
    ]);
  });

  test('tell an error of S3 by its code', async () => {
    faults.inject({ service: 's3', operation: 'PutObject', fault: 'throttled' });
    const put = new S3Client(settings(1)).send(new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: 'text' }));
    await expect(put).rejects.toThrow();
    expect(calls.calls).toMatchObject([{ service: 's3', operation: 'PutObject', outcome: 'SlowDown' }]);
  });
});
