import { X509Certificate } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { ObjectPublisher } from '../../aws/s3';
import { Sandbox } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { parseOutput } from '../bin/shared/output-schema';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { testWith } from '../programs';

const WHO_CALLS = 'https://mesh.example.com/schedule';
const PASSWORD = 'changeit';
const PEM_FILES = [
  'bundle.pem',
  'certificate.pem',
  'chain.pem',
  'client-ca.pem',
  'fullchain.pem',
  'private-key.pem',
] as const;

// Each test runs the command several times, and each run is a process.
jest.setTimeout(60_000);

let root: string;
let sandbox: Sandbox;

/**
 * The clients `mail` and `social` with secrets, and `groups`, which keeps its own key. `MailApp` may read the secret of mail,
 * and the authorities of clients.
 */
function app(): App {
  const made = new App({ outdir: join(root, 'cdk.out') });
  const stack = new Stack(made, 'Mesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  const mailApp = new iam.Role(stack, 'MailApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  new CfnOutput(stack, 'MailRole', { value: mailApp.roleArn });
  mesh.addClient('mail').grantRead(mailApp);
  mesh.truststore.grantReadClientAuthorities(mailApp);
  new CfnOutput(stack, 'ClientAuthorities', { value: mesh.truststore.clientAuthoritiesUrl });
  mesh.addClient('social');
  mesh.addClient('groups', { ownKey: true });
  return made;
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'fetch-e2e-'));
  sandbox = await Sandbox.deploy(app());
}, 90_000);

afterAll(async () => {
  await sandbox?.close();
  rmSync(root, { recursive: true, force: true });
});

let out: string;

beforeEach(() => {
  out = mkdtempSync(join(root, 'out-'));
});

afterEach(killRuns);

const read = (name: string) => readFileSync(join(out, 'mail', name), 'utf8');
const visible = (directory = 'mail') => readdirSync(join(out, directory)).filter((name) => !name.startsWith('.'));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in the directory `out`. */
async function run(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<Ended> {
  const started = new Run(process.execPath, [COMMAND, ...args], out, {
    PATH: process.env['PATH'],
    MTLS_MESH: 'mesh.example.com',
    ...environment,
  });
  return { code: await started.ended(), stdout: started.stdout, stderr: started.stderr };
}

/** Puts an object with all permissions. */
async function put(url: string, text: string): Promise<void> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '' } = sandbox.environment();
  const { hostname: bucket, pathname: path } = new URL(url);
  const signer = async () => ({ accessKeyId, secretAccessKey, region: 'us-east-1' });
  const objects = new ObjectPublisher({ connection: { signer, endpoint: () => sandbox.endpoint } });
  await objects.putPem(bucket, path.slice(1), text, AbortSignal.timeout(10_000));
}

/** Runs `mtls-mesh fetch` as the app mail. */
const fetchFiles = (args: readonly string[], changed: NodeJS.ProcessEnv = {}) =>
  run(['fetch', ...args], { ...sandbox.environment({ role: sandbox.outputs['MailRole'] ?? '' }), ...changed });

async function callAsMail(): Promise<string> {
  const [certificate, certificateChain, privateKey] = ['certificate.pem', 'chain.pem', 'private-key.pem'].map(read);
  const files = {
    certificate: certificate ?? '',
    certificateChain: certificateChain ?? '',
    privateKey: privateKey ?? '',
  };
  return (await sandbox.fetch(files, WHO_CALLS)).text();
}

test('writes the PEM files of a client, with which it calls the mesh', async () => {
  const { serialNumber, notAfter, ...secret } = await sandbox.clientSecret('mail');
  expect(await fetchFiles(['--client', 'mail'])).toEqual({
    code: 0,
    stderr: '',
    stdout: `mail has a new certificate in mail: ${serialNumber}, valid until ${notAfter}\n`,
  });
  expect(visible()).toEqual(PEM_FILES);
  const { privateKey, certificate, certificateChain } = secret;
  expect(Object.fromEntries(PEM_FILES.map((name) => [name, read(name)]))).toEqual({
    'bundle.pem': privateKey + certificate + certificateChain,
    'certificate.pem': certificate,
    'chain.pem': certificateChain,
    'client-ca.pem': certificateChain,
    'fullchain.pem': certificate + certificateChain,
    'private-key.pem': privateKey,
  });
  expect(visible().filter((name) => (statSync(join(out, 'mail', name)).mode & 0o077) === 0)).toEqual([
    'bundle.pem',
    'private-key.pem',
  ]);
  expect(await callAsMail()).toBe('mail');
});

test('replaces the files after a rotation only, and says so', async () => {
  const options = ['--client', 'mail', '--out', 'mail', '--json'];
  const before = parseOutput('fetch', (await fetchFiles(options)).stdout);
  const unchanged = parseOutput('fetch', (await fetchFiles(options)).stdout);
  expect([before.changed, unchanged]).toEqual([true, { ...before, changed: false }]);

  expect((await run(['rotate', 'mail'], sandbox.environment())).code).toBe(0);
  const after = parseOutput('fetch', (await fetchFiles(options)).stdout);
  expect(after).toMatchObject({ clientName: 'mail', directory: 'mail', changed: true });
  expect(after.serialNumber).not.toBe(before.serialNumber);
  expect(new X509Certificate(read('certificate.pem')).serialNumber).toBe(after.serialNumber);
  expect(await callAsMail()).toBe('mail');
});

