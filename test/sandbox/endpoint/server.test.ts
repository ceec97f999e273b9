import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ACMPCAClient, ListCertificateAuthoritiesCommand } from '@aws-sdk/client-acm-pca';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { SANDBOX_ACCOUNT } from '../../../sandbox/account';
import { Clock } from '../../../sandbox/clock';
import { CallLog } from '../../../sandbox/endpoint/call-log';
import type { RequestsOptions } from '../../../sandbox/endpoint/requests';
import { Endpoint } from '../../../sandbox/endpoint/server';
import { Faults } from '../../../sandbox/faults';
import { type Credentials, IamService } from '../../../sandbox/services/iam';
import { duringWork } from '../../interval';
import { testWith } from '../../programs';
import { requestFor, resourceType } from '../services/resource-request';
import { putResponse, responseHost } from './response-host';
import { toyS3, toySecretsManager } from './toy-services';

const run = promisify(execFile);
const clock = new Clock();
const iam = new IamService({ account: SANDBOX_ACCOUNT, clock });
const received: { token: string; body: string }[] = [];
let endpoint: Endpoint;

beforeAll(async () => {
  endpoint = await Endpoint.listen();
  const requests: RequestsOptions = {
    accounts: [{ apis: [toySecretsManager, toyS3], iam }],
    clock,
    faults: new Faults(),
    calls: new CallLog(),
    killProcessOf: async () => undefined,
    receiveCustomResourceResponse(token, body) {
      received.push({ token, body: body.toString('utf8') });
      return token === 'awaited';
    },
  };
  endpoint.serve(requests, responseHost);
});

afterAll(() => endpoint.close());

function settings(credentials: Credentials = iam.issueCredentials(iam.operator)) {
  return { endpoint: endpoint.url, region: 'us-east-1', credentials, maxAttempts: 1 };
}

function getSecret(credentials?: Credentials): Promise<{ SecretString?: string }> {
  return new SecretsManagerClient(settings(credentials)).send(new GetSecretValueCommand({ SecretId: 'toy' }));
}

test('finds the service by the credential scope of the signature', async () => {
  await expect(getSecret()).resolves.toMatchObject({ SecretString: 'toy' });
  const object = await new S3Client(settings()).send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }));
  expect(JSON.parse((await object.Body?.transformToString()) ?? '')).toMatchObject({ path: '/bucket/key' });
});

test('fails a call of a service that it does not support by its name', async () => {
  const client = new ACMPCAClient(settings());
  await expect(client.send(new ListCertificateAuthoritiesCommand({}))).rejects.toMatchObject({
    name: 'UnknownService',
    message: 'the sandbox does not support acm-pca:ListCertificateAuthorities',
  });
});

test("asks the caller's own policies", async () => {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  const role = await resourceType(iam, 'AWS::IAM::Role').create(
    requestFor({ AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: trust } }),
  );
  await expect(getSecret(iam.issueCredentials(String(role.attributes.Arn)))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining(`User: ${role.attributes.Arn} is not authorized to perform`),
  });
});

test('refuses an access key that it did not give', async () => {
  const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'guessed' };
  await expect(getSecret(credentials)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
});

test('refuses a signature made with another secret access key', async () => {
  const { accessKeyId } = iam.issueCredentials(iam.operator);
  await expect(getSecret({ accessKeyId, secretAccessKey: 'guessed' })).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
  const client = new S3Client(settings({ accessKeyId, secretAccessKey: 'guessed' }));
  await expect(client.send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' }))).rejects.toMatchObject({
    name: 'SignatureDoesNotMatch',
  });
});

test.each(['a b', "quote'(1)*!~", 'percent%2Fslash', 'ümläut/日本', '../up', 'a+b=c&d?e#f'])(
  'verifies the signature of a request whose path holds %s',
  async (key) => {
    await expect(
      new S3Client(settings()).send(new GetObjectCommand({ Bucket: 'bucket', Key: key, VersionId: 'a=b+c d' })),
    ).resolves.toBeDefined();
  },
);

test('verifies the signature of an upload', async () => {
  const upload = new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Body: 'text', ContentType: 'text/plain' });
  await expect(new S3Client(settings()).send(upload)).resolves.toBeDefined();
});

test('refuses a body that was changed after it was signed', async () => {
  const client = new SecretsManagerClient(settings());
  client.middlewareStack.add(
    (next) => (args) => {
      Object.assign(args.request as object, { body: JSON.stringify({ SecretId: 'tampered' }) });
      Object.assign((args.request as { headers: object }).headers, { 'content-length': '23' });
      return next(args);
    },
    { step: 'finalizeRequest', priority: 'low' },
  );
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'toy' }))).rejects.toThrow(/signature|body/);
});

test('refuses a call that is not signed', async () => {
  const answer = await fetch(endpoint.url, {
    method: 'POST',
    headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: '{}',
  });
  expect(answer.status).toBe(403);
  await expect(answer.json()).resolves.toMatchObject({ __type: 'MissingAuthenticationTokenException' });
});

