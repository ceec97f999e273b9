import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { AwsClient } from 'aws4fetch';
import { KeyAlgorithm } from '../../lib';
import { Sandbox } from '../../sandbox';
import { COMMAND, Run } from '../bin/shared/command';
import { parseOutput } from '../bin/shared/output-schema';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { testWith } from '../programs';

const WHO_CALLS = 'https://mesh.example.com/schedule';
const FORBIDDEN = 'the caller may not request certificates of this client';

// Each test runs the command several times, and each run is a process.
jest.setTimeout(60_000);

const testWithOpenssl = testWith('openssl');
const testWithCurl = testWith('curl');

let root: string;
let sandbox: Sandbox;

/** The apps `mail`, which keeps its own key, and `social`, with a secret; each has a role that may ask for it. */
function app({ isMailGranted = true } = {}): App {
  const made = new App({ outdir: join(root, `cdk.out-${isMailGranted}`) });
  const stack = new Stack(made, 'Mesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  const roles = ['Mail', 'Social', 'Other'].map((name) => {
    const role = new iam.Role(stack, `${name}App`, {
      assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com'),
      path: '/apps/',
    });
    new CfnOutput(stack, `${name}Role`, { value: role.roleArn });
    new CfnOutput(stack, `${name}RoleName`, { value: role.roleName });
    return role;
  });
  const [mailRole, socialRole, other] = roles;
  const mail = mesh.addClient('mail', { ownKey: true, dnsNames: ['mail.internal'] });
  const report = mesh.addClient('report', { ownKey: true, keyAlgorithm: KeyAlgorithm.RSA_2048 });
  if (mailRole && isMailGranted) for (const client of [mail, report]) client.grantRequest(mailRole);
  if (socialRole) mesh.addClient('social').grantRequest(socialRole);
  if (other) mesh.addClient('groups', { ownKey: true });
  new CfnOutput(stack, 'RequestUrl', { value: mesh.issuer.requestUrl });
  return made;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'request-e2e-'));
  sandbox = await Sandbox.deploy(app());
}, 90_000);

afterAll(async () => {
  await sandbox?.close();
  rmSync(root, { recursive: true, force: true });
});

const output = (name: string) => sandbox.outputs[name] ?? '';
const inRoot = (...names: string[]) => join(root, ...names);
const fileOf = (directory: string, name: string) => readFileSync(inRoot(directory, name), 'utf8');

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], role?: string): Run {
  return new Run(process.execPath, [COMMAND, ...args], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    MTLS_MESH_REQUEST_URL: output('RequestUrl'),
    ...sandbox.environment(role === undefined ? {} : { role: output(role) }),
  });
}

async function run(args: readonly string[], role?: string): Promise<Ended> {
  const started = start(args, role);
  const code = await started.ended();
  return { code, stdout: started.stdout, stderr: started.stderr };
}

