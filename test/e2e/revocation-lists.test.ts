/** The commands as they ship bring a server the revocation lists of a mesh in a sandbox. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { App, CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ObjectPublisher } from '../../aws/s3';
import { revokeCertificates } from '../../bin/revoke/revoke-certificates';
import { rotateClient } from '../../bin/rotate/rotate';
import { awsMesh } from '../../bin/shared/aws-mesh';
import { sandboxAccess } from '../../bin/shared/sandbox-access';
import { PublishedTrust } from '../../bin/up/published-trust';
import { CertificateAuthority } from '../../lib';
import type { ClientSecret } from '../../mesh/client-secret';
import { readRevocationLists } from '../../pki/revocation-list-reader';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { parseOutput } from '../bin/shared/output-schema';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { createRoot } from '../pki/authorities';
import { testWith } from '../programs';

jest.setTimeout(120_000);

const SCHEDULE = 'https://mesh.example.com/schedule';

let root: string;
let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'Listed');
  const certificateAuthority = CertificateAuthority.kmsSubordinate(stack, 'Authority', {
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const mesh = exampleMesh(stack, { certificateAuthority });
  const role = new Role(stack, 'Role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
  for (const name of ['mail', 'social']) mesh.addClient(name).grantRead(role);
  mesh.addClient('report', { ownKey: true }).grantRequest(role);
  mesh.truststore.grantReadClientAuthorities(role);
  mesh.revocationLists?.grantRead(role);
  new CfnOutput(stack, 'RoleArn', { value: role.roleArn });
  new CfnOutput(stack, 'RequestUrl', { value: mesh.issuer.requestUrl });
  new CfnOutput(stack, 'ClientAuthorities', { value: mesh.truststore.clientAuthoritiesUrl });
  new CfnOutput(stack, 'Lists', { value: mesh.revocationLists?.url ?? '' });
  addScheduleService(stack, mesh);
  sandbox = await Sandbox.deploy(app);
  // New rotation schedules are tried in the background.
  await sandbox.advance(0);
});

afterAll(async () => {
  await sandbox?.close();
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'lists-e2e-'));
});

afterEach(async () => {
  await killRuns();
  rmSync(root, { recursive: true, force: true });
});

const url = () => sandbox.outputs['Lists'] ?? '';
const published = () => ['--client-ca', sandbox.outputs['ClientAuthorities'] ?? '', '--crl', url()];
const read = (...names: readonly string[]) => readFileSync(join(root, ...names), 'utf8');
const revokedIn = (folder: string) =>
  readRevocationLists(read(folder, 'crl.pem')).flatMap(({ entries }) =>
    entries.map(({ serialNumber }) => serialNumber),
  );
const until = async (holds: () => boolean) => {
  while (!holds()) await setTimeout(50);
};

/** With the rights that `grantRead` and `grantRequest` give, and no others. */
function start(...args: readonly string[]): Run {
  return new Run(process.execPath, [COMMAND, ...args], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    ...sandbox.environment({ role: sandbox.outputs['RoleArn'] ?? '' }),
  });
}

async function run(...args: readonly string[]) {
  const started = start(...args);
  return { code: await started.ended(), stdout: started.stdout, stderr: started.stderr };
}

/** With all permissions. */
async function fetchAsAdministrator(...args: readonly string[]) {
  const started = new Run(process.execPath, [COMMAND, 'fetch', '--client', 'mail', ...args], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    ...sandbox.environment(),
  });
  return { code: await started.ended(), stdout: started.stdout, stderr: started.stderr };
}

/** Revokes a new certificate of the client, and waits until the lists are published. */
async function revoke(client: string): Promise<ClientSecret> {
  const mesh = awsMesh('mesh.example.com', sandboxAccess(sandbox));
  await rotateClient(mesh, client);
  const secret = await sandbox.clientSecret(client);
  await revokeCertificates(mesh, client, { kind: 'all' }, 'KEY_COMPROMISE');
  await sandbox.advance(0);
  return secret;
}

/** Puts an object with all permissions. */
async function put(object: string, text: string): Promise<void> {
  const { hostname: bucket, pathname: path } = new URL(object);
  const { credentials } = sandboxAccess(sandbox);
  const signer = async () => ({ ...credentials, region: 'us-east-1' });
  const objects = new ObjectPublisher({ connection: { signer, endpoint: () => sandbox.endpoint } });
  await objects.putPem(bucket, path.slice(1), text, AbortSignal.timeout(10_000));
}

