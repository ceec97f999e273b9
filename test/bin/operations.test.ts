import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ACMPCAClient, RevokeCertificateCommand } from '@aws-sdk/client-acm-pca';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type ClientSecret, MeshHttpClient, requestOverTls } from '../../client';
import { testWith } from '../programs';
import { COMMAND, killRuns, Run } from './shared/command';
import { synthesizeExample } from './shared/example-assembly';
import { parseOutput } from './shared/output-schema';

/** That of util-linux runs a command on a terminal of its own. */
const withTerminal = process.platform === 'linux' ? testWith('script') : test.skip;

const MESH = 'mesh.example.com';
/** Where nobody listens: no service has this port (IANA), and `fetch` does not block it. */
const UNREACHABLE = 'http://127.0.0.1:4';
const IMPATIENT = { AWS_MAX_ATTEMPTS: '1' };

// Each test runs the command several times, and each run is a process.
jest.setTimeout(60_000);

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

let root: string;
let up: Run;
let environment: Readonly<Record<string, string>>;
let secretIds: ReadonlyMap<string, string>;
let gateway: { readonly certificateAuthorities: string; readonly connectTo: { host: string; port: number } };

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'mtls-mesh-test-'));
  const assembly = join(root, 'cdk.out');
  synthesizeExample(assembly);
  up = new Run(process.execPath, [COMMAND, 'up', '--json', '--app', assembly], root, { PATH: process.env['PATH'] });
  await up.prints(/^\{.*\}\n/m);
  const access: {
    readonly environment: Record<string, string>;
    readonly gatewayPort: number;
    readonly serverAuthority: string;
    readonly clients: readonly { readonly name: string; readonly secretId: string }[];
  } = JSON.parse(up.stdout);
  environment = access.environment;
  gateway = {
    certificateAuthorities: readFileSync(join(root, access.serverAuthority), 'utf8'),
    connectTo: { host: '127.0.0.1', port: access.gatewayPort },
  };
  secretIds = new Map(access.clients.map(({ name, secretId }) => [name, secretId]));
}, 60_000);

afterAll(async () => {
  up?.process.kill('SIGTERM');
  await up?.ended();
  await killRuns();
  rmSync(root, { recursive: true, force: true });
});

async function run(args: readonly string[], changed: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const started = new Run(process.execPath, [COMMAND, ...args], root, {
    PATH: process.env['PATH'],
    MTLS_MESH: MESH,
    ...environment,
    ...changed,
  });
  const code = await started.ended();
  return { code, stdout: started.stdout, stderr: started.stderr };
}

/** What a command prints with `--json`, by the published schema. */
async function json(args: readonly string[], changed?: NodeJS.ProcessEnv) {
  const { code, stdout, stderr } = await run([...args, '--json'], changed);
  const outputs = stdout.split('\n').slice(0, -1);
  return { code, stderr, outputs: outputs.map((line) => parseOutput(args[0] ?? '', line)) };
}

interface Shown {
  readonly state: string;
  readonly updatedBy: string;
  readonly certificates: readonly {
    readonly serialNumber: string;
    readonly secretVersionId: string;
    readonly certificateAuthorityArn: string;
    readonly issuer: string;
    readonly status: string;
    readonly current: boolean;
  }[];
}

interface Revocation {
  readonly certificates: readonly object[];
  readonly acceptedCertificates: readonly object[];
  readonly rotation?: object;
}

async function show(client: string): Promise<Shown> {
  return (await json(['show', client])).outputs[0];
}

async function currentOf(client: string): Promise<Shown['certificates'][number]> {
  const current = (await show(client)).certificates.find((certificate) => certificate.current);
  if (current === undefined) throw new Error(`${client} has no current certificate`);
  return current;
}

function access() {
  const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = environment;
  const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
  return { endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials };
}

async function secretOf(client: string): Promise<ClientSecret> {
  const command = new GetSecretValueCommand({ SecretId: secretIds.get(client) });
  const { SecretString = '' } = await new SecretsManagerClient(access()).send(command);
  return JSON.parse(SecretString);
}