const testWithCurl = testWith('curl');
testWithCurl('verifies the signature that curl makes', async () => {
  const { accessKeyId, secretAccessKey } = iam.issueCredentials(iam.operator);
  const { stdout } = await run('curl', [
    ...['--silent', '--aws-sigv4', 'aws:amz:us-east-1:secretsmanager', '--user', `${accessKeyId}:${secretAccessKey}`],
    ...['--header', 'x-amz-target: secretsmanager.GetSecretValue', '--data', '{"SecretId":"toy"}', `${endpoint.url}/`],
  ]);
  expect(JSON.parse(stdout)).toMatchObject({ SecretString: 'toy' });
});

describe('the AWS command line', () => {
  const testWithAwsCli = testWith('aws');
  let directory: string;
  let environment: NodeJS.ProcessEnv;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'aws-cli-'));
    await writeFile(join(directory, 'config'), '[default]\ns3 =\n  signature_version = s3v4\n');
    const { accessKeyId, secretAccessKey } = iam.issueCredentials(iam.operator);
    environment = {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: endpoint.url,
      AWS_CONFIG_FILE: join(directory, 'config'),
    };
  });

  afterAll(() => rm(directory, { recursive: true }));

  async function aws(...parameters: string[]): Promise<string> {
    return (await run('aws', parameters, { env: environment })).stdout.trim();
  }

  testWithAwsCli('reads what the SDKs read', async () => {
    const secret = await aws('secretsmanager', 'get-secret-value', '--secret-id', 'toy');
    expect(JSON.parse(secret)).toMatchObject({ SecretString: 'toy' });
  });

  testWithAwsCli('fails by its name a service of the Query protocol', async () => {
    await expect(aws('sts', 'get-caller-identity')).rejects.toThrow(
      'the sandbox does not support sts:GetCallerIdentity',
    );
  });

  testWithAwsCli('makes presigned URLs that work until they expire', async () => {
    const url = await aws('s3', 'presign', 's3://bucket/a key', '--expires-in', '60');
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.replace('a%20key', 'b%20key'))).status).toBe(403);
    expect((await fetch(url.replace('Expires=60', 'Expires=600'))).status).toBe(403);
    await clock.advance(61_000);
    expect((await fetch(url)).status).toBe(403);
  });
});

test('takes the answer of a custom resource without a signature', async () => {
  const answer = await putResponse(endpoint, 'awaited', '{"Status":"SUCCESS"}');
  expect(answer.statusCode).toBe(200);
  expect(received).toContainEqual({ token: 'awaited', body: '{"Status":"SUCCESS"}' });
  expect((await putResponse(endpoint, 'guessed', '{}')).statusCode).toBe(404);
});

test('takes nothing else at the host for the answers of custom resources, and the answers nowhere else', async () => {
  expect(new URL(endpoint.responseUrl('awaited')).port).toBe('');
  expect((await putResponse(endpoint, 'awaited', '', { method: 'GET' })).statusCode).toBe(403);
  expect((await putResponse(endpoint, 'awaited', '{}', { host: 'rebound.example.com' })).statusCode).toBe(421);
  const { pathname } = new URL(endpoint.responseUrl('awaited'));
  const before = received.length;
  expect((await fetch(`${endpoint.url}${pathname}`, { method: 'PUT', body: '{}' })).status).toBe(403);
  expect(received).toHaveLength(before);
});

test.each(['rebound.example.com', 'rebound.example.com:80', '127.0.0.1.example.com:80'])(
  'serves nothing under the host name %p, which DNS may point at loopback',
  async (host) => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      request(endpoint.url, { method: 'PUT', headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(421);
  },
);

test("tells callers the sandbox's time, by which SDKs sign when theirs is wrong", async () => {
  const exchange = await duringWork(
    () => clock.now(),
    () => fetch(endpoint.url, { method: 'PUT', body: '{}' }),
  );
  expect(exchange.includes(Date.parse(exchange.result.headers.get('date') ?? ''))).toBe(true);
});

test('listens on loopback only', () => {
  expect(endpoint.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
});

test('refuses a body that is too large', async () => {
  const answer = await fetch(endpoint.url, { method: 'PUT', body: Buffer.alloc(17 * 1024 * 1024) });
  expect(answer.status).toBe(413);
});

test('survives callers that send garbage or leave in the middle of a request', async () => {
  const { port } = new URL(endpoint.url);
  for (const text of ['garbage\r\n\r\n', 'PUT / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Length: 9\r\n\r\nhalf']) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.end(text);
    await new Promise((resolve) => socket.resume().on('close', resolve));
  }
  await expect(getSecret()).resolves.toBeDefined();
});

test('closes while callers keep their connections open', async () => {
  const other = await Endpoint.listen();
  const unanswered = fetch(other.url);
  await setTimeout(50);
  await other.close();
  await expect(unanswered).rejects.toThrow();
  await expect(fetch(other.url)).rejects.toThrow();
});
