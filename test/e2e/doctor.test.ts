/** The examination as it ships, of a mesh in a sandbox. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { setClientState } from '../../bin/shared/client-state';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { MeshIntegration } from '../../lib';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { parseOutput } from '../bin/shared/output-schema';
import { addScheduleService, exampleMesh } from '../example-mesh';

jest.setTimeout(120_000);

const SCHEDULE = 'https://mesh.example.com/schedule';

let root: string;
let sandbox: Sandbox;
let foreign: Sandbox;

function appOf(id: string): App {
  const app = new App();
  const stack = new Stack(app, id);
  const mesh = exampleMesh(stack);
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  new CfnOutput(stack, 'RoleArn', { value: role.roleArn });
  const operator = new Role(stack, 'Operator', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  mesh.operatorPolicy.attachToRole(operator);
  new CfnOutput(stack, 'OperatorArn', { value: operator.roleArn });
  const stranger = new Role(stack, 'Stranger', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  new CfnOutput(stack, 'StrangerArn', { value: stranger.roleArn });
  for (const name of ['mail', 'social']) mesh.addClient(name).grantRead(role);
  addScheduleService(stack, mesh);
  const rude = new LambdaFunction(stack, 'Rude', {
    runtime: Runtime.NODEJS_24_X,
    handler: 'index.handler',
    code: Code.fromInline(`exports.handler = async ({ rawPath }) => ({ statusCode: Number(rawPath.split('/')[2]) });`),
  });
  mesh.addService('rude', { integration: MeshIntegration.lambdaFunction(rude) }).allowAllClients();
  mesh.addService('closed', { integration: MeshIntegration.lambdaFunction(rude) });
  return app;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'doctor-'));
  [sandbox, foreign] = await Promise.all([Sandbox.deploy(appOf('Examined')), Sandbox.deploy(appOf('Foreign'))]);
  writeFileSync(join(root, 'server-ca.pem'), sandbox.serverAuthority);
});

afterAll(async () => {
  await killRuns();
  await Promise.all([sandbox?.close(), foreign?.close()]);
  rmSync(root, { recursive: true, force: true });
});

interface Examined {
  readonly steps: readonly { readonly step: string; readonly result: string; readonly message: string }[];
}

async function doctor(
  url: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = sandbox.environment(),
) {
  const run = new Run(process.execPath, [COMMAND, 'doctor', url, '--client', 'mail', '--json', ...args], root, {
    ...environment,
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    MTLS_MESH_CONNECT_TO: `127.0.0.1:${sandbox.gatewayPort}`,
    MTLS_MESH_CA_FILE: 'server-ca.pem',
  });
  const code = await run.ended();
  const { steps } = run.stdout === '' ? { steps: [] } : (parseOutput('doctor', run.stdout) as Examined);
  return { code, steps, last: steps.at(-1), stderr: run.stderr };
}

test('a client that gets through passes every step', async () => {
  const { code, steps } = await doctor(SCHEDULE);
  expect(steps.filter(({ result }) => result !== 'ok')).toEqual([]);
  expect([code, steps.map(({ step }) => step)]).toEqual([
    0,
    [
      'name',
      'port',
      'tls-version',
      'server-certificate',
      'client-certificate',
      'certificate-request',
      'registry',
      'grants',
      'truststore',
      'handshake',
      'clock',
      'answer',
    ],
  ]);
});

test('prints a line for each step for a person', async () => {
  const run = new Run(process.execPath, [COMMAND, 'doctor', `${SCHEDULE}x`, '--client', 'mail'], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    MTLS_MESH_CONNECT_TO: `127.0.0.1:${sandbox.gatewayPort}`,
    MTLS_MESH_CA_FILE: 'server-ca.pem',
    ...sandbox.environment(),
  });
  expect(await run.ended()).toBe(15);
  expect(run.stdout).toMatch(/^✔ the address of the server is 127\.0\.0\.1\n✔ /);
  expect(run.stdout).toMatch(
    /\n✖ the gateway has no route for the path \(404\)\n {2}check the name of the service in the URL\n$/,
  );
});

test('what the credentials may not read is not checked', async () => {
  const environment = sandbox.environment({ role: sandbox.outputs['RoleArn'] ?? '' });
  const { code, steps } = await doctor(SCHEDULE, [], environment);
  expect(code).toBe(0);
  expect(steps.filter(({ result }) => result === 'not-checked').map(({ step }) => step)).toEqual([
    'registry',
    'grants',
    'truststore',
  ]);
});

test('an operator, who may not read secrets, learns what the registry says of the client', async () => {
  const { code, steps } = await doctor(
    SCHEDULE,
    [],
    sandbox.environment({ role: sandbox.outputs['OperatorArn'] ?? '' }),
  );
  expect([code, steps.slice(4)]).toEqual([
    0,
    [
      {
        step: 'client-certificate',
        result: 'not-checked',
        message: 'these credentials may not read the secret of mail',
      },
      expect.objectContaining({ step: 'registry', result: 'ok' }),
      expect.objectContaining({ step: 'grants', result: 'ok' }),
      expect.objectContaining({ step: 'truststore', result: 'not-checked' }),
      expect.objectContaining({ step: 'answer', result: 'not-checked' }),
    ],
  ]);
});

test('a role that lacks the permission of a client learns which one', async () => {
  const { code, last } = await doctor(
    SCHEDULE,
    [],
    sandbox.environment({ role: sandbox.outputs['StrangerArn'] ?? '' }),
  );
  expect([code, last]).toEqual([
    12,
    expect.objectContaining({
      step: 'client-certificate',
      result: 'wrong',
      message: expect.stringMatching(/is not authorized to perform: secretsmanager:GetSecretValue/),
    }),
  ]);
});

test.each([
  [403, 'the service itself answers 403'],
  [429, 'the service answers 429'],
  [500, 'the service answers 500'],
  [404, 'the service answers 404'],
])('tells an answer %d of the service from one of the gateway', async (status, message) => {
  const { code, last } = await doctor(`https://mesh.example.com/rude/${status}`);
  expect([code, last]).toEqual([
    15,
    expect.objectContaining({ step: 'answer', message: expect.stringContaining(message) }),
  ]);
});

test('a client without a grant is told so', async () => {
  const { code, last } = await doctor('https://mesh.example.com/closed/5');
  expect([code, last]).toEqual([
    13,
    {
      step: 'grants',
      result: 'wrong',
      message: 'no grant lets mail call GET /closed/5',
      remedy: 'allow it in the stack of the service: service.allow(client)',
    },
  ]);
});

test('a disabled client is refused by the registry', async () => {
  const mesh = { ...awsMesh('mesh.example.com', sandboxAccess(sandbox)), now: () => sandbox.now };
  await setClientState(mesh, 'mail', 'DISABLED');
  await sandbox.advance(6_000);
  const { code, last } = await doctor(SCHEDULE);
  expect([code, last]).toEqual([
    13,
    {
      step: 'registry',
      result: 'wrong',
      message: 'the mesh refuses the certificate: CLIENT_DISABLED',
      remedy: 'find out who disabled it and why, then: mtls-mesh enable mail',
    },
  ]);
  const unprivileged = await doctor(SCHEDULE, [], sandbox.environment({ role: sandbox.outputs['RoleArn'] ?? '' }));
  expect([unprivileged.code, unprivileged.last?.message]).toEqual([13, 'the gateway refuses the client (403)']);
  await setClientState(mesh, 'mail', 'ENABLED');
  await sandbox.advance(6_000);
});

test('a client of another mesh is found by what the server asks for', async () => {
  const { code, last } = await doctor(SCHEDULE, [], foreign.environment());
  expect([code, last?.step]).toEqual([11, 'certificate-request']);
  expect(last?.message).toMatch(/^the server asks for certificates of .*, and none of them issued the client's$/);
});

test('a client that the mesh does not have is named', async () => {
  const { code, last } = await doctor(SCHEDULE, ['--client', 'nobody']);
  expect([code, last?.step, last?.result]).toEqual([12, 'client-certificate', 'wrong']);
  expect(last?.message).toContain('there is no secret mesh.example.com/nobody');
});

test('a name that the gateway does not have is named', async () => {
  const { code, last } = await doctor('https://other.example.com/schedule');
  expect([code, last?.step]).toEqual([11, 'handshake']);
  expect(last?.message).toContain("other.example.com doesn't know this name");
});

test('files of a client are examined without AWS', async () => {
  const environment = sandbox.environment();
  const fetched = new Run(process.execPath, [COMMAND, 'fetch', '--client', 'mail', '--out', 'files'], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    ...environment,
  });
  expect(await fetched.ended()).toBe(0);
  const { code, steps } = await doctor(SCHEDULE, ['--files', 'files'], { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' });
  expect([code, steps.at(-1)?.message]).toEqual([0, 'the service answers 200']);
  const other = await doctor(SCHEDULE, ['--files', 'files', '--client', 'social'], environment);
  expect(other.last?.message).toContain('is not that of social');
});

test.each([
  [['http://mesh.example.com/'], 'must be an https URL'],
  [[SCHEDULE, '--connect-to', 'nowhere'], 'must be a host and a port'],
])('a wrong command line is refused: %j', async ([url = '', ...args], message) => {
  const { code, stderr } = await doctor(url, args);
  expect([code, stderr]).toEqual([64, expect.stringContaining(message)]);
});
