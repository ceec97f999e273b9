import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  RotateSecretCommand,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { MeshIntegration } from '../../../lib';
import type { ClientSecret } from '../../../mesh/client-secret';
import { testWith } from '../../programs';
import { COMMAND, Run } from '../shared/command';
import { synthesizeExample } from '../shared/example-assembly';
import { environmentOf, type Place, place, remains, removePlaces, root, up } from './places';

const withCurl = testWith('curl');
/** That of util-linux runs a command on a terminal of its own. */
const withTerminal = process.platform === 'linux' ? testWith('script', 'stty') : test.skip;

// Each test runs the command, some of them until a mesh is up.
jest.setTimeout(60_000);

let assembly: string;

beforeAll(() => {
  assembly = join(root, 'cdk.out');
  synthesizeExample(assembly);
});

afterAll(removePlaces);

const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a mesh that is up', () => {
  interface Access {
    readonly endpoint: string;
    readonly gatewayPort: number;
    readonly serverAuthority: string;
    readonly urls: readonly string[];
    readonly clients: readonly {
      readonly name: string;
      readonly clientAuthoritiesUrl: string;
      readonly secretId: string;
      readonly files: { readonly certificate: string; readonly certificateChain: string; readonly privateKey: string };
      readonly curl: string;
    }[];
    readonly environment: Readonly<Record<string, string>>;
  }

  const at: { place: Place; run: Run; access: Access } = Object.create(null);

  beforeAll(async () => {
    at.place = place();
    writeFileSync(join(at.place.temporary, 'password'), 'changeit\n', { mode: 0o600 });
    const stores = ['--format', 'p12', '--truststore', 'p12', '--password-file', join(at.place.temporary, 'password')];
    at.run = up(at.place, '--app', assembly, '--out', 'identities/of clients', '--json', ...stores);
    await at.run.prints(/^\{.*\}\n/m);
    at.access = JSON.parse(at.run.stdout);
  });

  afterAll(() => at.run?.kill());

  const client = (name: string) => {
    const found = at.access.clients.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`no client ${name}`);
    return found;
  };
  const secretsManager = () => {
    const { AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID = '', AWS_SECRET_ACCESS_KEY = '' } = at.access.environment;
    const credentials = { accessKeyId: AWS_ACCESS_KEY_ID, secretAccessKey: AWS_SECRET_ACCESS_KEY };
    return new SecretsManagerClient({ endpoint: AWS_ENDPOINT_URL, region: AWS_REGION, credentials });
  };

  const secretOf = async (secretId: string): Promise<ClientSecret> => {
    const { SecretString = '' } = await secretsManager().send(new GetSecretValueCommand({ SecretId: secretId }));
    return JSON.parse(SecretString);
  };

  test('prints one line of JSON to standard output, and its progress elsewhere', () => {
    expect(at.run.stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(at.run.stderr).toMatch(/CREATE_COMPLETE +AWS::ACMPCA::CertificateAuthority/);
    expect(at.access.urls).toEqual(['https://mesh.example.com/schedule']);
    expect(at.access.clients.map(({ name }) => name)).toEqual(['mail', 'social']);
  });

  test('writes certificates, and keys that only their owner can read', () => {
    const { cwd } = at.place;
    for (const { files } of at.access.clients) {
      expect(Object.values(files).map((file) => mode(join(cwd, file)))).toEqual(['644', '644', '600']);
      const stores = ['bundle.pem', 'keystore.p12', 'truststore.p12'];
      expect(stores.map((file) => mode(join(cwd, dirname(files.privateKey), file)))).toEqual(['600', '600', '644']);
    }
    expect(mode(join(cwd, at.access.serverAuthority))).toBe('644');
    for (const directory of ['identities', 'identities/of clients', 'identities/of clients/mail']) {
      expect(mode(join(cwd, directory))).toBe('755');
    }
  });

  withCurl('is called as each client by the command lines that it prints, past any proxy', () => {
    // Nothing listens there.
    const env = { ...process.env, https_proxy: 'http://127.0.0.1:9', all_proxy: 'http://127.0.0.1:9' };
    for (const { name, curl } of at.access.clients) {
      const line = `${curl} --silent --show-error`;
      expect(execFileSync('sh', ['-c', line], { cwd: at.place.cwd, encoding: 'utf8', env })).toBe(name);
    }
  });

  test('gives an environment with which an app for the deployed mesh runs as it is', () => {
    const app = `
      const { SecretsManager } = require('@aws-sdk/client-secrets-manager');
      const { MeshHttpClient } = require('cdk-mtls-service-mesh/client');
      const mesh = new MeshHttpClient({ secretId: 'mesh.example.com/mail', secretsManager: new SecretsManager({}) });
      mesh.fetch('https://mesh.example.com/schedule/events').then(async (response) => {
        console.log(response.status, await response.text());
        mesh.close();
      });`;
    const env = { PATH: process.env['PATH'], ...at.access.environment };
    // In the repository, where the app finds the package and the SDK.
    const cwd = join(__dirname, '..', '..', '..');
    expect(execFileSync(process.execPath, ['-e', app], { cwd, env, encoding: 'utf8', stdio: 'pipe' })).toBe(
      '200 mail\n',
    );
  });

  test('says where the mesh publishes the authorities of clients, from which fetch writes them', async () => {
    const { clientAuthoritiesUrl } = client('mail');
    const args = ['fetch', '--client', 'mail', '--client-ca', clientAuthoritiesUrl, '--out', 'fetched'];
    const environment = { ...environmentOf(at.place), ...at.access.environment };
    const fetch = new Run(process.execPath, [COMMAND, ...args], at.place.cwd, environment);
    expect([await fetch.ended(), fetch.stderr]).toEqual([0, '']);
    expect(readFileSync(join(at.place.cwd, 'fetched', 'client-ca.pem'), 'utf8')).toContain('BEGIN CERTIFICATE');
    rmSync(join(at.place.cwd, 'fetched'), { recursive: true });
  });

  test('gives an environment with which the other commands operate it', async () => {
    const list = new Run(process.execPath, [COMMAND, 'list', '--json'], at.place.cwd, {
      ...environmentOf(at.place),
      ...at.access.environment,
    });
    expect(await list.ended()).toBe(0);
    expect(list.stdout).toMatch(/^\{"clientName":"mail",.*\n\{"clientName":"social",.*\n$/);
  });

  test('keeps another one from using its directory', async () => {
    const run = up(at.place, '--app', assembly, '--out', 'identities/of clients');
    expect(await run.ended()).toBe(1);
    expect(run.stderr).toMatch(
      new RegExp(
        `^error: the directory identities/of clients is in use by another \`mtls-mesh up\` \\(process ${at.run.process.pid}\\)`,
      ),
    );
    expect(readFileSync(join(at.place.cwd, client('mail').files.certificate), 'utf8')).toMatch(/^-----BEGIN/);
    expect(readFileSync(join(at.place.cwd, 'identities/of clients/.gitignore'), 'utf8')).toBe('*\n');
  });

  test('gives an environment with which an SDK reads what the files hold', async () => {
    const { secretId, files } = client('mail');
    const { certificate, privateKey } = await secretOf(secretId);
    expect(readFileSync(join(at.place.cwd, files.certificate), 'utf8')).toBe(certificate);
    expect(readFileSync(join(at.place.cwd, files.privateKey), 'utf8')).toBe(privateKey);
  });

  test('has files that follow a secret within a second', async () => {
    const { secretId, files } = client('social');
    const before = await secretOf(secretId);
    await secretsManager().send(new RotateSecretCommand({ SecretId: secretId }));

    const path = join(at.place.cwd, files.privateKey);
    while (readFileSync(path, 'utf8') === before.privateKey) await new Promise((resolve) => setTimeout(resolve, 20));
    const { certificate, privateKey } = await secretOf(secretId);
    expect(readFileSync(path, 'utf8')).toBe(privateKey);
    expect(readFileSync(join(at.place.cwd, files.certificate), 'utf8')).toBe(certificate);
    expect(mode(path)).toBe('600');
  });

  test('keeps the files of a client whose secret has the key of another', async () => {
    const { privateKey } = await secretOf(client('mail').secretId);
    const { secretId, files } = client('social');
    const before = await secretOf(secretId);
    await secretsManager().send(
      new PutSecretValueCommand({ SecretId: secretId, SecretString: JSON.stringify({ ...before, privateKey }) }),
    );
    // The files of mail follow its secret after those of social could have.
    await secretsManager().send(new RotateSecretCommand({ SecretId: client('mail').secretId }));
    const path = join(at.place.cwd, client('mail').files.privateKey);
    while (readFileSync(path, 'utf8') === privateKey) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(readFileSync(join(at.place.cwd, files.privateKey), 'utf8')).toBe(before.privateKey);
    expect(readFileSync(join(at.place.cwd, files.certificate), 'utf8')).toBe(before.certificate);
  });

  test('ends on a signal, even when it comes twice, and leaves no file and no process', async () => {
    at.run.process.kill('SIGINT');
    at.run.process.kill('SIGINT');
    expect(await at.run.ended()).toBe(0);
    rmSync(join(at.place.temporary, 'password'));
    expect(remains(at.place)).toEqual([]);
  });
});

test('a person is told where the clients are called and how a shell reaches the services', async () => {
  const here = place();
  const run = up(here, '--app', assembly);
  await run.prints(/Press Ctrl-C to stop/);
  expect(run.stdout).toMatch(/│ mail +│ spiffe:\/\/mesh\.example\.com\/mail +│ \d{4}-\S+Z │/);
  expect(run.stdout).toMatch(
    /^ {2}curl --noproxy '\*' --connect-to mesh\.example\.com:443:127\.0\.0\.1:\d+ \\\n(.*\\\n)*.*mail\/certificate\.pem/m,
  );
  const long = run.stdout.split('\n').filter((line) => line.length > 80);
  // Paths and ARNs are never broken.
  expect(long.filter((line) => !/MTLS_MESH_CA_FILE|--secret-id|--client-ca/.test(line))).toEqual([]);

  const lines = run.stdout.split('\n').filter((line) => /^ {2}(unset|export) /.test(line));
  const real = { AWS_PROFILE: 'production', AWS_SESSION_TOKEN: 'of-a-real-account' };
  const print = 'node -p "JSON.stringify(process.env)"';
  const environment = JSON.parse(
    execFileSync('sh', ['-c', [...lines, print].join('\n')], {
      env: { ...environmentOf(here), ...real },
      encoding: 'utf8',
    }),
  );
  expect(environment.AWS_ENDPOINT_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['AWS_PROFILE']));
  expect(Object.keys(environment)).not.toEqual(expect.arrayContaining(['AWS_SESSION_TOKEN']));

  run.process.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  expect(remains(here)).toEqual([]);
});