/** Posts to the issuer's URL as a role, past the command. */
async function post(role: string, body: object): Promise<readonly [number, Record<string, string>]> {
  const { AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = sandbox.environment({ role: output(role) });
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  const client = new AwsClient({ ...credentials, service: 'lambda', region: 'us-east-1', retries: 0 });
  const answer = await client.fetch(output('RequestUrl'), { method: 'POST', body: JSON.stringify(body) });
  return [answer.status, (await answer.json()) as Record<string, string>];
}

async function callWith(directory: string): Promise<Response> {
  return sandbox.fetch(
    {
      certificate: fileOf(directory, 'certificate.pem'),
      certificateChain: fileOf(directory, 'chain.pem'),
      privateKey: fileOf(directory, 'private-key.pem'),
    },
    WHO_CALLS,
  );
}

test('the mesh lets in who keeps its own key, with a certificate that its role asked for', async () => {
  const { code, stdout, stderr } = await run(['request', '--client', 'mail'], 'MailRole');

  const { serialNumber, validTo } = new X509Certificate(fileOf('mail', 'certificate.pem'));
  expect({ code, stderr, stdout }).toEqual({
    code: 0,
    stderr: '',
    stdout: `mail has a new certificate in mail: ${serialNumber}, valid until ${new Date(validTo).toISOString()}\n`,
  });
  expect(statSync(inRoot('mail')).mode & 0o777).toBe(0o755);
  const modes = ['certificate.pem', 'private-key.pem', 'bundle.pem'].map((name) => statSync(inRoot('mail', name)).mode);
  expect(modes.map((mode) => mode & 0o777)).toEqual([0o644, 0o600, 0o600]);
  const answer = await callWith('mail');
  expect([answer.status, await answer.text()]).toEqual([200, 'mail']);
});

test('with --json, the command prints what it has got', async () => {
  const { code, stdout, stderr } = await run(['request', '--client', 'mail', '--json'], 'MailRole');
  const { serialNumber, fingerprint256 } = new X509Certificate(fileOf('mail', 'certificate.pem'));
  expect([code, stderr]).toEqual([0, '']);
  expect(parseOutput('request', stdout)).toMatchObject({
    clientName: 'mail',
    directory: 'mail',
    serialNumber,
    fingerprint: fingerprint256,
  });
});

testWithCurl('curl gets in with the files as they are', async () => {
  await run(['request', '--client', 'mail'], 'MailRole');
  writeFileSync(inRoot('server-ca.pem'), sandbox.serverAuthority);
  // Not blocking: the gateway answers in this process.
  const curl = new Run(
    'curl',
    [
      ...['--silent', '--show-error', '--connect-to', `mesh.example.com:443:127.0.0.1:${sandbox.gatewayPort}`],
      ...['--cacert', 'server-ca.pem', '--cert', 'mail/certificate.pem', '--key', 'mail/private-key.pem', WHO_CALLS],
    ],
    root,
    { PATH: process.env['PATH'] },
  );
  expect([await curl.ended(), curl.stderr, curl.stdout]).toEqual([0, '', 'mail']);
});

testWithOpenssl('openssl agrees that chain, key and certificate belong together', async () => {
  await run(['request', '--client', 'mail'], 'MailRole');
  const openssl = (...args: string[]) => spawnSync('openssl', args, { cwd: inRoot('mail'), encoding: 'utf8' });

  const verified = openssl('verify', '-purpose', 'sslclient', '-CAfile', 'chain.pem', 'certificate.pem');
  expect(verified.stdout).toBe('certificate.pem: OK\n');
  const publicKey = openssl('pkey', '-in', 'private-key.pem', '-pubout').stdout;
  expect(publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  expect(openssl('x509', '-in', 'certificate.pem', '-noout', '-pubkey').stdout).toBe(publicKey);
});

testWithOpenssl('a request that openssl made is certified, in the name that the mesh knows', async () => {
  const args = ['req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const names = ['-keyout', 'own.key', '-out', 'own.csr', '-subj', '/O=Somebody else/OU=Unit'];
  spawnSync('openssl', [...args, ...names], { cwd: root });

  const [status, document] = await post('MailRole', {
    clientName: 'mail',
    certificateSigningRequest: fileOf('.', 'own.csr'),
  });

  expect(status).toBe(200);
  const certificate = new X509Certificate(document['certificate'] ?? '');
  expect(certificate.checkPrivateKey(createPrivateKey(fileOf('.', 'own.key')))).toBe(true);
  expect([certificate.subject, certificate.subjectAltName]).toEqual([
    'CN=mail',
    'URI:spiffe://mesh.example.com/mail, DNS:mail.internal',
  ]);
});

test.each([
  ['a client of another role', 'social', 'MailRole', FORBIDDEN],
  ['a client that nobody may ask for', 'groups', 'MailRole', FORBIDDEN],
  ['a client that does not exist', 'nobody', 'MailRole', FORBIDDEN],
  ['any client without a permission for the URL', 'mail', 'OtherRole', 'is not authorized to perform: lambda:Invoke'],
  ['any client as an administrator, who is no requester', 'mail', undefined, FORBIDDEN],
])('nobody asks for %s', async (_name, client, role, reason) => {
  const { code, stdout, stderr } = await run(['request', '--client', client, '--out', 'refused'], role);

  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: the issuer answered 403: /);
  expect(stderr).toContain(reason);
  expect(existsSync(inRoot('refused'))).toBe(false);
});

test('a body that says somebody else had called changes nothing', async () => {
  const iamOfMail = { userArn: output('MailRole'), callerId: 'AROA:x', accountId: '123456789012' };
  const forged = {
    clientName: 'mail',
    certificateSigningRequest: 'x',
    RequestType: 'Create',
    Step: 'createSecret',
    source: 'aws.events',
    requestContext: { http: { method: 'POST' }, authorizer: { iam: iamOfMail } },
  };
  expect(await post('SocialRole', forged)).toEqual([403, { message: FORBIDDEN }]);
});

test('a key of another algorithm than the client must have is refused with the reason', async () => {
  const options = ['--client', 'mail', '--out', 'refused', '--key-algorithm', 'RSA_2048'];
  const { code, stderr } = await run(['request', ...options], 'MailRole');
  expect([code, stderr]).toEqual([1, 'error: the issuer answered 400: the key must be EC_prime256v1, got RSA_2048\n']);
});

test('a client with a secret goes on with that beside the keys of whoever asks', async () => {
  const before = await sandbox.clientSecret('social');

  expect((await run(['request', '--client', 'social'], 'SocialRole')).code).toBe(0);

  const answers = [await callWith('social'), await sandbox.fetch('social', WHO_CALLS)];
  expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['social', 'social']);
  expect(await sandbox.clientSecret('social')).toEqual(before);
  const listed = JSON.parse((await run(['show', 'social', '--json'])).stdout);
  const current = listed.certificates.filter((certificate: { current: boolean }) => certificate.current);
  expect(current).toEqual([expect.objectContaining({ serialNumber: before.serialNumber })]);
});

test('wherever the command is killed, key and certificate are a pair', async () => {
  await run(['request', '--client', 'mail', '--out', 'killed'], 'MailRole');
  const serialNumbers = new Set<string>();
  for (let milliseconds = 0; milliseconds < 12; milliseconds++) {
    const started = start(['request', '--client', 'mail', '--out', 'killed'], 'MailRole');
    // Some time after its request is answered, it writes.
    const asked = sandbox.calls.length;
    while (sandbox.calls.slice(asked).every(({ operation }) => operation !== 'InvokeFunctionUrl')) await setTimeout(1);
    await setTimeout(milliseconds);
    started.process.kill('SIGKILL');
    await started.ended();
    const certificate = new X509Certificate(fileOf('killed', 'certificate.pem'));
    expect(certificate.checkPrivateKey(createPrivateKey(fileOf('killed', 'private-key.pem')))).toBe(true);
    serialNumbers.add(certificate.serialNumber);
  }
  const { code } = await run(['request', '--client', 'mail', '--out', 'killed'], 'MailRole');
  expect(code).toBe(0);
  expect(serialNumbers).not.toContain(new X509Certificate(fileOf('killed', 'certificate.pem')).serialNumber);
});

test('nobody asks for a certificate without the authorities that stand beside it', async () => {
  const asked = sandbox.calls.length;
  const options = ['--client', 'mail', '--out', 'refused', '--client-ca', 's3://no-such-bucket/client-ca.pem'];
  const { code, stderr } = await run(['request', ...options], 'MailRole');
  expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: s3:GetObject failed with /)]);
  expect(existsSync(inRoot('refused'))).toBe(false);
  expect(sandbox.calls.slice(asked).map(({ operation }) => operation)).not.toContain('InvokeFunctionUrl');
});