test('list says the same in a table and in lines of JSON', async () => {
  const [table, lines] = [await run(['list']), await json(['list'])];
  expect(lines.outputs).toEqual([
    expect.objectContaining({ clientName: 'mail', state: 'ENABLED', status: 'ISSUED' }),
    expect.objectContaining({ clientName: 'social', state: 'ENABLED', status: 'ISSUED' }),
  ]);
  const { serialNumber, notAfter } = await secretOf('mail');
  expect(lines.outputs[0]).toMatchObject({ serialNumber, notAfter });
  // The output is no terminal: it has 80 columns, without the serial number.
  expect(table.stdout).toContain(`│ mail   │ ENABLED │ ${notAfter.replace('.000', '')} │ ISSUED │`);
  expect(Math.max(...table.stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  expect([table.code, table.stderr, lines.code, lines.stderr]).toEqual([0, '', 0, '']);
});

test('rotate waits until the secret holds another certificate', async () => {
  const before = await secretOf('mail');
  const { code, stdout } = await run(['rotate', 'mail']);
  const after = await secretOf('mail');
  expect(after.serialNumber).not.toBe(before.serialNumber);
  expect([code, stdout]).toEqual([
    0,
    `mail has a new certificate: ${after.serialNumber}, valid until ${after.notAfter}\n`,
  ]);
  expect((await run(['list'])).stdout).toMatch(/│ mail .*│ ISSUED │ \d{4}-\S+Z/);
});

test('revoke tells registry and authority of one certificate, and says so when it is repeated', async () => {
  const { serialNumber, issuer, certificateAuthorityArn } = await currentOf('mail');
  const one = ['revoke', 'mail', '--serial-number', serialNumber, '--issuer', issuer, '--reason', 'KEY_COMPROMISE'];

  const { code, stdout, stderr } = await run(one);
  expect([code, stderr]).toEqual([0, '']);
  // The test before this one has rotated: the earlier certificate is still valid.
  expect(stdout).toMatch(
    new RegExp(`^mail ${serialNumber} is revoked \\(KEY_COMPROMISE\\)\nmail \\w+ is still accepted, until \\S+\n$`),
  );

  const { certificates } = await show('mail');
  expect(certificates.filter(({ status }) => status === 'REVOKED')).toEqual([
    expect.objectContaining({
      serialNumber,
      revocationReason: 'KEY_COMPROMISE',
      revokedBy: expect.stringMatching(/./),
      revokedAtAuthority: expect.stringMatching(/Z$/),
    }),
  ]);
  const again = new RevokeCertificateCommand({
    CertificateAuthorityArn: certificateAuthorityArn,
    CertificateSerial: serialNumber,
    RevocationReason: 'SUPERSEDED',
  });
  await expect(new ACMPCAClient(access()).send(again)).rejects.toMatchObject({
    name: 'RequestAlreadyProcessedException',
  });
  const repeated = await run(one);
  expect(repeated.code).toBe(0);
  expect(repeated.stdout).toMatch(`mail ${serialNumber} is already revoked, since `);
});

test('revoke and rotate in one call leave a client with a certificate that is accepted', async () => {
  const before = await currentOf('mail');
  const { code, stdout } = await run(['revoke', 'mail', '--all', '--reason', 'SUPERSEDED', '--rotate']);
  const after = await currentOf('mail');
  expect(code).toBe(0);
  expect(stdout).toContain(`mail has a new certificate: ${after.serialNumber}`);
  expect(after).toMatchObject({ status: 'ISSUED', serialNumber: (await secretOf('mail')).serialNumber });
  expect(after.serialNumber).not.toBe(before.serialNumber);
});

test('a running MeshHttpClient goes on after revoke and rotate without a request that fails', async () => {
  const url = `https://${MESH}/schedule/events`;
  const secretsManager = new SecretsManagerClient(access());
  const client = new MeshHttpClient({ secretId: secretIds.get('mail') ?? '', secretsManager, ...gateway });
  try {
    expect((await client.fetch(url)).status).toBe(200);
    const revoked = await client.credentials();
    await run(['revoke', 'mail', '--all', '--reason', 'KEY_COMPROMISE', '--rotate']);
    const statusOfRevoked = async () => (await requestOverTls(url, {}, { credentials: revoked, ...gateway })).status;
    while ((await statusOfRevoked()) !== 403) await new Promise((resolve) => setTimeout(resolve, 100));
    expect((await client.fetch(url)).status).toBe(200);
    expect((await client.credentials()).serialNumber).toBe((await secretOf('mail')).serialNumber);
  } finally {
    client.close();
  }
});

test('revoke takes the certificate of a secret version', async () => {
  const { secretVersionId, serialNumber } = await currentOf('social');
  expect(
    await run(['revoke', 'social', '--secret-version', secretVersionId, '--reason', 'PRIVILEGE_WITHDRAWN']),
  ).toEqual({ code: 0, stdout: `social ${serialNumber} is revoked (PRIVILEGE_WITHDRAWN)\n`, stderr: '' });
  expect(await currentOf('social')).toMatchObject({ status: 'REVOKED', revokedAtAuthority: expect.any(String) });
});

test('without the function of the mesh nothing is revoked, and the answer says what can be done meanwhile', async () => {
  const args = ['revoke', 'mail', '--all', '--reason', 'KEY_COMPROMISE'];
  expect(await run(args, { ...IMPATIENT, AWS_ENDPOINT_URL_LAMBDA: UNREACHABLE })).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(
      /^error: the mesh can't revoke certificates: .*ECONNREFUSED.*: `mtls-mesh disable mail`\n$/,
    ),
  });
});