test('fetch writes the lists of all authorities beside the certificate, and nothing without the option', async () => {
  const { code, stdout, stderr } = await run('fetch', '--client', 'mail', '--json', ...published());
  expect([code, stderr]).toEqual([0, '']);
  const lists = readRevocationLists(read('mail', 'crl.pem'));
  expect(parseOutput('fetch', stdout)).toMatchObject({
    changed: true,
    nextUpdate: lists[0]?.nextUpdate.toISOString(),
    warnings: [],
  });
  expect(lists).toHaveLength(2);
  expect(await run('fetch', '--client', 'mail', ...published())).toMatchObject({
    stdout: expect.stringMatching(
      /^mail has the current certificate.*\nmail has revocation lists that are valid until /,
    ),
  });
  expect((await run('fetch', '--client', 'mail')).code).toBe(0);
  expect(existsSync(join(root, 'mail', 'crl.pem'))).toBe(false);
});

test('request writes them beside a certificate for a key that stays here', async () => {
  const requestUrl = sandbox.outputs['RequestUrl'] ?? '';
  expect(await run('request', '--client', 'report', '--url', requestUrl, ...published())).toMatchObject({
    code: 0,
    stderr: '',
  });
  expect(readRevocationLists(read('report', 'crl.pem'))).toHaveLength(2);
});

test('the agent brings the serial number of a revoked certificate, and makes the server reload', async () => {
  const reload = ['--reload', `echo told >> '${join(root, 'told')}'`];
  const agent = start('agent', '--client', 'mail', '--interval', '1', ...reload, ...published());
  await agent.prints(/mail: the certificate .*, and the revocation lists until /);
  const { serialNumber } = await revoke('social');
  await until(() => revokedIn('mail').includes(serialNumber));
  await until(() => read('told') === 'told\ntold\n');
  agent.process.kill('SIGTERM');
  expect([await agent.ended(), agent.stderr]).toEqual([0, '']);
  expect(agent.stdout).toContain('the agent looks every 1 seconds, and for revocation lists every 1');
});

test('the agent keeps its lists while the bucket does not answer, and says so', async () => {
  const agent = start('agent', '--client', 'mail', '--interval', '1', ...published());
  await agent.prints(/mail: the certificate/);
  const before = read('mail', 'crl.pem');
  const fault = sandbox.inject({
    service: 's3',
    operation: 'GetObject',
    fault: 'failed-before',
    match: ({ input }) => input['Key'] === 'crl.pem',
  });
  await agent.prints(
    /WARN look-failed mail: s3:GetObject failed with .*; the revocation lists of before stay, which are valid/,
  );
  expect(read('mail', 'crl.pem')).toBe(before);
  fault.remove();
  const { serialNumber } = await revoke('mail');
  await until(() => revokedIn('mail').includes(serialNumber));
});

test('fetch keeps the newer list when somebody puts an old object back, and says so', async () => {
  await run('fetch', '--client', 'mail', ...published());
  await put(`${url()}.old`, read('mail', 'crl.pem'));
  await revoke('social');
  await run('fetch', '--client', 'mail', ...published());
  const newest = read('mail', 'crl.pem');
  const { code, stderr } = await fetchAsAdministrator('--crl', `${url()}.old`);
  expect([code, stderr]).toEqual([0, expect.stringContaining('has an older list without some revocations')]);
  expect(read('mail', 'crl.pem')).toBe(newest);
});

