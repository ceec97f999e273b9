import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConfigOptions, filesOf, programs, runConfig } from '../../../bin/config/config';
import { clientNameProblem } from '../../../mesh/names';

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
    expect(text).not.toMatch(/\b(mail|social|helpdesk|users|groups|equipment)\b/);
    expect(text).not.toContain('mesh.example.com');
  }
});

test('a value of the user that is one of the examples stays', () => {
  const options = { client: 'report', mesh: 'mail.example.org', files: '/srv/mail', allow: ['mail', 'print'] };
  const [, server] = filesOf('apache', options);
  expect(server?.text).toContain('--mesh mail.example.org --client report=/srv/mail');
  expect(server?.text).toContain("'URI:spiffe://mail.example.org/mail' in");
});

describe('the clients that a server admits', () => {
  const rules = (program: string, allow?: readonly string[]) => {
    const text = filesOf(program, { ...OPTIONS, ...(allow && { allow }) })
      .map((file) => file.text)
      .join('\n');
    return [...text.matchAll(/(?<=spiffe:\/\/mesh\.example\.org\/)[\w-]+/g)].map(([name]) => name);
  };
  const NAMING = ['apache', 'wildfly'];

  test('are those of the options', () => {
    for (const program of NAMING) expect(rules(program, ['print', 'fax'])).toEqual(['print', 'fax']);
  });

  test('are without the option a placeholder that is no name of a client, and a line says so', () => {
    for (const program of NAMING) expect(rules(program)).toEqual(['NAME-OF-A-CALLER']);
    const warned = jest.spyOn(console, 'error').mockImplementation(() => undefined);
    runConfig('apache', OPTIONS);
    expect(warned.mock.calls.flat().join()).toMatch(/^replace NAME-OF-A-CALLER in server\.conf .*--allow <client>/);
    expect(clientNameProblem('NAME-OF-A-CALLER')).toBeDefined();
  });

  test.each(programs().filter((program) => !NAMING.includes(program)))('are not named by %s', (program) => {
    expect(rules(program)).toEqual([]);
    expect(() => rules(program, ['print'])).toThrow('leave out --allow');
  });

  test('do not concern a client', () => {
    expect(() => filesOf('apache', { ...OPTIONS, side: 'client', allow: ['print'] })).toThrow('leave out --allow');
  });
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

describe('revocation lists', () => {
  const LISTS = { bucket: 'lists', key: 'crl.pem' };
  const DIRECTIVES: readonly [string, string, string][] = [
    ['nginx', 'server.conf', '    ssl_crl /srv/mesh/crl.pem;\n'],
    ['apache', 'server.conf', '  SSLCARevocationFile /srv/mesh/crl.pem\n  SSLCARevocationCheck chain\n'],
    ['apache-tomcat', 'mesh-site.conf', '  SSLCARevocationFile /srv/mesh/crl.pem\n  SSLCARevocationCheck chain\n'],
    ['apache-tomcat-header', 'mesh-site.conf', '  SSLCARevocationCheck chain\n'],
    ['haproxy', 'server.cfg', ' ca-file /srv/mesh/client-ca.pem crl-file /srv/mesh/crl.pem verify required\n'],
    ['envoy', 'server-client-ca.yaml', '      crl: { filename: /srv/mesh/crl.pem }\n'],
  ];
  const textOf = (program: string, name: string, more: Partial<ConfigOptions>) =>
    filesOf(program, { ...OPTIONS, files: '/srv/mesh', ...more }).find((file) => file.name === name)?.text;

  test.each(DIRECTIVES)('%s uses them in %s, and says what that means', (program, name, directive) => {
    const text = textOf(program, name, { crl: LISTS });
    expect(text).toContain(directive);
    expect(text).toContain('# Refuses revoked clients, and all clients of an authority without a list.\n');
    expect(textOf(program, name, {})).not.toContain('crl');
  });

  test('the agent in the comment is told where they are', () => {
    expect(textOf('nginx', 'server.conf', { crl: LISTS })).toContain(
      '--client report=/srv/mesh \\\n#     --crl s3://lists/crl.pem \\\n#     --reload',
    );
    expect(textOf('envoy', 'server.yaml', { crl: LISTS })).toContain(
      '--client report=/srv/mesh \\\n#     --crl s3://lists/crl.pem\n',
    );
  });

  test('are used without the option if the files of the client have them', () => {
    writeFileSync(join(directory, 'crl.pem'), '');
    expect(textOf('nginx', 'server.conf', { files: directory })).toContain(`ssl_crl ${directory}/crl.pem;`);
    expect(textOf('go', 'server.go', { files: directory })).not.toContain('crl.pem');
  });

  test.each([
    ['go', {}],
    ['curl', {}],
    ['nginx', { side: 'client' }],
  ] as const)('are refused for what can not use them: %s %j', (program, more) => {
    expect(() => filesOf(program, { ...OPTIONS, ...more, crl: LISTS })).toThrow(
      `the example of ${program} uses no revocation lists: leave out --crl`,
    );
  });
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
  expect(() => runConfig('nginx', { ...OPTIONS, side: 'server', out })).toThrow(
    'server.conf exists, and is not replaced: delete it',
  );
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