test('finds the secret by its ARN or name, without the name of the mesh', async () => {
  const { secretId = '' } = sandbox.clients.find(({ name }) => name === 'mail') ?? {};
  const none = { MTLS_MESH: undefined };
  expect(await fetchFiles(['--client', 'mail', '--secret', secretId], none)).toMatchObject({ code: 0, stderr: '' });
  const { code, stderr } = await fetchFiles(['--client', 'mail'], none);
  expect([code, stderr]).toEqual([64, expect.stringContaining('use --mesh or --secret, or set MTLS_MESH')]);
});

describe('stores', () => {
  const stores = ['--client', 'mail', '--format', 'p12', '--truststore', 'p12'];

  test('have the password of a file or the environment, and stand alone', async () => {
    writeFileSync(join(out, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
    expect(await fetchFiles([...stores, '--password-file', 'password'])).toMatchObject({ code: 0, stderr: '' });
    expect(visible()).toEqual(['keystore.p12', 'truststore.p12']);
    const pfx = () => readFileSync(join(out, 'mail', 'keystore.p12'));
    expect(() => createSecureContext({ pfx: pfx(), passphrase: PASSWORD })).not.toThrow();
    expect(statSync(join(out, 'mail', 'keystore.p12')).mode & 0o777).toBe(0o600);

    const before = pfx();
    expect((await fetchFiles(stores, { MTLS_MESH_PASSWORD: PASSWORD })).stdout).toContain(
      'has the current certificate',
    );
    expect(pfx().equals(before)).toBe(true);
    expect((await fetchFiles(stores, { MTLS_MESH_PASSWORD: 'another' })).code).toBe(0);
    expect(() => createSecureContext({ pfx: pfx(), passphrase: 'another' })).not.toThrow();
  });

  test('are written beside PEM files, and removed when they are no longer asked for', async () => {
    const both = ['--client', 'mail', '--format', 'pem,p12', '--truststore', 'jks'];
    expect(await fetchFiles(both, { MTLS_MESH_PASSWORD: PASSWORD })).toMatchObject({ code: 0, stderr: '' });
    expect(visible()).toEqual([...PEM_FILES, 'keystore.p12', 'truststore.jks'].sort());
    expect((await fetchFiles(['--client', 'mail'])).code).toBe(0);
    expect(visible()).toEqual(PEM_FILES);
  });

  testWith('curl')('are presented by curl', async () => {
    await fetchFiles(stores, { MTLS_MESH_PASSWORD: PASSWORD });
    writeFileSync(join(out, 'server-ca.pem'), sandbox.serverAuthority);
    const connection = ['--connect-to', `mesh.example.com:443:127.0.0.1:${sandbox.gatewayPort}`];
    const identity = ['--cert-type', 'P12', '--cert', `mail/keystore.p12:${PASSWORD}`];
    // Not blocking: the gateway answers in this process.
    const curl = new Run(
      'curl',
      ['--silent', '--show-error', ...connection, '--cacert', 'server-ca.pem', ...identity, WHO_CALLS],
      out,
      { PATH: process.env['PATH'] },
    );
    expect([await curl.ended(), curl.stderr, curl.stdout]).toEqual([0, '', 'mail']);
  });

  test.each<[string, readonly string[], NodeJS.ProcessEnv, number, string]>([
    ['none', [], {}, 64, 'a store needs a password: use --password-file, or set MTLS_MESH_PASSWORD'],
    ['an empty one', [], { MTLS_MESH_PASSWORD: '' }, 64, 'a store needs a password'],
    ['a short one', [], { MTLS_MESH_PASSWORD: 'short' }, 1, 'must have at least six characters'],
    ['a missing file', ['--password-file', 'missing'], {}, 64, "the file with the password can't be read: ENOENT"],
  ])('are not written with a password that is %s', async (_name, args, variables, code, reason) => {
    expect(await fetchFiles([...stores, ...args], variables)).toEqual({
      code,
      stdout: '',
      stderr: expect.stringContaining(reason),
    });
    expect(existsSync(join(out, 'mail'))).toBe(false);
  });
});

describe('client-ca.pem', () => {
  const published = () => sandbox.outputs['ClientAuthorities'] ?? '';

  test('has the authorities that the mesh publishes', async () => {
    const options = ['--client', 'mail', '--client-ca', published()];
    expect(await fetchFiles(options)).toMatchObject({ code: 0, stderr: '' });
    expect(read('client-ca.pem')).toBe(read('chain.pem'));
    expect(sandbox.calls.at(-1)).toMatchObject({ operation: 'GetObject' });
  });

  test.each([
    ['what its role may not read', () => published().replace('client-ca', 'truststore'), 'AccessDenied'],
    ['an object that is not there', () => `${published()}.old`, 'AccessDenied'],
  ])('is not written from %s, and neither is anything else', async (_name, url, reason) => {
    const { code, stdout, stderr } = await fetchFiles(['--client', 'mail', '--client-ca', url()]);
    expect([code, stdout, stderr]).toEqual([1, '', expect.stringContaining(reason)]);
    expect(existsSync(join(out, 'mail'))).toBe(false);
  });

  test.each([
    ['text', 'hello', 'there is no PEM block "CERTIFICATE"'],
    ['a certificate of a client', 'client', 'CN=mail is no certificate authority'],
    ['a private key', 'key', 'the text contains a private key'],
  ])('is not written from an object with %s, and the files of before stay', async (_name, content, reason) => {
    const options = ['--client', 'mail', '--client-ca', `${published()}.broken`];
    await fetchFiles(['--client', 'mail']);
    const before = read('client-ca.pem');
    const body = { client: read('certificate.pem'), key: read('private-key.pem') }[content] ?? content;
    await put(`${published()}.broken`, body);
    const { code, stderr } = await fetchFiles(options, sandbox.environment());
    expect([code, stderr]).toEqual([1, expect.stringContaining(`has no usable certificate authorities: ${reason}`)]);
    expect(read('client-ca.pem')).toBe(before);
  });

  test.each(['https://example.com/ca.pem', 's3://bucket', 's3://bucket/', 's3://Bucket/key', 's3:///key'])(
    'is not read from %s',
    async (url) => {
      const { code, stderr } = await fetchFiles(['--client', 'mail', '--client-ca', url]);
      expect([code, stderr]).toEqual([64, expect.stringContaining('must be the URL of an object, such as s3://')]);
    },
  );
});

test.each<[string, readonly string[], NodeJS.ProcessEnv | undefined, RegExp]>([
  ['of another client', ['--client', 'social'], undefined, /^error: .*AccessDenied/],
  [
    'of a client that keeps its own key',
    ['--client', 'groups'],
    {},
    /^error: there is no secret \S+ with a value: .*a client that keeps its own key has none, use `mtls-mesh request`: /,
  ],
  ['of a client that does not exist', ['--client', 'malory'], {}, /^error: there is no secret \S+ with a value: /],
])('writes nothing without the secret %s', async (_name, args, administrator, reason) => {
  const { code, stdout, stderr } = await fetchFiles(args, administrator && sandbox.environment());
  expect([code, stdout, stderr]).toEqual([1, '', expect.stringMatching(reason)]);
  expect(readdirSync(out)).toEqual([]);
});

test('takes no secret of another client', async () => {
  const { secretId = '' } = sandbox.clients.find(({ name }) => name === 'social') ?? {};
  const { code, stderr } = await fetchFiles(['--client', 'mail', '--secret', secretId], sandbox.environment());
  expect([code, stderr]).toEqual([1, expect.stringContaining('it is the secret of "social"')]);
  expect(readdirSync(out)).toEqual([]);
});

test.each<[string, readonly string[]]>([
  ['a name that leads elsewhere', ['--client', '../social']],
  ['an unknown format', ['--client', 'mail', '--format', 'pem,der']],
  ['a mode that shows the key to others', ['--client', 'mail', '--mode', '644']],
  ['a mode that lets the group change the key', ['--client', 'mail', '--mode', '660']],
  ['an unknown group', ['--client', 'mail', '--group', 'no:such']],
])('refuses %s', async (_name, args) => {
  expect((await fetchFiles(args)).code).toBe(64);
  expect(readdirSync(out)).toEqual([]);
});

test('gives the key to a group', async () => {
  const group = `${process.getgid?.() ?? 0}`;
  expect(await fetchFiles(['--client', 'mail', '--mode', '640', '--group', group])).toMatchObject({ code: 0 });
  const { mode, gid } = statSync(join(out, 'mail', 'private-key.pem'));
  expect([(mode & 0o777).toString(8), `${gid}`]).toEqual(['640', group]);
});

test('asks for nothing that it could not keep', async () => {
  mkdirSync(join(out, 'mail'));
  writeFileSync(join(out, 'mail', 'certificate.pem'), 'of somebody else');
  const asked = sandbox.calls.length;
  const { code, stderr } = await fetchFiles(['--client', 'mail']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('certificate.pem was not written by this command')]);
  expect(sandbox.calls).toHaveLength(asked);
  expect(read('certificate.pem')).toBe('of somebody else');
});

test('keeps the files of before when the secret has no usable certificate', async () => {
  await fetchFiles(['--client', 'mail']);
  const before = read('bundle.pem');
  await sandbox.advance(8 * 24 * 3_600_000);
  const { notAfter } = await sandbox.clientSecret('mail');
  expect(Date.parse(notAfter)).toBeGreaterThan(Date.now());
  // The clock of this machine is behind that of the sandbox, so the certificate is not valid yet.
  const { code, stderr } = await fetchFiles(['--client', 'mail']);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/mail can't use the secret \S+: .*not valid/)]);
  expect(read('bundle.pem')).toBe(before);
});