test('a client that keeps its own key is there, without files', async () => {
  const assembly = join(root, 'own-key.out');
  synthesizeExample(assembly, (mesh) => mesh.addClient('groups', { ownKey: true }));
  const at = place();
  const run = up(at, '--app', assembly, '--json');
  await run.prints(/^\{.*\}\n/m);
  const { clients } = JSON.parse(run.stdout);
  expect(clients).toEqual([
    { name: 'groups', spiffeId: 'spiffe://mesh.example.com/groups' },
    expect.objectContaining({ name: 'mail', files: expect.anything() }),
    expect.objectContaining({ name: 'social', files: expect.anything() }),
  ]);
  run.process.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  expect(remains(at)).toEqual([]);
});

withCurl('servers on this machine answer for the services that have targets', async () => {
  const assembly = join(root, 'targets.out');
  synthesizeExample(assembly, (mesh) => {
    for (const name of ['groups', 'users']) {
      mesh.addService(name, { integration: MeshIntegration.http(`https://${name}.invalid/v1`) }).allowAllClients();
    }
  });
  const server = createHttpServer((request, response) =>
    response.end(`${request.url} for ${request.headers['x-mesh-client-name']}`),
  ).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.on('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const at = place();
  try {
    const targets = ['--target', `groups=${port}`, '--target', `users=http://127.0.0.1:${port}`];
    const run = up(at, '--app', assembly, '--json', ...targets);
    await run.prints(/^\{.*\}\n/m);
    const { clients } = JSON.parse(run.stdout);
    const [{ curl }] = clients as readonly [{ curl: string }];
    expect(curl).toMatch(/mesh\.example\.com\/groups$/);
    for (const name of ['groups', 'users']) {
      const line = `${curl.replace(/groups$/, name)}/7 --silent --show-error`;
      // Not synchronous: the server answers in this process.
      const call = new Run('sh', ['-c', line], at.cwd, environmentOf(at));
      expect(await call.ended()).toBe(0);
      expect(call.stdout).toBe('/v1/7 for mail');
    }
    run.process.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
  } finally {
    server.closeAllConnections();
    server.close();
  }
  expect(remains(at)).toEqual([]);
});

test('a signal during the deployment ends the mesh once it is up', async () => {
  const here = place();
  const run = up(here, '--app', assembly);
  await run.prints(/CREATE_COMPLETE/);
  run.process.kill('SIGINT');
  expect(await run.ended()).toBe(0);
  expect(remains(here)).toEqual([]);
});

withTerminal(
  'Ctrl-C on a terminal leaves nothing behind',
  async () => {
    const here = place();
    const line = `stty rows 24 cols 80; exec "${process.execPath}" "${COMMAND}" up --app "${assembly}"`;
    const run = new Run('script', ['-qfec', line, '/dev/null'], here.cwd, environmentOf(here));
    await run.prints(/Press Ctrl-C to stop/);
    expect(run.stdout).toContain('\u001b[2K');
    run.process.stdin?.write('\u0003');
    expect(await run.ended()).toBe(0);
    expect(remains(here)).toEqual([]);
  },
  60_000,
);

describe('what can not be brought up is refused in one line, and leaves nothing', () => {
  const refused = async (at: Place, ...args: readonly string[]) => {
    const before = remains(at);
    const run = up(at, ...args);
    const code = await run.ended();
    const lines = run.stderr.trimEnd().split('\n');
    // What the command line says is wrong by itself, or with this app.
    expect([code, lines]).toEqual([/^error: (option|unknown option) /.test(lines[0] ?? '') ? 64 : 1, lines]);
    expect(run.stdout).toBe('');
    expect(remains(at)).toEqual(before);
    return lines;
  };
  const withCdkJson = (text: string) => {
    const at = place();
    writeFileSync(join(at.cwd, 'cdk.json'), text);
    return at;
  };

  test.each(['65536', '80a', '-1', ''])('a port %j', async (port) => {
    expect(await refused(place(), '--port', port)).toEqual([
      expect.stringMatching(/^error: option '--port <n>' argument '.*' is invalid\. must be a number from 0 to 65535$/),
    ]);
  });

  test.each(['groups', 'groups=', '=8080', 'Groups=8080', ''])('a target %j', async (target) => {
    const [line] = await refused(place(), '--target', target);
    expect(line).toMatch(
      /'--target <name=port>' argument '.*' is invalid\. must be the name of a service, an equals sign/,
    );
  });

  test.each(['Place', '=moon', ''])('a parameter %j', async (parameter) => {
    const [line] = await refused(place(), '--parameters', parameter);
    expect(line).toMatch(/'--parameters <name=value>' argument '.*' is invalid\. must be the name of a parameter/);
  });

  test.each([
    ['--parameters', 'ssm:/a=1', '--parameters', 'ssm:/a=2', /must have one value for ssm:\/a$/],
    ['--app', 'ASSEMBLY', '--parameters', 'Place=moon', /parameter Place is not in the template, which has/],
    ['--app', 'ASSEMBLY', '--fallback-endpoint', '4566', /fallbackEndpoint must be the URL of an emulator/],
    ['--target', 'a=1', '--target', 'a=2', /must name one target for a$/],
    ['--app', 'ASSEMBLY', '--target', 'schedule=99999', /the target of schedule must be a port from 1 to 65535/],
    [
      '--app',
      'ASSEMBLY',
      '--target',
      'shedule=8080',
      /the target shedule must be a service of the stack; it has schedule$/,
    ],
    ['--app', 'ASSEMBLY', '--target', 'schedule=8080', /the service schedule is a Lambda function/],
    ['--app', 'ASSEMBLY', '--role', 'Nobody', /the stack has no role "Nobody": its roles are .*ScheduleMesh\/Schedule/],
  ])('the options %s %s %s %s', async (...args) => {
    const pattern = args.at(-1) as RegExp;
    const given = args.slice(0, -1).map((arg) => (arg === 'ASSEMBLY' ? assembly : String(arg)));
    expect((await refused(place(), ...given)).at(-1)).toMatch(pattern);
  });

  test('an option that there is not', async () => {
    expect(await refused(place(), '--stak', 'x')).toEqual([
      "error: unknown option '--stak'",
      '(Did you mean --stack?)',
    ]);
  });

  test('a place without an app', async () => {
    expect(await refused(place())).toEqual([
      'error: found no cdk.json with an "app" in this directory: specify --app with a cdk.out directory or a command',
    ]);
  });

  test.each(['{', '', 'null', '["app"]', '{"context":{}}'])('a cdk.json that says %j', async (text) => {
    expect(await refused(withCdkJson(text))).toEqual([expect.stringMatching(/^error: .*cdk\.json/)]);
  });

  test('an app that fails', async () => {
    const lines = await refused(place(), '--app', 'node -e "process.exit(7)"');
    expect(lines.at(-1)).toBe('error: the command `node -e "process.exit(7)"` failed with exit code 7');
  });

  test('a directory that is not there', async () => {
    const lines = await refused(place(), '--app', 'nowhere.out');
    expect(lines.at(-1)).toMatch(
      /^error: there is no directory nowhere\.out, and the command `nowhere\.out` failed with exit code \d+: specify --app with a directory that `cdk synth --output` has written, or with a command that synthesizes the app$/,
    );
  });

  test('an app that is not one', async () => {
    expect(await refused(place(), '--app', 'node --version')).toEqual([
      process.version,
      'error: the command `node --version` succeeded but did not synthesize a CDK app',
    ]);
  });

  test('a directory that no app was synthesized into', async () => {
    const at = place();
    expect(await refused(at, '--app', at.temporary)).toEqual([expect.stringMatching(/^error: .*manifest\.json/)]);
  });

  test('a stack that the app does not have', async () => {
    expect(await refused(place(), '--app', assembly, '--stack', 'Nowhere')).toEqual([
      expect.stringMatching(/^error: .*Nowhere.*ScheduleMesh/),
    ]);
  });

  test('a port that is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.on('listening', resolve));
    const { port } = taken.address() as { port: number };
    try {
      const lines = await refused(place(), '--app', assembly, '--port', String(port));
      expect(lines.at(-1)).toMatch(new RegExp(`^error: .*${port}`));
    } finally {
      taken.close();
    }
  });

  test('an app in a command runs as the CDK runs it: with the context of its files and the account of the sandbox', async () => {
    const at = withCdkJson(
      JSON.stringify({
        app: `node -e "const e = process.env; console.log(e.CDK_CONTEXT_JSON, e.CDK_DEFAULT_ACCOUNT, e.CDK_DEFAULT_REGION)"`,
        context: { domainName: 'mesh.example.com' },
      }),
    );
    writeFileSync(join(at.cwd, 'cdk.context.json'), JSON.stringify({ 'hosted-zone': 'Z0EXAMPLE', domainName: 'x' }));
    const [first] = await refused(at);
    expect(first).toBe('{"hosted-zone":"Z0EXAMPLE","domainName":"mesh.example.com"} 123456789012 us-east-1');
  });
});