test('a rotation that can not begin after a revocation ends with 2, and on its own with 1', async () => {
  const unreachable = { ...IMPATIENT, AWS_ENDPOINT_URL_SECRETS_MANAGER: UNREACHABLE };
  const args = ['revoke', 'social', '--all', '--reason', 'SUPERSEDED', '--rotate'];
  expect(await run(args, unreachable)).toEqual({
    code: 2,
    stdout: 'social has no certificate left to revoke\n',
    stderr: expect.stringMatching(/^there is no new certificate: .*ECONNREFUSED.*\n$/),
  });
  expect(await run(['rotate', 'social'], unreachable)).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: .*ECONNREFUSED.*\n$/),
  });
});

test('a disabled client is not rotated until it is enabled, which says what it lacks', async () => {
  expect(await run(['disable', 'social'])).toEqual({ code: 0, stdout: 'social is disabled\n', stderr: '' });
  expect((await run(['disable', 'social'])).stdout).toMatch(/^social is already disabled, since /);
  expect(await run(['rotate', 'social'])).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error: the client social is disabled and is not rotated: enable it first\n',
  });
  expect(await run(['enable', 'social'])).toEqual({
    code: 0,
    stdout: 'social is enabled\n',
    stderr: 'social has no certificate that the mesh accepts: run `mtls-mesh rotate social`\n',
  });
  expect((await run(['rotate', 'social'])).code).toBe(0);
});

test('each command says in JSON what it has done', async () => {
  expect(await json(['disable', 'social'])).toMatchObject({ code: 0, outputs: [{ state: 'DISABLED', changed: true }] });
  expect(await json(['disable', 'social'])).toMatchObject({ code: 0, outputs: [{ changed: false }] });
  expect(await json(['enable', 'social'])).toMatchObject({ code: 0, outputs: [{ state: 'ENABLED', changed: true }] });

  const rotated = await json(['rotate', 'social']);
  const { serialNumber, notAfter } = await secretOf('social');
  expect(rotated).toEqual({
    code: 0,
    stderr: '',
    outputs: [expect.objectContaining({ clientName: 'social', inProgress: false, serialNumber, notAfter })],
  });

  const one = ['revoke', 'social', '--serial-number', serialNumber, '--reason', 'SUPERSEDED'];
  expect(await json(one)).toMatchObject({
    code: 0,
    outputs: [{ certificates: [{ serialNumber, already: false, failures: [] }] }],
  });
  const all = await json(['revoke', 'social', '--all', '--reason', 'SUPERSEDED', '--rotate']);
  const [{ certificates, acceptedCertificates, rotation }] = all.outputs as [Revocation];
  expect([all.code, all.stderr]).toEqual([0, '']);
  expect(certificates).toContainEqual(expect.objectContaining({ serialNumber, already: true }));
  expect(acceptedCertificates).toEqual([]);
  expect(rotation).toMatchObject({ inProgress: false, serialNumber: (await secretOf('social')).serialNumber });
});

test('a failure after a revocation is in the JSON as far as it is done, and in the exit code', async () => {
  const unreachable = { ...IMPATIENT, AWS_ENDPOINT_URL_SECRETS_MANAGER: UNREACHABLE };
  const { code, stderr, outputs } = await json(
    ['revoke', 'mail', '--all', '--reason', 'SUPERSEDED', '--rotate'],
    unreachable,
  );
  expect([code, stderr]).toEqual([2, expect.stringMatching(/^there is no new certificate: /)]);
  expect(outputs).toEqual([expect.not.objectContaining({ rotation: expect.anything() })]);
  expect(await json(['show', 'malory'])).toMatchObject({ code: 1, outputs: [] });
});

