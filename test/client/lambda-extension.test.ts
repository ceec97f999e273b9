import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { type ClientSecret, MeshHttpClient, type MeshHttpClientOptions } from '../../client';
import { type Authority, createRoot, days, validFor } from '../pki/authorities';
import { createSecret, OneSecret } from './secrets';

const TOKEN = 'session-token';
const LAMBDA = ['AWS_SESSION_TOKEN', 'AWS_LAMBDA_FUNCTION_NAME', 'PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'] as const;
const outside = Object.fromEntries(LAMBDA.map((name) => [name, process.env[name]]));

let root: Authority;
let secret: ClientSecret;
let next: ClientSecret;
let extension: Server;
let asked: string[];
let answer: RequestListener;
const clients: MeshHttpClient[] = [];

beforeAll(async () => {
  root = await createRoot('Root');
  secret = await createSecret(root, { validity: validFor(6) });
  const later = { notBefore: new Date(Date.now() - 60_000), notAfter: validFor(7).notAfter };
  next = await createSecret(root, { validity: later });
});
beforeEach(async () => {
  asked = [];
  answer = answerWith(secret);
  // As the extension documents: it wants the token, and answers as GetSecretValue does.
  extension = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.headers['x-aws-parameters-secrets-token'] === TOKEN) answer(request, response);
    else response.writeHead(401).end();
  });
  await once(extension.listen(0, '127.0.0.1'), 'listening');
  process.env['AWS_SESSION_TOKEN'] = TOKEN;
  process.env['AWS_LAMBDA_FUNCTION_NAME'] = 'mail';
  process.env['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'] = String((extension.address() as AddressInfo).port);
});
afterEach(async () => {
  for (const name of LAMBDA) setVariable(name, outside[name]);
  for (const client of clients.splice(0)) client.close();
  jest.restoreAllMocks();
  extension.closeAllConnections();
  await new Promise((resolve) => extension.close(resolve));
});

function setVariable(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

function answerWith(value: ClientSecret): RequestListener {
  const body = {
    ARN: 'arn:aws:secretsmanager:…',
    Name: 'mesh/mail',
    SecretString: JSON.stringify(value),
    VersionId: 'v',
  };
  return (_request, response) => response.end(JSON.stringify(body));
}

function clientOf(secretsManager: OneSecret, options: Partial<MeshHttpClientOptions> = {}): MeshHttpClient {
  const client = new MeshHttpClient({ secretId: 'mesh/mail', secretsManager, maxAge: 1000, ...options });
  clients.push(client);
  return client;
}

function moveClock(milliseconds: number): void {
  const now = Date.now() + milliseconds;
  jest.spyOn(Date, 'now').mockReturnValue(now);
}

const manager = (value: ClientSecret) => new OneSecret(() => JSON.stringify(value));

test('the secret comes from the extension, with the token of the session', async () => {
  const secrets = manager(next);
  expect(await clientOf(secrets, { secretId: 'mesh/mail?a=b&c' }).credentials()).toEqual(secret);
  expect(asked).toEqual(['GET /secretsmanager/get?secretId=mesh%2Fmail%3Fa%3Db%26c']);
  expect(secrets.calls).toBe(0);
});

test.each(LAMBDA)('without %s, nothing is asked and nobody gets the token', async (name) => {
  setVariable(name, undefined);
  expect(await clientOf(manager(next)).credentials()).toEqual(next);
  expect(asked).toEqual([]);
});

test.each([
  [true, {}],
  [false, { PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: '2773' }],
])('lambdaExtension: %s prevails over the environment', async (lambdaExtension, variables) => {
  setVariable('AWS_LAMBDA_FUNCTION_NAME', lambdaExtension ? undefined : 'mail');
  Object.assign(process.env, variables);
  const credentials = await clientOf(manager(next), { lambdaExtension }).credentials();
  expect(credentials).toEqual(lambdaExtension ? secret : next);
});

test('a refused certificate is looked up in Secrets Manager, because the extension may have an old copy', async () => {
  const secrets = manager(next);
  const client = clientOf(secrets);
  // The context is what a refused request was sent with.
  await client.secureContext();
  expect(await client.refresh()).toBe(true);
  expect(await client.credentials()).toEqual(next);
  expect([asked.length, secrets.calls]).toEqual([1, 1]);
});

test('an old copy of the extension does not take the place of a newer certificate', async () => {
  const secrets = manager(next);
  const client = clientOf(secrets);
  await client.secureContext();
  await client.refresh();
  moveClock(1001);
  expect(await client.credentials()).toEqual(next);
  expect([asked.length, secrets.calls]).toEqual([2, 2]);
});

test('a certificate that should have been rotated is looked up in Secrets Manager', async () => {
  const client = clientOf(manager(next), { maxAge: days(365) });
  expect(await client.credentials()).toEqual(secret);
  moveClock(days(4.5));
  expect(await client.credentials()).toEqual(next);
});

describe('Secrets Manager is asked when the extension', () => {
  const raw = (body: string, status = 200): RequestListener => {
    return (_request, response) => response.writeHead(status).end(body);
  };
  test.each<[string, RequestListener]>([
    ['is not ready, as during the init phase', raw('not ready to serve traffic, please wait', 400)],
    ['fails', raw(JSON.stringify({ SecretString: '{}' }), 500)],
    ['redirects', (_request, response) => response.writeHead(302, { Location: 'http://127.0.0.1:9/' }).end()],
    ['answers with no JSON', raw('BEGIN PRIVATE KEY')],
    ['answers with null', raw('null')],
    ['answers with no secret', raw('{"SecretBinary":"AAAA"}')],
    ['answers with a secret that is no text', raw('{"SecretString":{"toString":1}}')],
    ['answers with a secret of something else', raw(JSON.stringify({ SecretString: '{"password":"example"}' }))],
    ['answers without end', (_request, response) => response.end('x'.repeat(1024 * 1024))],
    [
      'breaks off',
      (request, response) =>
        response.writeHead(200, { 'Content-Length': 9 }).write('{', () => request.socket.destroy()),
    ],
    ['hangs up', (request) => request.socket.destroy()],
    ['speaks no HTTP', (request) => request.socket.end('garbage\r\n\r\n')],
    ['never answers', () => undefined],
    ['never finishes', (_request, response) => response.write('{')],
  ])('%s', async (_, hostile) => {
    answer = hostile;
    const secrets = manager(next);
    expect(await clientOf(secrets).credentials()).toEqual(next);
    expect([asked.length, secrets.calls]).toEqual([1, 1]);
  });

  test.each(['0', '65536', '1e3', 'x@example.com:80'])('has the port %s', async (port) => {
    process.env['PARAMETERS_SECRETS_EXTENSION_HTTP_PORT'] = port;
    expect(await clientOf(manager(next)).credentials()).toEqual(next);
    expect(asked).toEqual([]);
  });
});

test('when both fail, the error is the one of Secrets Manager, without the answer of the extension', async () => {
  answer = (_request, response) => response.end(`{"SecretString":"${secret.privateKey.replaceAll('\n', '')}`);
  const secrets = new OneSecret(() => Promise.reject(new Error('AccessDenied')));
  const error = await clientOf(secrets)
    .credentials()
    .catch((reason: unknown) => reason);
  expect(inspect(error, { depth: 10, showHidden: true })).toContain('AccessDenied');
  expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('PRIVATE KEY');
});
