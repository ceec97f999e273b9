/** The agent as it ships, with a mesh in a sandbox. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';

jest.setTimeout(120_000);

const SCHEDULE = 'https://mesh.example.com/schedule';

let root: string;
let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'Kept');
  const mesh = exampleMesh(stack);
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  for (const name of ['mail', 'social']) mesh.addClient(name).grantRead(role);
  mesh.addClient('report', { ownKey: true }).grantRequest(role);
  mesh.truststore.grantReadClientAuthorities(role);
  new CfnOutput(stack, 'ClientAuthorities', { value: mesh.truststore.clientAuthoritiesUrl });
  new CfnOutput(stack, 'RoleArn', { value: role.roleArn });
  new CfnOutput(stack, 'RequestUrl', { value: mesh.issuer.requestUrl });
  addScheduleService(stack, mesh);
  sandbox = await Sandbox.deploy(app);
});

afterAll(async () => {
  await sandbox?.close();
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'agent-'));
});

afterEach(async () => {
  await killRuns();
  rmSync(root, { recursive: true, force: true });
});

/** With the rights that `grantRead` and `grantRequest` give, and no others. */
function start(...args: readonly string[]): Run {
  return new Run(process.execPath, [COMMAND, 'agent', '--mesh', 'mesh.example.com', ...args], root, {
    PATH: process.env['PATH'],
    ...sandbox.environment({ role: sandbox.outputs['RoleArn'] ?? '' }),
    MTLS_MESH_CONNECT_TO: `127.0.0.1:${sandbox.gatewayPort}`,
    MTLS_MESH_CA_FILE: serverAuthority(),
  });
}

function serverAuthority(): string {
  const path = join(root, 'server-ca.pem');
  if (!existsSync(path)) writeFileSync(path, sandbox.serverAuthority);
  return path;
}

const read = (...names: readonly string[]) => readFileSync(join(root, ...names), 'utf8');
const serialNumberIn = (folder: string) => new X509Certificate(read(folder, 'certificate.pem')).serialNumber;
const callWith = (folder: string) =>
  sandbox.fetch(
    {
      certificate: read(folder, 'certificate.pem'),
      certificateChain: read(folder, 'chain.pem'),
      privateKey: read(folder, 'private-key.pem'),
    },
    SCHEDULE,
  );
const rotate = () =>
  rotateClient({ ...awsMesh('mesh.example.com', sandboxAccess(sandbox)), now: () => sandbox.now }, 'mail');
const until = async (holds: () => boolean | Promise<boolean>) => {
  while (!(await holds())) await setTimeout(50);
};

test('keeps the files of several clients, and tells the program once after each rotation', async () => {
  const reload = `echo "$MTLS_MESH_CLIENT" >> '${join(root, 'told')}'`;
  const agent = start('--client', 'mail', '--client', 'social=other', '--interval', '1', '--reload', reload);
  await until(() => existsSync(join(root, 'told')) && read('told').split('\n').length === 3);
  expect(read('told').trimEnd().split('\n').sort()).toEqual(['mail', 'social']);
  expect(await (await callWith('other')).text()).toBe('social');

  const before = serialNumberIn('mail');
  await rotate();
  await agent.prints(/mail: the certificate (.*\n)*.*mail: the certificate /);
  await until(() => read('told').split('\n').length === 4);
  expect(serialNumberIn('mail')).not.toBe(before);
  expect(await (await callWith('mail')).text()).toBe('mail');
  expect(read('told').trimEnd().split('\n').at(-1)).toBe('mail');

  agent.process.kill('SIGTERM');
  expect([await agent.ended(), agent.stderr]).toEqual([0, '']);
  expect(agent.stdout).toContain('INFO ended the agent ends; the files stay');
  expect(agent.stdout).not.toContain('PRIVATE KEY');
});

test('looks once, for cron', async () => {
  const once = start('--client', 'mail', '--once', '--log-format', 'json');
  expect([await once.ended(), once.stderr]).toEqual([0, '']);
  expect(
    once.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line).event),
  ).toEqual(['files-replaced']);
  const unknown = start('--client', 'nobody', '--once');
  expect(await unknown.ended()).toBe(1);
  expect(unknown.stdout).toMatch(/ERROR look-failed nobody: /);
});

test('writes the authorities that the mesh publishes', async () => {
  const authorities = ['--client-ca', sandbox.outputs['ClientAuthorities'] ?? ''];
  const once = start('--client', 'mail', '--once', ...authorities);
  expect([await once.ended(), once.stderr]).toEqual([0, '']);
  expect(read('mail', 'client-ca.pem')).toBe(read('mail', 'chain.pem'));
  const gateway = start(
    '--client',
    'mail',
    '--once',
    '--client-ca',
    authorities[1]?.replace('client-ca', 'truststore') ?? '',
  );
  expect(await gateway.ended()).toBe(1);
  expect(gateway.stdout).toContain('AccessDenied');
});

test('goes on with its files while Secrets Manager fails, and comes back', async () => {
  const agent = start('--client', 'mail', '--interval', '1', '--listen', '127.0.0.1:0');
  await agent.prints(/mail: the certificate/);
  const fault = sandbox.inject({ service: 'secretsmanager', operation: 'GetSecretValue', fault: 'failed-before' });
  await agent.prints(/WARN look-failed mail: .*; the files in .* are good until /);
  expect((await callWith('mail')).status).toBe(200);
  fault.remove();
  await rotate();
  await agent.prints(/mail: the certificate (.*\n)*.*mail: the certificate /);
  expect((await callWith('mail')).status).toBe(200);
});

test('looks at once when the probed service refuses the certificate', async () => {
  const agent = start('--client', 'mail', '--interval', '86400', '--probe', SCHEDULE);
  await agent.prints(/mail: the certificate/);
  const before = serialNumberIn('mail');
  const environment = { PATH: process.env['PATH'], ...sandbox.environment() };
  const args = [
    'revoke',
    'mail',
    '--all',
    '--reason',
    'KEY_COMPROMISE',
    '--yes',
    '--rotate',
    '--mesh',
    'mesh.example.com',
  ];
  expect(await new Run(process.execPath, [COMMAND, ...args], root, environment).ended()).toBe(0);
  await sandbox.advance(6_000);
  await agent.prints(/WARN refused mail: https:\/\/mesh\.example\.com\/schedule answered 403/);
  await until(async () => serialNumberIn('mail') !== before);
  expect((await callWith('mail')).status).toBe(200);
});

test('requests certificates for keys that stay here, and not again at each start', async () => {
  const url = sandbox.outputs['RequestUrl'] ?? '';
  expect(await start('--client', 'report', '--url', url, '--once').ended()).toBe(0);
  const first = serialNumberIn('report');
  expect((await callWith('report')).status).toBe(200);
  expect(await start('--client', 'report', '--url', url, '--once').ended()).toBe(0);
  expect(serialNumberIn('report')).toBe(first);
});

test('leaves a pair whenever it is killed, and goes on from there', async () => {
  for (let round = 0; round < 6; round++) {
    await rotate();
    const agent = start('--client', 'mail');
    await until(() => existsSync(join(root, 'mail')));
    await setTimeout(Math.random() * 30);
    await agent.kill();
    if (!existsSync(join(root, 'mail', 'bundle.pem'))) continue;
    const [certificate, key] = [new X509Certificate(read('mail', 'certificate.pem')), read('mail', 'private-key.pem')];
    expect(certificate.checkPrivateKey(createPrivateKey(key))).toBe(true);
  }
  expect(await start('--client', 'mail', '--once').ended()).toBe(0);
  expect((await callWith('mail')).status).toBe(200);
});
