import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { AwsClient } from 'aws4fetch';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import { CallLog } from '../../../sandbox/endpoint/call-log';
import { Endpoint } from '../../../sandbox/endpoint/server';
import { Faults } from '../../../sandbox/faults';
import { IamService } from '../../../sandbox/services/iam';
import { toySecretsManager } from './toy-services';

const clock = new Clock();
const iam = new IamService({ account: SANDBOX_ACCOUNT, clock });
const opened: Endpoint[] = [];
let emulator: Server;
let received: { message: IncomingMessage; body: string }[] = [];

beforeAll(async () => {
  emulator = createServer(async (message, response) => {
    received.push({ message, body: await text(message) });
    response.writeHead(message.url === '/broken' ? 404 : 200, {
      'content-type': 'application/x-amz-json-1.0',
      'x-amzn-requestid': 'of-the-emulator',
      connection: 'close',
    });
    response.end('{"MessageId":"1"}');
  });
  emulator.listen(0, '127.0.0.1');
  await once(emulator, 'listening');
});

beforeEach(() => {
  received = [];
});

afterAll(async () => {
  emulator.close();
  await Promise.all(opened.map((endpoint) => endpoint.close()));
});

async function endpointWith(fallback?: URL) {
  const endpoint = await Endpoint.listen();
  opened.push(endpoint);
  const calls = new CallLog();
  const faults = new Faults();
  const never = { killProcessOf: async () => undefined, receiveCustomResourceResponse: () => false };
  endpoint.serve({ accounts: [{ apis: [toySecretsManager], iam }], fallback, clock, faults, calls, ...never });
  const client = new AwsClient({ ...iam.issueCredentials(iam.operator), region: 'us-east-1', retries: 0 });
  const send = (service: string, path = '/', init: RequestInit = {}) =>
    client.fetch(endpoint.url + path, { method: 'POST', ...init, aws: { service } });
  return { endpoint, calls, faults, send };
}

const originOf = (server: Server) => new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
const json = { 'x-amz-target': 'AmazonSQS.SendMessage', 'content-type': 'application/x-amz-json-1.0' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };
const cbor = { 'smithy-protocol': 'rpc-v2-cbor', 'content-type': 'application/cbor' };

describe('without another emulator', () => {
  const message = (call: string) => `the sandbox does not support ${call}`;

  test.each([
    [
      'AWS JSON',
      'sqs',
      '/',
      { headers: json, body: '{}' },
      `{"__type":"UnknownService","message":"${message('sqs:SendMessage')}"}`,
    ],
    [
      'AWS Query',
      'autoscaling',
      '/',
      { headers: form, body: 'Action=DescribePolicies&Version=2011-01-01' },
      `<Code>UnknownService</Code><Message>${message('autoscaling:DescribePolicies')}</Message></Error><RequestId>`,
    ],
    [
      'EC2 Query',
      'ec2',
      '/',
      { headers: form, body: 'Action=DescribeVpcs&Version=2016-11-15' },
      `<Response><Errors><Error><Code>UnknownService</Code><Message>${message('ec2:DescribeVpcs')}</Message></Error></Errors>`,
    ],
    [
      'REST JSON',
      'scheduler',
      '/schedules/daily',
      { body: '{}' },
      `{"message":"${message('scheduler:POST /schedules/daily')}"}`,
    ],
    [
      'REST XML',
      'route53',
      '/2013-04-01/hostedzone',
      {},
      `<ErrorResponse><Error><Code>UnknownService</Code><Message>${message('route53:POST /2013-04-01/hostedzone')}`,
    ],
    [
      'RPC v2 CBOR',
      'monitoring',
      '/service/GraniteServiceVersion20100801/operation/GetMetricData',
      { headers: cbor },
      // A map of two texts (RFC 8949).
      `\xa2f__typenUnknownServicegmessagex`,
    ],
  ])(
    'a call in %s fails by its name in the shape of the protocol',
    async (_protocol, service, path, init, expected) => {
      const { send } = await endpointWith();
      const answer = await send(service, path, init);
      expect(answer.status).toBe(400);
      expect(
        Buffer.from(await answer.arrayBuffer())
          .toString('latin1')
          .replace('\x1a', ''),
      ).toContain(expected.slice(0, -1));
    },
  );

  test('the error of REST JSON is named in a header', async () => {
    const { send } = await endpointWith();
    expect((await send('scheduler', '/schedules')).headers.get('x-amzn-errortype')).toBe('UnknownService');
  });

  test('faults apply to such a call, and the log has it', async () => {
    const { send, faults, calls } = await endpointWith();
    faults.inject({ service: 'sqs', operation: 'SendMessage', fault: 'throttled', times: 1 });
    expect(await (await send('sqs', '/', { headers: json, body: '{}' })).json()).toMatchObject({
      __type: 'ThrottlingException',
    });
    expect(calls.calls).toMatchObject([{ service: 'sqs', operation: 'SendMessage', fault: 'throttled' }]);
  });
});

