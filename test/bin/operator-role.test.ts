import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
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
  mesh.addService('operate', { integration: MeshIntegration.lambdaFunction(operator) });
  mesh.addService('idle', { integration: MeshIntegration.lambdaFunction(functionNamed('Stranger')) });
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

test('without it nothing can be operated', async () => {
  expect(await operate('idle', 'runList', { mesh })).toMatch(/^error: .*dynamodb:Scan failed with AccessDenied/);
});
