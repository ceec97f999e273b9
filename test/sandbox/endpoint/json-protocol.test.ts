import {
  DeleteSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  SecretsManagerClient,
  TagResourceCommand,
} from '@aws-sdk/client-secrets-manager';
import type { AwsCall } from '../../../sandbox/endpoint/api';
import { type Served, serve } from '../services/serve';
import { TOY_SECRET, toySecretsManager } from './toy-services';

let served: Served;
let client: SecretsManagerClient;

beforeEach(async () => {
  served = await serve(toySecretsManager);
  client = new SecretsManagerClient(served.client);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

test("answers the AWS SDK's client with the operation's output", async () => {
  const output = await client.send(new GetSecretValueCommand({ SecretId: 'grüße' }));
  expect(output).toMatchObject({ ARN: TOY_SECRET, SecretString: 'grüße' });
  expect(output.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
});

test('answers an operation without output', async () => {
  await expect(client.send(new TagResourceCommand({ SecretId: 'toy', Tags: [] }))).resolves.toBeDefined();
});

test("gives a service's error by its name and status", async () => {
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'missing' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'there is no such secret',
    $metadata: { httpStatusCode: 400 },
  });
});

test('gives a refusal as AccessDeniedException', async () => {
  served.denied.add('secretsmanager:GetSecretValue');
  await expect(client.send(new GetSecretValueCommand({ SecretId: 'toy' }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('not authorized to perform: secretsmanager:GetSecretValue'),
  });
});

test('fails an operation that it does not support by its name', async () => {
  await expect(client.send(new ListSecretsCommand({}))).rejects.toMatchObject({
    name: 'UnknownOperationException',
    message: 'the sandbox does not support secretsmanager:ListSecrets',
  });
});

test('gives a fault of the sandbox as an internal failure', async () => {
  await expect(client.send(new DeleteSecretCommand({ SecretId: 'toy' }))).rejects.toMatchObject({
    name: 'InternalFailure',
    message: 'a fault of the sandbox',
    $metadata: { httpStatusCode: 500 },
  });
});

test.each([
  ['no JSON', 'SerializationException', '{'],
  ['JSON that is no object', 'SerializationException', '["a"]'],
  ['JSON null', 'SerializationException', 'null'],
])('refuses a body that is %s', async (_case, name, body) => {
  const answer = await toySecretsManager.handle(callOf({ body: Buffer.from(body) }));
  expect(JSON.parse(String(answer.body))).toMatchObject({ __type: name });
});

test.each([
  ['an inherited member', { headers: { 'x-amz-target': 'secretsmanager.constructor' } }],
  ['no target', { headers: {} }],
  ['another method', { method: 'GET' }],
])('knows no operation by %s', async (_case, change) => {
  const answer = await toySecretsManager.handle(callOf(change));
  expect(JSON.parse(String(answer.body))).toMatchObject({ __type: 'UnknownOperationException' });
});

function callOf(change: Partial<AwsCall>): AwsCall {
  return {
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: { 'x-amz-target': 'secretsmanager.GetSecretValue' },
    body: Buffer.from('{}'),
    caller: { principalArn: 'arn:aws:iam::123456789012:role/tester', accessKeyId: 'AKIDEXAMPLE' },
    authorize: () => undefined,
    ...change,
  };
}