describe('fetch refuses, and keeps the files of before', () => {
  let newest: string;

  beforeEach(async () => {
    await run('fetch', '--client', 'mail', ...published());
    newest = read('mail', 'crl.pem');
  });

  test.each([
    ['text', 'text', () => 'hello', 'the text must contain PEM blocks "X509 CRL"'],
    ['half a list', 'half', () => newest.slice(0, 300), 'the list is not PEM'],
    ['certificates', 'certificates', () => read('mail', 'client-ca.pem'), 'and no others'],
  ])('%s', async (_name, suffix, content, reason) => {
    await put(`${url()}.${suffix}`, content());
    const { code, stderr } = await fetchAsAdministrator('--crl', `${url()}.${suffix}`);
    expect([code, stderr]).toEqual([1, expect.stringContaining(reason)]);
    expect(read('mail', 'crl.pem')).toBe(newest);
  });

  test('an object that its role may not read', async () => {
    await put(`${url()}.old`, newest);
    const refused = await run('fetch', '--client', 'mail', '--crl', `${url()}.old`);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('AccessDenied')]);
    expect(read('mail', 'crl.pem')).toBe(newest);
  });

  test('a URL that is none', async () => {
    const { code, stderr } = await run('fetch', '--client', 'mail', '--crl', 'https://example.com/crl.pem');
    expect([code, stderr]).toEqual([64, expect.stringContaining('such as s3://bucket/crl.pem')]);
  });
});

test('doctor says whether a server that uses the lists admits the client', async () => {
  await rotateClient(awsMesh('mesh.example.com', sandboxAccess(sandbox)), 'mail');
  writeFileSync(join(root, 'server-ca.pem'), sandbox.serverAuthority);
  const connection = ['--connect-to', `127.0.0.1:${sandbox.gatewayPort}`, '--ca', 'server-ca.pem'];
  const { code, stdout } = await run('doctor', SCHEDULE, '--client', 'mail', '--json', '--crl', url(), ...connection);
  expect(code).toBe(0);
  expect(parseOutput('doctor', stdout).steps).toContainEqual({
    step: 'revocation-lists',
    result: 'ok',
    message: expect.stringContaining("the revocation lists don't have the certificate"),
  });
});

test('an authority without a list is named', async () => {
  const { certificateChain } = await sandbox.clientSecret('mail');
  const other = await createRoot('Without lists');
  const clientAuthorities = `${url().replace('crl.pem', 'both.pem')}`;
  await put(clientAuthorities, certificateChain + other.pem);
  const { code, stdout, stderr } = await fetchAsAdministrator(
    '--json',
    '--client-ca',
    clientAuthorities,
    '--crl',
    url(),
  );
  const warning = 'O=Example, CN=Without lists has no list: servers that use the lists refuse its clients';
  expect([code, stderr]).toEqual([0, `warning: ${warning}\n`]);
  expect(parseOutput('fetch', stdout).warnings).toEqual([warning]);
});

test('up has the lists of each client’s mesh', async () => {
  const trust = new PublishedTrust();
  const secret = await sandbox.clientSecret('mail');
  expect(trust.listsOf(secret)).toBeUndefined();
  await trust.read(sandbox);
  const lists = trust.listsOf(secret);
  expect(readRevocationLists(lists?.pem ?? '')).toHaveLength(2);
  expect(lists?.warnings).toEqual([]);
  const { certificateChain } = await sandbox.clientSecret('social');
  expect(trust.authoritiesOf(secret)).toBe(certificateChain);
});

testWith('openssl')('openssl verifies the whole chain with the files, and refuses what is revoked', async () => {
  const verify = (certificate: string) => {
    const files = ['-CAfile', join(root, 'mail', 'client-ca.pem'), '-CRLfile', join(root, 'mail', 'crl.pem')];
    try {
      return execFileSync('openssl', ['verify', '-x509_strict', '-crl_check_all', ...files, certificate], {
        encoding: 'utf8',
        stdio: 'pipe',
      });
    } catch (error) {
      return (error as { stderr: string }).stderr;
    }
  };
  const revoked = await revoke('social');
  await revoke('mail');
  await rotateClient(awsMesh('mesh.example.com', sandboxAccess(sandbox)), 'mail');
  await run('fetch', '--client', 'mail', ...published());
  expect(verify(join(root, 'mail', 'certificate.pem'))).toMatch(/certificate\.pem: OK$/m);
  writeFileSync(join(root, 'revoked.pem'), revoked.certificate);
  expect(verify(join(root, 'revoked.pem'))).toContain('certificate revoked');
  // The list of one authority is not enough for a chain of two.
  const [issuing = ''] = read('mail', 'crl.pem').split(/(?<=-----END X509 CRL-----\n)/);
  writeFileSync(join(root, 'mail', 'crl.pem'), issuing);
  expect(verify(join(root, 'mail', 'certificate.pem'))).toContain('unable to get certificate CRL');
});
