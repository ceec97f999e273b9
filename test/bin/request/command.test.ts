import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, killRuns, Run } from '../shared/command';

const CLIENT = ['--client', 'mail'];
const URL_OF_ISSUER = 'https://abc123.lambda-url.us-west-2.on.aws/';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'mtls-mesh-request-'));
});

afterEach(async () => {
  await killRuns();
  rmSync(root, { recursive: true, force: true });
});

async function run(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const started = new Run(process.execPath, [COMMAND, 'request', ...args], root, {
    PATH: process.env['PATH'],
    ...environment,
  });
  const code = await started.ended();
  return { code, stdout: started.stdout, stderr: started.stderr };
}

test.each([
  ['no text of a URL', 'abc'],
  ['a URL without TLS', 'http://abc123.lambda-url.us-west-2.on.aws/'],
  ['a URL without TLS that only begins like loopback', 'http://127.0.0.1.example.com/'],
  ['a URL with a password', 'https://user:password@abc123.lambda-url.us-west-2.on.aws/'],
  ['a file', 'file:///etc/passwd'],
])('%s is refused, wherever it comes from', async (_name, url) => {
  const refused = {
    code: 64,
    stdout: '',
    stderr: expect.stringContaining('must be an https URL, such as https://<id>'),
  };
  expect(await run([...CLIENT, '--url', url])).toEqual(refused);
  expect(await run(CLIENT, { MTLS_MESH_REQUEST_URL: url })).toEqual(refused);
});

test.each([
  ['no client', ['--url', URL_OF_ISSUER], "required option '--client <name>' not specified"],
  ['no URL', CLIENT, "required option '--url <url>' not specified"],
  ['a name that is none', ['--client', '../mail', '--url', URL_OF_ISSUER], 'must be a DNS label'],
  [
    'another key algorithm',
    [...CLIENT, '--url', URL_OF_ISSUER, '--key-algorithm', 'DSA'],
    'Allowed choices are EC_prime256v1',
  ],
])('%s is refused by its name', async (_name, args, message) => {
  expect(await run(args)).toEqual({ code: 64, stdout: '', stderr: expect.stringContaining(message) });
  expect(readdirSync(root)).toEqual([]);
});

test('a failure is one line, and exit code 1', async () => {
  const nowhere = {
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
  expect(await run([...CLIENT, '--url', URL_OF_ISSUER], nowhere)).toEqual({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^error: found no AWS credentials: .*\n$/),
  });
  expect(readdirSync(root)).toEqual([]);
});
