import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';

const root = join(__dirname, '..', '..');

const ENVIRONMENT = {
  TRUST_DOMAIN: 'mesh.example.com',
  REGISTRY_TABLE: 'mtls-mesh.mesh.example.com',
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'secret',
  // Nobody listens there.
  AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
};

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
  test('the authorizer holds nothing but this package’s own code and what signs its calls', () => {
    const packages = bundledFiles('lambda/authorizer/index.ts').filter((file) => file.startsWith('node_modules/'));

    expect(packages).toEqual([expect.stringMatching(/^node_modules\/aws4fetch\//)]);
  });

  test('the authorizer is small', () => {
    expect(statSync(join(root, 'assets', 'authorizer', 'index.js')).size).toBeLessThan(24_000);
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
      env: ENVIRONMENT,
    });

    expect(status).toBe(0);
  });

  test.each([
    ['null', 'UnknownEventError'],
    ['"Step"', 'UnknownEventError'],
    ['{ Records: [] }', 'UnknownEventError'],
    ['{ source: "example" }', 'UnknownEventError'],
    ['{ Step: "deleteSecret" }', 'RotationError'],
    ['{ RequestType: "Create" }', 'CustomResourceEventError'],
  ])('the issuer refuses an event that is of no kind it knows: %s', (event, error) => {
    expect(outputOfIssuer(event)).toContain(`thrown ${error}`);
  });

  test('the issuer tells of a rotation that failed, and fails it', () => {
    const event = JSON.stringify({
      Step: 'createSecret',
      SecretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:other.example.com/mail-AbCdEf',
      ClientRequestToken: '7a6b5c4d-1111-4222-8333-944455556666',
    });

    const output = outputOfIssuer(event);

    expect(output).toContain('"RotationsFailed":1');
    expect(output).toContain(
      '"event":"audit-incomplete","failure":"the event \\"Certificate Rotation Failed\\" could not be sent"',
    );
    expect(output).toContain('thrown RotationError');
  });
});

/** What the issuer logs, and at last what it answers, or the name of the error that it throws. */
function outputOfIssuer(event: string): string {
  const bundle = join(root, 'assets', 'certificate-issuer', 'index.js');
  const context = '{ getRemainingTimeInMillis: () => 20000, logGroupName: "group", logStreamName: "stream" }';
  const program = `require(${JSON.stringify(bundle)}).handler(${event}, ${context}).then((answer) => console.log('answered', JSON.stringify(answer)), (error) => console.log('thrown', error.name))`;
  return spawnSync(process.execPath, ['-e', program], { env: ENVIRONMENT }).stdout.toString();
}
