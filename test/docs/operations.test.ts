/** The commands of the pages for operators, against a mesh in a sandbox. */
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { describeWith } from '../programs';
import { blocksOf, readPage } from './markdown';

jest.setTimeout(120_000);

const SCHEDULE = 'https://mesh.example.com/schedule';
/** Longer than the authorizer goes by what it has read. */
const MEMORY_MILLISECONDS = 6_000;

/** Commands for what the sandbox does not have. The AWS CLI checks their parameters before it calls an endpoint. */
const UNKNOWN_TO_THE_SANDBOX = /^aws (dynamodb|acm-pca) /gm;

describeWith('aws', 'sh')('the pages for operators', () => {
  let directory: string;
  let sandbox: Sandbox;
  /** Answers every call with an empty result. */
  let accepting: Server;
  const accepted: string[] = [];

  /** Runs shell commands as an operator does. Returns what they print. */
  async function run(script: string): Promise<string> {
    const environment = {
      PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
      HOME: directory,
      MTLS_MESH: 'mesh.example.com',
      MTLS_MESH_CONNECT_TO: `127.0.0.1:${sandbox.gatewayPort}`,
      MTLS_MESH_CA_FILE: 'server.pem',
      ...sandbox.environment(),
    };
    // Not at once, because the sandbox is in this process.
    const shell = new Run('sh', ['-eu', '-c', script], directory, environment);
    const status = await shell.ended();
    expect({ script, status, problem: status === 0 ? '' : shell.stderr }).toEqual({ script, status: 0, problem: '' });
    return shell.stdout;
  }

  /** The client's certificates, latest first. */
  const certificates = async (): Promise<readonly { readonly serialNumber: string; readonly status: string }[]> =>
    JSON.parse(await run('mtls-mesh show mail --json')).certificates;
  const current = async () => (await certificates())[0]?.serialNumber ?? '';
  const statusOf = async () => (await sandbox.fetch('mail', SCHEDULE)).status;

  /** The blocks of a page, with values in the place of what the reader fills in. */
  async function runBlocks(page: string): Promise<readonly string[]> {
    const authorizer = Object.keys(sandbox.logs()).find((group) => /authorizer/i.test(group)) ?? '';
    const { port } = accepting.address() as AddressInfo;
    const outputs: string[] = [];
    for (const block of blocksOf(readPage(page), 'sh')) {
      const script = block
        .replaceAll('5E0C', await current())
        .replaceAll('<log-group>', `'${authorizer}'`)
        .replaceAll('--backup-arn <arn>', '--backup-arn arn:aws:dynamodb:us-east-1:123456789012:table/t/backup/01')
        .replaceAll('<arn>', 'arn:aws:acm-pca:us-east-1:123456789012:certificate-authority/1')
        // Finds that the client is disabled.
        .replaceAll(/^mtls-mesh doctor .*$/gm, '$& || test $? -eq 13')
        .replaceAll(UNKNOWN_TO_THE_SANDBOX, `aws --endpoint-url http://127.0.0.1:${port} $1 `);
      outputs.push(await run(script));
    }
    return outputs;
  }

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'operations-'));
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin', 'mtls-mesh'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
    chmodSync(join(directory, 'bin', 'mtls-mesh'), 0o755);
    accepting = createServer((request, response) => {
      accepted.push(`${request.headers['x-amz-target']}`.replace(/.*\./, ''));
      request.resume().on('end', () => response.end('{}'));
    });
    await once(accepting.listen(0, '127.0.0.1'), 'listening');
    const app = new App();
    const stack = new Stack(app, 'Operations');
    const mesh = exampleMesh(stack);
    for (const client of ['mail', 'billing']) mesh.addClient(client);
    addScheduleService(stack, mesh);
    sandbox = await Sandbox.deploy(app);
    writeFileSync(join(directory, 'server.pem'), sandbox.serverAuthority);
  });

  afterAll(async () => {
    await killRuns();
    await sandbox?.close();
    accepting?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('the page on troubleshooting finds the reason for a denial', async () => {
    await run('mtls-mesh disable mail');
    await sandbox.advance(MEMORY_MILLISECONDS);
    expect(await statusOf()).toBe(403);
    expect((await runBlocks('docs/troubleshooting.md')).join()).toContain('"code":"CLIENT_DISABLED"');
    await run('mtls-mesh enable mail');
  });

  test('the page on replacing an authority revokes one certificate', async () => {
    const before = await current();
    expect((await runBlocks('docs/replacing-an-authority.md')).join()).toContain(`${before}`);
    await sandbox.advance(MEMORY_MILLISECONDS);
    expect(await statusOf()).toBe(403);
    await run('mtls-mesh rotate mail');
    expect(await statusOf()).toBe(200);
  });

  test('the runbook operates the mesh, and its last commands delete the secret', async () => {
    const before = await current();
    await runBlocks('docs/operations.md');
    expect(accepted).toEqual([
      'ListBackups',
      'RestoreTableFromBackup',
      'UpdateTimeToLive',
      'UpdateContinuousBackups',
      'UpdateCertificateAuthority',
      'DeleteCertificateAuthority',
    ]);
    expect(JSON.parse(await run('mtls-mesh show billing --json'))).toMatchObject({ state: 'DISABLED' });
    expect((await certificates()).find(({ serialNumber }) => serialNumber === before)?.status).toBe('REVOKED');
    await expect(sandbox.fetch('mail', SCHEDULE)).rejects.toThrow("can't find the specified secret");
  });
});
