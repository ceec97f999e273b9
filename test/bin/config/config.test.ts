import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOf, programs, runConfig } from '../../../bin/config/config';

const OPTIONS = { client: 'report', mesh: 'mesh.example.org' };

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
  jest.spyOn(console, 'log').mockImplementation(() => undefined);
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(directory, { recursive: true, force: true });
});

const printed = () => jest.mocked(console.log).mock.calls.flat().join('\n');

test.each(programs())('%s has the values of the user, and no others', (program) => {
  for (const { text } of filesOf(program, { ...OPTIONS, files: '/srv/mesh' })) {
    expect(text).not.toContain('/etc/mtls-mesh/mail');
    expect(text).not.toContain('mesh.example.com');
    expect(text).not.toMatch(/--client mail\b|the client mail\b/);
  }
});

test('the files of the client are those of the agent by default', () => {
  const [file] = filesOf('nginx', { ...OPTIONS, side: 'client' });
  expect(file?.name).toBe('client.conf');
  expect(file?.text).toContain('proxy_ssl_certificate /etc/mtls-mesh/report/fullchain.pem;');
  expect(file?.text).toContain('--client report=/etc/mtls-mesh/report');
});

test.each([
  ['nginx', 'server', ['server.conf']],
  ['envoy', 'server', ['server-certificate.yaml', 'server-client-ca.yaml', 'server.yaml']],
  ['envoy', 'client', ['client-certificate.yaml', 'client.yaml']],
  ['java', 'client', ['Client.java']],
  ['java', 'server', ['Server.java']],
  ['okhttp', 'client', ['Client.java', 'pom.xml']],
] as const)('%s has files of the side %s', (program, side, names) => {
  expect(filesOf(program, { ...OPTIONS, side }).map(({ name }) => name)).toEqual(names);
});

test.each([
  ['okhttp', 'server'],
  ['jetty', 'client'],
  ['wildfly', 'client'],
  ['curl', 'server'],
] as const)('%s has no files of the side %s', (program, side) => {
  expect(() => filesOf(program, { ...OPTIONS, side })).toThrow(`${program} has no example of a ${side}`);
});

test('prints one file as it is, and several with their names', () => {
  runConfig('nginx', { ...OPTIONS, side: 'server' });
  expect(printed()).toMatch(/^# NGINX in front of a service/);
  jest.mocked(console.log).mockClear();
  runConfig('nginx', OPTIONS);
  expect(printed()).toMatch(/^==> client\.conf <==\n# NGINX(.*\n)*==> server\.conf <==\n# NGINX/);
});

test('writes the files, and replaces none', () => {
  const out = join(directory, 'nginx');
  runConfig('nginx', { ...OPTIONS, side: 'server', out });
  expect(readFileSync(join(out, 'server.conf'), 'utf8')).toContain('/etc/mtls-mesh/report/client-ca.pem');
  expect(existsSync(join(out, 'client.conf'))).toBe(false);
  expect(() => runConfig('nginx', { ...OPTIONS, side: 'server', out })).toThrow('EEXIST');
});

test.each(['../nginx', 'iis', '', 'nginx/../go'])(
  'an unknown program is refused with the known ones: %j',
  (program) => {
    expect(() => filesOf(program, OPTIONS)).toThrow(/^there is no example for .*: there are apache, /);
  },
);

test.each(["/srv/it's", '/srv/a b', '/srv/"', '/srv/$HOME', '/srv/;rm', '/srv/a\nb', '/srv/`id`', '/srv/\\'])(
  'a path that a configuration would have to quote is refused: %j',
  (files) => {
    expect(() => filesOf('nginx', { ...OPTIONS, files })).toThrow('--files must be a path that no configuration');
  },
);