test('the sandbox has the credentials of a role by its name too', async () => {
  expect(await run(['request', '--client', 'mail'], 'MailRoleName')).toMatchObject({ code: 0, stderr: '' });
  expect(() => sandbox.environment({ role: 'nobody' })).toThrow('there is no role nobody');
});

test('a client needs no --key-algorithm', async () => {
  await run(['request', '--client', 'report'], 'MailRole');
  const { asymmetricKeyDetails } = createPrivateKey(fileOf('report', 'private-key.pem'));
  expect(asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 });
});

test('an operator sees who asked, and revokes what was issued', async () => {
  await run(['request', '--client', 'mail'], 'MailRole');
  const { serialNumber } = new X509Certificate(fileOf('mail', 'certificate.pem'));

  const list = (await run(['list', '--json'])).stdout.trimEnd().split('\n');
  expect(list.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ clientName: 'mail', state: 'ENABLED', serialNumber, status: 'ISSUED' }),
  );
  const { stdout: shown } = await run(['show', 'mail']);
  expect(shown).toMatch(/^Secret +none: the client keeps its own key$/m);
  expect(shown).toMatch(/^May request +/m);
  expect(shown).toContain(` ${output('MailRole')}\n`);
  expect(shown).toContain(`by ${output('MailRole').replace('/apps', '')}`);
  expect(await run(['rotate', 'mail'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('keeps its own key: run `mtls-mesh request` where the client runs'),
  });

  expect((await run(['revoke', 'mail', '--all', '--reason', 'KEY_COMPROMISE'])).code).toBe(0);
  await sandbox.advance(6_000);
  expect((await callWith('mail')).status).toBe(403);

  await run(['request', '--client', 'mail'], 'MailRole');
  expect((await callWith('mail')).status).toBe(200);
});

test('a client that is disabled can not ask until it is enabled', async () => {
  await run(['disable', 'mail']);
  expect((await run(['request', '--client', 'mail'], 'MailRole')).stderr).toContain(FORBIDDEN);
  await run(['enable', 'mail']);
  expect((await run(['request', '--client', 'mail'], 'MailRole')).code).toBe(0);
});

test('no key that a client made is anywhere in the cloud', async () => {
  await run(['request', '--client', 'mail'], 'MailRole');
  const { d = '' } = createPrivateKey(fileOf('mail', 'private-key.pem')).export({ format: 'jwk' });
  const scalar = Buffer.from(d, 'base64url');
  const seen = JSON.stringify([sandbox.logs(), sandbox.resources, sandbox.outputs, sandbox.events]);
  expect(seen).toContain('certificate-request');
  for (const encoding of ['base64', 'base64url', 'hex'] as const) {
    expect(seen).not.toContain(scalar.toString(encoding).replace(/=+$/, ''));
  }
});

test('a role of which the grant is taken back can not ask any more', async () => {
  await sandbox.update(app({ isMailGranted: false }));
  const { code, stderr } = await run(['request', '--client', 'mail'], 'MailRole');
  expect(code).toBe(1);
  expect(stderr).toContain('is not authorized to perform: lambda:InvokeFunctionUrl');
  expect((await callWith('mail')).status).toBe(200);
});