withTerminal('on a terminal, revoke --all asks first, and does what the answer says', async () => {
  await run(['rotate', 'mail']);
  const revoke = `revoke mail --all --reason SUPERSEDED`;
  const onTerminal = async (command: string, answer?: string) => {
    const line = `"${process.execPath}" "${COMMAND}" ${command}`;
    const env = { PATH: process.env['PATH'], MTLS_MESH: MESH, TERM: 'xterm', ...environment };
    const started = new Run('script', ['-qfec', line, '/dev/null'], root, env);
    if (answer !== undefined) {
      await started.prints(/The mesh accepts \d certificates of mail\. .*\r?\nRevoke all of them\? \[y\/N\] /);
      started.process.stdin?.write(answer);
    }
    return { code: await started.ended(), output: started.stdout };
  };
  const refused = { code: 1, output: expect.stringContaining('nothing was revoked') };
  for (const no of ['\r', 'n\r', 'yess\r', '\u0004']) expect(await onTerminal(revoke, no)).toEqual(refused);
  expect(await currentOf('mail')).toMatchObject({ status: 'ISSUED' });

  expect(await onTerminal(revoke, 'y\r')).toEqual({ code: 0, output: expect.stringContaining('is revoked') });
  expect(await currentOf('mail')).toMatchObject({ status: 'REVOKED' });
  expect(await onTerminal(`${revoke} --yes`)).toEqual({
    code: 0,
    output: expect.stringMatching(/^mail has no certificate left to revoke\r\n$/),
  });
});

test('the output has colours where NO_COLOR and FORCE_COLOR ask for them', async () => {
  const isColored = async (variables: NodeJS.ProcessEnv, ...args: readonly string[]) => {
    const { stdout, stderr } = await run(args, variables);
    return (stdout + stderr).includes('\u001b[');
  };
  for (const args of [['list'], ['show', 'mail'], ['show', 'malory'], ['lst']]) {
    expect(await isColored({}, ...args)).toBe(false);
    expect(await isColored({ FORCE_COLOR: '1' }, ...args)).toBe(true);
    expect(await isColored({ FORCE_COLOR: '0' }, ...args)).toBe(false);
    expect(await isColored({ FORCE_COLOR: '1', NO_COLOR: '1' }, ...args)).toBe(false);
  }
  expect(await isColored({ FORCE_COLOR: '1' }, 'list', '--json')).toBe(false);
});

test('the help fits 80 columns', async () => {
  for (const command of [
    'up',
    'fetch',
    'agent',
    'request',
    'list',
    'show',
    'revoke',
    'disable',
    'enable',
    'rotate',
    'completion',
  ]) {
    const { stdout } = await run([command, '--help']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  }
});

describe('a command uses', () => {
  const none = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined };

  test('the Region of --region, before that of the environment', async () => {
    const scopes: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      scopes.push(/Credential=[^/]+\/\d{8}\/([^/]+\/[^/]+)/.exec(String(request.headers.authorization))?.[1]);
      response.writeHead(400).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      for (const changed of [none, {}]) {
        await run(['list', '--region', 'eu-central-1'], { ...changed, AWS_ENDPOINT_URL: `http://127.0.0.1:${port}` });
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
    expect(scopes).toEqual(['eu-central-1/dynamodb', 'eu-central-1/dynamodb']);
  });

  test('the profile of --profile, before the credentials of the environment', async () => {
    const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region } = environment;
    const files = { AWS_CONFIG_FILE: join(root, 'config'), AWS_SHARED_CREDENTIALS_FILE: join(root, 'credentials') };
    writeFileSync(files.AWS_CONFIG_FILE, `[profile operator]\nregion = ${region}\n`);
    writeFileSync(
      files.AWS_SHARED_CREDENTIALS_FILE,
      `[operator]\naws_access_key_id = ${id}\naws_secret_access_key = ${secret}\n`,
    );
    const other = { ...none, ...files, AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example' };
    expect(await run(['list', '--profile', 'operator'], other)).toMatchObject({ code: 0, stderr: '' });
    expect((await run(['list'], { ...other, AWS_REGION: region })).code).toBe(1);
    const { code, stderr } = await run(['list', '--profile', 'nobody'], { ...other, AWS_REGION: region });
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^error: found no AWS credentials: use --profile/)]);
  });
});

