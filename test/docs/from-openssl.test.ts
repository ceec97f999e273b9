/** The page's commands, by the programs that they name, and its constructs, in a sandbox. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { ExternalIdentity, TrustAnchorSource } from '../../lib';
import { Sandbox, TlsRequestError } from '../../sandbox';
import { COMMAND, killRuns, Run } from '../bin/shared/command';
import { addScheduleService, exampleMesh } from '../example-mesh';
import { describeWith } from '../programs';
import { blocksOf, readPage } from './markdown';

jest.setTimeout(120_000);

const SCHEDULE = 'https://mesh.example.com/schedule';

/** The text of the page below a heading. */
function section(heading: string): string {
  const [, text] = readPage('docs/from-openssl.md').split(`\n## ${heading}\n`);
  if (text === undefined) throw new Error(`the page has no heading "${heading}"`);
  return text.split('\n## ')[0] ?? '';
}

/** The constructs below a heading, as a function of the mesh. */
function constructsOf(heading: string) {
  const [code = ''] = blocksOf(section(heading), 'ts');
  const body = code
    .replace(/^import .*$/gm, '')
    .replaceAll("'ca.crt'", 'authority')
    .replaceAll('(this,', '(stack,');
  const names = ['mesh', 'stack', 'mailRole', 'authority', 'CfnOutput', 'ExternalIdentity', 'TrustAnchorSource'];
  return new Function(...names, body);
}

const ANCHOR = 'Identify the clients';
const MOVED = 'Move client by client';
const OWN_KEY = 'Keep the key on the machine';

describeWith(
  'openssl',
  'curl',
  'sh',
)('from openssl scripts to a mesh', () => {
  let directory: string;
  let sandbox: Sandbox;

  /** A mesh with what the page adds under the headings. */
  function appWith(...headings: readonly string[]): App {
    const app = new App();
    const stack = new Stack(app, 'Moving');
    const mesh = exampleMesh(stack);
    addScheduleService(stack, mesh);
    const mailRole = new Role(stack, 'MailRole', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    new CfnOutput(stack, 'MailRoleArn', { value: mailRole.roleArn });
    const authority = join(directory, 'ca.crt');
    for (const heading of headings) {
      constructsOf(heading)(mesh, stack, mailRole, authority, CfnOutput, ExternalIdentity, TrustAnchorSource);
    }
    return app;
  }

  function environment(): NodeJS.ProcessEnv {
    return {
      PATH: `${join(directory, 'bin')}:${process.env['PATH']}`,
      HOME: directory,
      CURL_HOME: directory,
      ...(sandbox && {
        ...sandbox.environment({ role: sandbox.outputs['MailRoleArn'] ?? '' }),
        MTLS_MESH_REQUEST_URL: sandbox.outputs['RequestUrl'],
      }),
    };
  }

  /** Runs the shell commands below a heading, or those of the one block that is named. Returns what they print. */
  async function run(heading: string, block = 0): Promise<string> {
    const script = (blocksOf(section(heading), 'sh')[block] ?? '').replace(/^.*=<.*$/gm, '');
    expect(script.trim()).not.toBe('');
    // Not at once, because the sandbox is in this process.
    const shell = new Run('sh', ['-eu', '-c', script], directory, environment());
    const status = await shell.ended();
    expect({ script, status, problem: status === 0 ? '' : shell.stderr }).toEqual({ script, status: 0, problem: '' });
    return shell.stdout;
  }

  const read = (file: string) => readFileSync(join(directory, file), 'utf8');
  const credentials = () => ({
    certificate: read('mail.crt'),
    certificateChain: read('ca.crt'),
    privateKey: read('mail.key'),
  });
  const denials = () =>
    Object.values(sandbox.logs())
      .flat()
      .flatMap((line) => /"event":"denied","code":"([A-Z_]+)"/.exec(line)?.[1] ?? []);

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'from-openssl-'));
    mkdirSync(join(directory, 'bin'));
    writeFileSync(join(directory, 'bin', 'mtls-mesh'), `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
    chmodSync(join(directory, 'bin', 'mtls-mesh'), 0o755);
    await run('Where you start');
    sandbox = await Sandbox.deploy(appWith(ANCHOR));
    const options = [`connect-to = "mesh.example.com:443:127.0.0.1:${sandbox.gatewayPort}"`, 'cacert = "server.pem"'];
    writeFileSync(join(directory, '.curlrc'), [...options, 'silent', 'show-error', 'fail', ''].join('\n'));
    writeFileSync(join(directory, 'server.pem'), sandbox.serverAuthority);
  });

  afterAll(async () => {
    await killRuns();
    await sandbox?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('certificates without a purpose are refused by the reason that the page names', async () => {
    expect((await sandbox.fetch(credentials(), SCHEDULE)).status).toBe(403);
    expect(denials()).toEqual(['NOT_A_CLIENT_CERTIFICATE']);
  });

  test('certificates that are signed again get through, from PEM files and from PKCS#12', async () => {
    expect(await run('Make the certificates client certificates')).toContain('mail.crt: OK');
    expect(await run(ANCHOR)).toBe('subject=CN=mail,O=Example\n');
    expect(await run(ANCHOR, 1)).toBe('mail-legacymail-legacy');
  });

  test('the client of the mesh and the old one both get through, and then only the new one', async () => {
    const old = credentials();
    await sandbox.update(appWith(ANCHOR, MOVED));
    expect(await run(MOVED)).toMatch(/valid until .*\nmail$/s);
    expect(await (await sandbox.fetch(old, SCHEDULE)).text()).toBe('mail-legacy');

    await sandbox.update(appWith(MOVED, OWN_KEY));
    await expect(sandbox.fetch(old, SCHEDULE)).rejects.toThrow(TlsRequestError);
    expect(await (await sandbox.fetch('mail', SCHEDULE)).text()).toBe('mail');
  });

  test('a client that keeps its key gets through', async () => {
    expect(await run(OWN_KEY)).toMatch(/valid until .*\nreport$/s);
  });
});
