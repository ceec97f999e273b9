import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Format } from 'esbuild';
import { app, install, node, pinned, tarball } from './packed';

const FORMATS: readonly [Format, string][] = [
  ['cjs', 'js'],
  ['esm', 'mjs'],
];

/** The program as an ES module. */
function asModule(commonjs: string): string {
  return commonjs.replaceAll(
    /^const \{(.*)\} = require\((.*)\);$/gm,
    (_, names: string, path: string) => `import {${names.replaceAll(':', ' as')}} from ${path};`,
  );
}

test.each(FORMATS)(
  'an app in %s synthesizes a mesh without esbuild or Docker, and the sandbox runs it',
  (format, extension) => {
    const program = readFileSync(join(__dirname, 'run-in-sandbox.js'), 'utf8');
    writeFileSync(join(app(), `run.${extension}`), format === 'esm' ? asModule(program) : program);
    expect(JSON.parse(node(app(), `run.${extension}`))).toEqual({ status: 200, caller: 'mail', refused: true });
  },
);

const CLIENT = `
const { MeshHttpClient } = require('cdk-mtls-service-mesh/client');
const secretsManager = { getSecretValue: () => Promise.reject(new Error('down')) };
const client = new MeshHttpClient({ secretId: 'mail', secretsManager });
void client.fetch('https://mesh.example.com/').catch(({ name }) => console.log(name));
const sender = new MeshHttpClient({ secretId: 'mail', secretsManager: { send: async () => ({}) } });
void sender.fetch('https://mesh.example.com/').catch(({ message }) => console.log(message));
`;

test.each(FORMATS)(
  'a bundle of the client in %s loads, also where the AWS SDK is not installed',
  async (format, extension) => {
    const outfile = join(app(), `client-bundle.${extension}`);
    const contents = format === 'esm' ? asModule(CLIENT) : CLIENT;
    const { warnings } = await build({
      stdin: { contents, resolveDir: app(), loader: 'js' },
      bundle: true,
      platform: 'node',
      format,
      outfile,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    const lines = node(app(), outfile).trimEnd().split('\n');
    expect(lines.sort()).toEqual([
      'SecretUnavailableError',
      expect.stringContaining('a SecretsManagerClient needs the package @aws-sdk/client-secrets-manager'),
    ]);
  },
);

const TYPESCRIPT = ['5.6.3', '5.9.3', '6.0.3', '7.0.2'];

/** What programs of services and tests do, in few lines, so that every resolution can be tried. */
const SMALL = `
import { MeshHttpClient, type SecretReader } from 'cdk-mtls-service-mesh/client';
import { Sandbox } from 'cdk-mtls-service-mesh/sandbox';

declare const secretsManager: SecretReader;
const { fetch } = new MeshHttpClient({ secretId: 'mail', secretsManager });
export const standard: typeof globalThis.fetch = fetch;
export const status: Promise<number> = Sandbox.deploy('cdk.out').then(async (sandbox) => {
  const { status } = await sandbox.fetch('mail', new Request('https://mesh.example.com/'));
  await sandbox.close();
  return status;
});
`;

/** `node10` is deprecated in TypeScript 6, and removed in 7. */
const RESOLUTIONS: readonly (readonly [string, string, readonly string[]])[] = [
  ['node10', 'small.ts', ['--module', 'commonjs']],
  ['node16', 'small.ts', ['--module', 'node16']],
  ['node16', 'small.mts', ['--module', 'node16']],
  ['bundler', 'small.ts', ['--module', 'esnext']],
];

describe('the declarations', () => {
  let directory: string;
  const check = (version: string, file: string, ...options: readonly string[]) => {
    const all = ['--noEmit', '--strict', '--target', 'es2022', '--types', 'node', ...options];
    return node(directory, `node_modules/typescript-${version}/bin/tsc`, ...all, file);
  };

  beforeAll(() => {
    const types = pinned('aws-cdk-lib', 'constructs', '@types/node');
    const compilers = TYPESCRIPT.map((version) => `typescript-${version}@npm:typescript@${version}`);
    directory = install('typescript', [tarball(), ...compilers, ...types]);
    for (const file of ['small.ts', 'small.mts']) writeFileSync(join(directory, file), SMALL);
    writeFileSync(join(directory, 'every-class.ts'), readFileSync(join(__dirname, 'every-class.ts.txt')));
  });

  describe.each(TYPESCRIPT)('with TypeScript %s', (version) => {
    test.each(RESOLUTIONS.filter(([resolution]) => resolution !== 'node10' || version < '7'))(
      'type-check a program of client and sandbox by the resolution %s in %s',
      (resolution, file, options) => {
        const deprecated = resolution === 'node10' && version >= '6' ? ['--ignoreDeprecations', '6.0'] : [];
        expect(check(version, file, '--moduleResolution', resolution, ...options, ...deprecated)).toBe('');
      },
    );

    test('type-check a program that uses every public class', () => {
      expect(check(version, 'every-class.ts', '--module', 'node16', '--moduleResolution', 'node16')).toBe('');
    });
  });
});