describe('with another emulator', () => {
  test('the call goes there as it is, and its answer comes back', async () => {
    const { send, calls } = await endpointWith(originOf(emulator));
    const body = JSON.stringify({ QueueUrl: 'http://127.0.0.1/1/jobs', MessageBody: 'é' });
    const answer = await send('sqs', '/1/jobs?a=b%2Fc&a=d', { headers: { ...json, 'x-kept': 'yes' }, body });
    expect([answer.status, answer.headers.get('x-amzn-requestid'), await answer.text()]).toEqual([
      200,
      'of-the-emulator',
      '{"MessageId":"1"}',
    ]);
    const [call, ...others] = received;
    expect(others).toEqual([]);
    expect([call?.message.method, call?.message.url, call?.body]).toEqual(['POST', '/1/jobs?a=b%2Fc&a=d', body]);
    expect(call?.message.headers).toMatchObject({
      host: originOf(emulator).host,
      'x-amz-target': 'AmazonSQS.SendMessage',
      'x-kept': 'yes',
      authorization: expect.stringMatching(/\/us-east-1\/sqs\/aws4_request/),
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(calls.calls).toMatchObject([{ service: 'sqs', operation: 'SendMessage', outcome: 'succeeded' }]);
  });

  test('errors of the emulator come back too', async () => {
    const { send } = await endpointWith(originOf(emulator));
    expect((await send('sqs', '/broken', { headers: json, body: '{}' })).status).toBe(404);
  });

  test('only signed calls of services that the sandbox does not have go there', async () => {
    const { endpoint, send } = await endpointWith(originOf(emulator));
    const own = { 'x-amz-target': 'secretsmanager.GetSecretValue', 'content-type': 'application/x-amz-json-1.1' };
    expect((await send('secretsmanager', '/', { headers: own, body: '{"SecretId":"toy"}' })).status).toBe(200);
    const stranger = new AwsClient({
      accessKeyId: 'AKIASTRANGER',
      secretAccessKey: 'x',
      region: 'us-east-1',
      retries: 0,
    });
    const refused = await stranger.fetch(endpoint.url, {
      method: 'POST',
      headers: json,
      body: '{}',
      aws: { service: 'sqs' },
    });
    const unsigned = await fetch(endpoint.url, { method: 'POST', headers: json, body: '{}' });
    expect([refused.status, unsigned.status]).toEqual([403, 403]);
    expect(received).toEqual([]);
  });

  test('one that does not answer is named, with an error that SDKs do not repeat', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const origin = originOf(gone);
    gone.close();
    await once(gone, 'close');
    const { send } = await endpointWith(origin);
    const answer = await send('sqs', '/', { headers: json, body: '{}' });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      {
        __type: 'FallbackUnreachable',
        message: `the emulator at ${origin.origin} does not answer sqs:SendMessage: ECONNREFUSED`,
      },
    ]);
  });
});
