/** The commands as they ship, with a value that is wrong for the mesh in a sandbox. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';

jest.setTimeout(60_000);

const SCHEDULE = 'https://mesh.example.com/schedule';

let root: string;
let sandbox: Sandbox;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'wrong-values-'));
  const app = new App();
  const stack = new Stack(app, 'App');
  const mesh = exampleMesh(stack);
  mesh.addClient('mail');
  addScheduleService(stack, mesh);
  new Role(stack, 'Stranger', { roleName: 'stranger', assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  sandbox = await Sandbox.deploy(app);
});

afterAll(async () => {
  await killRuns();
  await sandbox?.close();
  rmSync(root, { recursive: true, force: true });
});

/** The exit code and what is printed, without what the sandbox's `environment` gives if it is overridden. */
async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const started = new Run(process.execPath, [COMMAND, ...args], root, {
    PATH: process.env['PATH'],
    ...sandbox.environment(),
    ...environment,
  });
  const code = await started.ended();
  // A person gets one line, and no stack trace.
  expect(started.stderr).not.toMatch(/^ +at /m);
  return { code, stdout: started.stdout, stderr: started.stderr };
}

/** Every command that takes a mesh, with what else it needs. */
const OF_A_MESH: readonly (readonly [string, readonly string[]])[] = [
  ['list', []],
  ['show', ['mail']],
  ['revoke', ['mail', '--all', '--reason', 'KEY_COMPROMISE', '--yes']],
  ['disable', ['mail']],
  ['enable', ['mail']],
  ['rotate', ['mail']],
  ['can', ['mail', 'GET', '/schedule/events']],
  ['graph', []],
  ['console', []],
];

describe.each(OF_A_MESH)('%s %j', (verb, args) => {
  const command = (...more: readonly string[]) => [verb, ...args, ...more];

  test('names a mesh that there is not', async () => {
    const { code, stdout, stderr } = await run(command('--mesh', 'wrong.example.com'));
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('error: found no registry of the mesh wrong.example.com in this account and Region');
  });

  test('says so without permission', async () => {
    const { code, stderr } = await run(
      command('--mesh', 'mesh.example.com'),
      sandbox.environment({ role: 'stranger' }),
    );
    expect([code, stderr]).toEqual([1, expect.stringMatching(/AccessDenied.*: the credentials lack this permission/)]);
  });

  test('says so with the credentials of somebody else', async () => {
    const { code, stderr } = await run(command('--mesh', 'mesh.example.com'), {
      AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
    });
    expect([code, stderr]).toEqual([
      1,
      expect.stringMatching(/UnrecognizedClient.*: sign in again, or check --profile/),
    ]);
  });

  test('says so where nothing listens', async () => {
    const { code, stderr } = await run(command('--mesh', 'mesh.example.com'), {
      AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/ECONNREFUSED.*: nothing listens there/)]);
  });

  test('says so without a Region', async () => {
    const environment = { AWS_REGION: '', AWS_CONFIG_FILE: '/dev/null' };
    const { code, stderr } = await run(command('--mesh', 'mesh.example.com'), environment);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('found no AWS Region: use --region, or set AWS_REGION'),
    ]);
  });
});

test.each([
  ['show', []],
  ['revoke', ['--all', '--reason', 'KEY_COMPROMISE', '--yes']],
  ['disable', []],
  ['enable', []],
  ['rotate', []],
])('%s names a client that the mesh does not have, and those that it has', async (verb, args) => {
  const { code, stderr } = await run([verb, 'wrong', ...args, '--mesh', 'mesh.example.com']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('has no client "wrong": its clients are mail')]);
});

test.each([
  ['fetch', ['--client', 'wrong', '--mesh', 'mesh.example.com']],
  ['fetch', ['--client', 'mail', '--mesh', 'wrong.example.com']],
  ['agent', ['--once', '--client', 'wrong', '--mesh', 'mesh.example.com']],
  ['agent', ['--once', '--client', 'mail', '--mesh', 'wrong.example.com']],
  ['doctor', [SCHEDULE, '--client', 'wrong', '--mesh', 'mesh.example.com']],
])('%s %j says what to check', async (verb, args) => {
  const { code, stdout, stderr } = await run([verb, ...args]);
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('check --mesh and --region');
});

describe('what a mesh publishes', () => {
  const bucket = () => {
    const found = Object.values(sandbox.resources).find(({ type }) => type === 'AWS::S3::Bucket');
    return String(found?.physicalId);
  };
  const fetchFrom = (url: string, environment?: NodeJS.ProcessEnv) =>
    run(['fetch', '--client', 'mail', '--mesh', 'mesh.example.com', '--client-ca', url], environment);

  test('is named with what to check if it is not there', async () => {
    const missing = await fetchFrom(`s3://${bucket()}/wrong.pem`);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      expect.stringMatching(/NoSuchKey.*: check the s3:\/\/ URL: the mesh/),
    ]);
    const elsewhere = await fetchFrom('s3://wrong-bucket/client-ca.pem');
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      1,
      expect.stringMatching(/NoSuchBucket.*: check the s3:\/\/ URL and/),
    ]);
  });

  test('is what the agent says, too', async () => {
    const args = ['--client', 'mail', '--mesh', 'mesh.example.com', '--client-ca', `s3://${bucket()}/wrong.pem`];
    const { code, stdout } = await run(['agent', '--once', ...args]);
    expect([code, stdout]).toEqual([
      1,
      expect.stringMatching(/ look-failed mail: .*NoSuchKey.*: check the s3:\/\/ URL/),
    ]);
  });
});

describe('a port that is taken', () => {
  const server = createServer();
  let port: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    port = String((server.address() as AddressInfo).port);
  });
  afterAll(() => server.close());

  test.each([
    ['console', (taken: string) => ['--mesh', 'mesh.example.com', '--port', taken]],
    ['agent', (taken: string) => ['--client', 'mail', '--mesh', 'mesh.example.com', '--listen', `127.0.0.1:${taken}`]],
  ])('of %s is named with what to do', async (verb, args) => {
    const { code, stderr } = await run([verb, ...args(port)]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/EADDRINUSE.*: another program uses this port/)]);
  });
});

test('a directory below a file is named with what to do', async () => {
  const args = ['--client', 'mail', '--mesh', 'mesh.example.com', '--out', `${COMMAND}/mail`];
  const { code, stderr } = await run(['fetch', ...args]);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/ENOTDIR.*: check the path/)]);
});

test('a reader that ends ends the command without an error', async () => {
  const line = `"$0" "$1" show mail --mesh mesh.example.com --json | true`;
  const started = new Run('sh', ['-c', line, process.execPath, COMMAND], root, {
    PATH: process.env['PATH'],
    ...sandbox.environment(),
  });
  expect([await started.ended(), started.stderr]).toEqual([0, '']);
});
