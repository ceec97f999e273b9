import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { RotateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
import { evaluate } from '../../sandbox/services/iam/policy/evaluation';
import { parsePolicy } from '../../sandbox/services/iam/policy/policy';
import { exampleMesh } from '../example-mesh';

const OPERATIONS = join(__dirname, '..', '..', 'dist', 'bin', 'operations.js');

/** Runs a command with the permissions of the function's role. */
const OPERATE = `
  const operations = require(${JSON.stringify(OPERATIONS)});
  exports.handler = async ({ body }) => {
    const [name, ...args] = JSON.parse(body);
    const printed = [];
    console.log = console.error = (text) => printed.push(text);
    await operations[name](...args).catch((error) => printed.push(\`error: \${error.name}: \${error.message}\`));
    return { statusCode: 200, body: printed.join('\\n') };
  };`;

let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'OperatedMesh');
  const mesh = exampleMesh(stack);
  const functionNamed = (id: string) =>
    new lambda.Function(stack, id, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(OPERATE),
      timeout: Duration.seconds(29),
    });
  const operator = functionNamed('Operator');
  if (operator.role) mesh.operatorPolicy.attachToRole(operator.role);
  mesh.addService('operate', { integration: MeshIntegration.lambdaFunction(operator) }).allowAllClients();
  mesh.addService('idle', { integration: MeshIntegration.lambdaFunction(functionNamed('Stranger')) }).allowAllClients();
  mesh.addClient('mail');
  mesh.addClient('social');
  sandbox = await Sandbox.deploy(app);
}, 60_000);

afterAll(() => sandbox?.close());

async function operate(service: string, ...command: readonly unknown[]): Promise<string> {
  const answer = await sandbox.fetch('mail', `https://mesh.example.com/${service}`, {
    method: 'POST',
    body: JSON.stringify(command),
  });
  return answer.text();
}

const mesh = 'mesh.example.com';

test('the policy that the construct offers is all that an operator needs', async () => {
  const { serialNumber } = await sandbox.clientSecret('social');

  expect(await operate('operate', 'runList', { mesh, json: true })).toContain(`"serialNumber":"${serialNumber}"`);
  expect(await operate('operate', 'runShow', 'social', { mesh })).toContain(serialNumber);
  expect(
    await operate('operate', 'runRevoke', 'social', { mesh, all: true, reason: 'KEY_COMPROMISE', rotate: true }),
  ).toMatch(
    new RegExp(
      `^social ${serialNumber} is revoked \\(KEY_COMPROMISE\\)\\nsocial has a new certificate: [0-9A-F]+, valid until \\S+$`,
    ),
  );
  expect(await operate('operate', 'runDisable', 'social', { mesh })).toBe('social is disabled');
  expect(await operate('operate', 'runEnable', 'social', { mesh })).toBe('social is enabled');
});

test('an authority that fails undoes nothing, and is told when the command is run again', async () => {
  const { serialNumber } = await sandbox.clientSecret('social');
  const args = ['runRevoke', 'social', { mesh, serialNumber, reason: 'PRIVILEGE_WITHDRAWN' }] as const;
  const fault = sandbox.inject({ service: 'acm-pca', operation: 'RevokeCertificate', fault: 'failed-before' });

  expect(await operate('operate', ...args)).toMatch(
    /^social \w+ is revoked \(PRIVILEGE_WITHDRAWN\)\ncould not revoke the certificate at its authority: .*; the mesh tries again within the hour$/,
  );
  fault.remove();
  expect(await operate('operate', ...args)).toMatch(
    /^social \w+ is already revoked, since \S+ \(PRIVILEGE_WITHDRAWN\)$/,
  );
  expect(await operate('operate', 'runShow', 'social', { mesh, json: true })).toContain('"revokedAtAuthority":');
});

