import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const root = join(__dirname, '..', '..');

function bundledFiles(entryPoint: string): string[] {
  const options: BuildOptions & { metafile: true } = {
    absWorkingDir: root,
    entryPoints: [entryPoint],
    bundle: true,
    platform: 'node',
    write: false,
    metafile: true,
  };
  return Object.keys(buildSync(options).metafile.inputs);
}

describe('the bundle of', () => {
  test('the authorizer holds nothing but this package’s own code', () => {
    const foreign = bundledFiles('lambda/authorizer/index.ts').filter((file) => !/^(lambda|pki)\//.test(file));

    expect(foreign).toEqual([]);
  });

  test('the authorizer is small', () => {
    expect(statSync(join(root, 'assets', 'authorizer', 'index.js')).size).toBeLessThan(16_000);
  });

  test('the authorizer does not start without a trust domain', () => {
    const bundle = join(root, 'assets', 'authorizer', 'index.js');

    const start = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(bundle)})`], { env: {} });

    expect(start.status).not.toBe(0);
    expect(start.stderr.toString()).toContain('environment variable TRUST_DOMAIN must have only');
  });

  test.each(['authorizer', 'certificate-issuer', 'truststore-publisher'])('%s offers a handler', (name) => {
    const bundle = join(root, 'assets', name, 'index.js');
    const program = `process.exit(typeof require(${JSON.stringify(bundle)}).handler === 'function' ? 0 : 1)`;

    const { status } = spawnSync(process.execPath, ['-e', program], {
      env: { TRUST_DOMAIN: 'mesh.example.com', AWS_REGION: 'eu-central-1' },
    });

    expect(status).toBe(0);
  });

  test('the issuer refuses an event that is of no kind it knows', () => {
    const bundle = join(root, 'assets', 'certificate-issuer', 'index.js');
    const program = `require(${JSON.stringify(bundle)}).handler({ Records: [] }, {}).catch((error) => console.log(error.name))`;

    const { stdout } = spawnSync(process.execPath, ['-e', program], { env: { AWS_REGION: 'eu-central-1' } });

    expect(stdout.toString().trim()).toBe('UnknownEventError');
  });
});