describe('what can not be done is refused in one line', () => {
  const refused = async (args: readonly string[], changed?: NodeJS.ProcessEnv, expected = 1) => {
    const { code, stdout, stderr } = await run(args, changed);
    expect([code, stdout]).toEqual([expected, '']);
    const [line = '', ...more] = stderr.trimEnd().split('\n');
    expect(more).toEqual([]);
    return line;
  };
  const revoke = (...args: readonly string[]) => ['revoke', 'mail', ...args];

  test.each<[string, readonly string[], RegExp]>([
    [
      'an unknown client',
      ['show', 'malory'],
      /^error: the mesh mesh\.example\.com has no client "malory": its clients are mail, social$/,
    ],
    ['a hostile client name', ['show', 'mail\n#'], /^error: .* has no client "mail\\n#"/],
    [
      'an unknown certificate',
      revoke('--serial-number', '00', '--reason', 'SUPERSEDED'),
      /no such certificate: its certificates are /,
    ],
    [
      'another mesh',
      ['list', '--mesh', 'other.example.com'],
      /^error: found no registry of the mesh other\.example\.com in this account and Region: /,
    ],
  ])('%s', async (_, args, line) => {
    expect(await refused(args)).toMatch(line);
  });

  test.each<[string, readonly string[], RegExp]>([
    ['a mesh that can not be one', ['list', '--mesh', 'Mesh/1'], /^error: .*--mesh.*lower-case/],
    ['no certificate', revoke('--reason', 'SUPERSEDED'), /^error: specify the certificates with /],
    [
      'certificates in two ways',
      revoke('--all', '--serial-number', '00', '--reason', 'SUPERSEDED'),
      /cannot be used with/,
    ],
    [
      'an issuer alone',
      revoke('--all', '--issuer', 'CN=x', '--reason', 'SUPERSEDED'),
      /^error: --issuer requires --serial-number$/,
    ],
    ...['0x5E0C', 'serial=5E0C', '5E 0C', '5E:', '23916-', ''].map((text): [string, readonly string[], RegExp] => [
      `the serial number ${JSON.stringify(text)}`,
      revoke('--serial-number', text, '--reason', 'SUPERSEDED'),
      /^error: --serial-number must be hexadecimal digits, with or without colons, and without anything before them, such as 0x or serial=, got "/,
    ]),
    ['no reason', revoke('--all'), /^error: required option '--reason/],
    [
      'a reason that RFC 5280 does not have',
      revoke('--all', '--reason', 'BOREDOM'),
      /Allowed choices are UNSPECIFIED, KEY_/,
    ],
    ['a command that there is not', ['renew'], /^error: unknown command 'renew'$/],
    ['no client', ['show'], /^error: missing required argument 'client'$/],
    ['too many clients', ['show', 'mail', 'social'], /^error: too many arguments for 'show'/],
  ])('%s, with the exit code of a wrong command line', async (_, args, line) => {
    expect(await refused(args, {}, 64)).toMatch(line);
  });

  test('no mesh', async () => {
    expect(await refused(['list'], { MTLS_MESH: '' }, 64)).toMatch(/^error: .*--mesh/);
  });

  test('no region', async () => {
    const none = { AWS_REGION: undefined, AWS_DEFAULT_REGION: undefined, AWS_CONFIG_FILE: join(root, 'none') };
    expect(await refused(['list'], none)).toBe(
      'error: found no AWS Region: use --region, or set AWS_REGION (Region is missing)',
    );
  });

  test('a place where nobody answers', async () => {
    expect(await refused(['list'], { ...IMPATIENT, AWS_ENDPOINT_URL: UNREACHABLE })).toMatch(/^error: .*ECONNREFUSED/);
  });
});

test('the help of each command says what its exit codes mean', async () => {
  for (const command of ['list', 'show', 'revoke', 'disable', 'enable', 'rotate']) {
    expect((await run([command, '--help'])).stdout).toMatch(
      /Exit codes:\n {2}0 .*\n {2}1 .*\n {2}2 .*\n(.*\n)+ {2}64 /,
    );
  }
});