test('a rotation that fails ends with its reason, which stays until another one succeeds', async () => {
  const asks = (hours: string) =>
    new DynamoDBClient(sandboxAccess(sandbox)).send(
      new UpdateItemCommand({
        TableName: 'mtls-mesh.mesh.example.com',
        Key: { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: 'CLIENT' } },
        UpdateExpression: 'SET validityHours = :hours',
        ExpressionAttributeValues: { ':hours': { N: hours } },
      }),
    );
  await asks('1000');

  expect(await operate('operate', 'runRotate', 'mail', { mesh })).toMatch(
    /^error: OperatorError: the rotation of mail failed: .*acm-pca:IssueCertificate.*; remove the cause, and run `mtls-mesh rotate mail` again$/,
  );
  expect(await operate('operate', 'runShow', 'mail', { mesh })).toMatch(/^Rotation failed +\S+Z: .*IssueCertificate/m);

  await asks('168');
  // The rotation that failed is incomplete, so Secrets Manager attempts it again.
  expect(await operate('operate', 'runRotate', 'mail', { mesh })).toMatch(/^mail has a new certificate: /);
  expect(await operate('operate', 'runShow', 'mail', { mesh })).not.toContain('Rotation failed');
});

describe('with the credentials of the role, past the command', () => {
  const resourceOf = (path: string) => {
    const found = Object.values(sandbox.resources).find(({ constructPath }) => constructPath?.endsWith(path));
    if (found === undefined) throw new Error(`there is no ${path}`);
    return found;
  };
  const access = () => {
    const environment = sandbox.environment({
      role: String(resourceOf('/Operator/ServiceRole/Resource').attributes.Arn),
    });
    const { AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '', AWS_REGION } = environment;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    return { endpoint: String(AWS_ENDPOINT_URL), region: String(AWS_REGION), credentials, maxAttempts: 1 };
  };
  const TableName = 'mtls-mesh.mesh.example.com';

  async function update(sortKey: string, attribute: string, value: string) {
    const Key = { partitionKey: { S: 'CLIENT#mail' }, sortKey: { S: sortKey } };
    const input = {
      TableName,
      Key,
      UpdateExpression: 'SET #attribute = :value',
      ExpressionAttributeNames: { '#attribute': attribute },
      ExpressionAttributeValues: { ':value': { S: value } },
    };
    return new DynamoDBClient(access()).send(new UpdateItemCommand(input));
  }

  test('the state of a client can be written, and nothing else', async () => {
    await expect(update('CLIENT', 'state', 'ENABLED')).resolves.toBeDefined();
    const { fingerprint } = await sandbox.clientSecret('mail');
    for (const attribute of ['status', 'revokedAt', 'notAfter', 'expiresAt', 'spiffeId', 'secretId']) {
      await expect(update(`CERTIFICATE#${fingerprint}`, attribute, 'ISSUED')).rejects.toThrow(
        'is not authorized to perform',
      );
    }
    const Item = { partitionKey: { S: 'CLIENT#ghost' }, sortKey: { S: 'CLIENT' }, state: { S: 'ENABLED' } };
    await expect(new DynamoDBClient(access()).send(new PutItemCommand({ TableName, Item }))).rejects.toThrow(
      'is not authorized to perform',
    );
  });

  test.each([
    ['other rules', { RotationRules: { AutomaticallyAfterDays: 1_000 } }],
    ['another function', { RotationLambdaARN: 'arn:aws:lambda:us-east-1:123456789012:function:mine' }],
  ])('a secret can not be given %s', async (_, change) => {
    const { physicalId: SecretId } = resourceOf('/Client-mail/Secret/Resource');
    const rotate = new RotateSecretCommand({ SecretId, ...change });
    await expect(new SecretsManagerClient(access()).send(rotate)).rejects.toThrow('is not authorized to perform');
  });

  /** What an operator must not do, and what he may, asked of an independent implementation of IAM's rules. */
  test.each<[expected: boolean, action: string, on: string, context: Record<string, string | string[]>]>([
    [
      true,
      'dynamodb:UpdateItem',
      'table',
      { 'dynamodb:Attributes': ['partitionKey', 'sortKey', 'state', 'updatedAt', 'updatedBy'] },
    ],
    [false, 'dynamodb:UpdateItem', 'table', { 'dynamodb:Attributes': ['partitionKey', 'sortKey', 'status'] }],
    [false, 'dynamodb:UpdateItem', 'table', {}],
    [false, 'dynamodb:PutItem', 'table', { 'dynamodb:Attributes': ['partitionKey', 'sortKey', 'state'] }],
    [false, 'dynamodb:DeleteItem', 'table', {}],
    [true, 'dynamodb:Query', 'table', {}],
    [true, 'secretsmanager:RotateSecret', 'secret', {}],
    [true, 'secretsmanager:RotateSecret', 'secret', { 'secretsmanager:ModifyRotationRules': 'false' }],
    [false, 'secretsmanager:RotateSecret', 'secret', { 'secretsmanager:ModifyRotationRules': 'true' }],
    [
      false,
      'secretsmanager:RotateSecret',
      'secret',
      { 'secretsmanager:RotationLambdaARN': 'arn:aws:lambda:us-east-1:123456789012:function:mine' },
    ],
    [false, 'secretsmanager:GetSecretValue', 'secret', {}],
    [false, 'secretsmanager:PutSecretValue', 'secret', {}],
    [false, 'secretsmanager:UpdateSecretVersionStage', 'secret', {}],
    [true, 'lambda:InvokeFunction', 'Rotation', {}],
    [true, 'lambda:InvokeFunction', 'Revocation', {}],
    [false, 'lambda:InvokeFunction', 'Deployment', { 'aws:ViaAWSService': 'true' }],
    [false, 'lambda:InvokeFunction', 'Maintenance', {}],
    [false, 'lambda:UpdateFunctionConfiguration', 'Revocation', {}],
    [false, 'acm-pca:IssueCertificate', 'authority', {}],
    [false, 'acm-pca:RevokeCertificate', 'authority', {}],
    [false, 'events:PutEvents', 'bus', { 'events:source': ['mtls-service-mesh'] }],
  ])('allowed is %s: %s on the %s with %j', async (expected, action, on, context) => {
    const arnOf = (path: string) => String(resourceOf(path).attributes.Arn);
    const resources: Readonly<Record<string, () => string>> = {
      table: () => arnOf('/Registry/Table/Resource'),
      secret: () => resourceOf('/Client-mail/Secret/Resource').physicalId,
      authority: () => arnOf('/CertificateAuthority/Resource'),
      bus: () => 'arn:aws:events:us-east-1:123456789012:event-bus/default',
    };
    const resource = (resources[on] ?? (() => arnOf(`/Issuer/${on}/Function/Resource`)))();
    const policy = resourceOf('/OperatorPolicy/Resource').properties['PolicyDocument'] as object;
    const [account, role] = ['123456789012', 'arn:aws:iam::123456789012:role/operator'];

    const request = { principal: { arn: role, account }, action, resource, context };
    expect(evaluate(request, { ofIdentity: [parsePolicy(policy as Parameters<typeof parsePolicy>[0])] })).toBe(
      expected ? 'allowed' : 'not allowed',
    );
    const simulated = await runSimulation(
      {
        request: { principal: role, action, resource: { resource, accountId: account }, contextVariables: context },
        identityPolicies: [{ name: 'operator', policy }],
        serviceControlPolicies: [],
        resourceControlPolicies: [],
      },
      {},
    );
    if (simulated.resultType === 'error') throw new Error(JSON.stringify(simulated.errors));
    expect(simulated.overallResult === 'Allowed').toBe(expected);
  });
});

test('without it nothing can be operated', async () => {
  expect(await operate('idle', 'runList', { mesh })).toMatch(/^error: .*dynamodb:Query failed with AccessDenied/);
});
