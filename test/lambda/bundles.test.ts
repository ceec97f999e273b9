import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, buildSync } from 'esbuild';
import { createEvent } from './custom-resource/requests';

const root = join(__dirname, '..', '..');

const STACK = 'arn:aws:cloudformation:eu-central-1:111122223333:stack/Mesh/11111111-2222-3333-4444-555555555555';

const ENVIRONMENT = {
  STACKS: STACK,
  TRUST_DOMAIN: 'mesh.example.com',
  REGISTRY_TABLE: 'mtls-mesh.mesh.example.com',
  AUTHORITY_ORDERS: '[]',
  LISTING_AUTHORITIES: '[]',
  REVOCATION_LISTS_BUCKET: 'revocation-lists',
  REVOCATION_LISTS_HOURS: '24',
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
  test('the authorizer holds this package’s own code and what signs calls', () => {
    const packages = bundledFiles('lambda/authorizer/index.ts').filter((file) => file.startsWith('node_modules/'));

    expect(packages).toEqual(['node_modules/aws4/lru.js', 'node_modules/aws4/aws4.js']);
  });

  test('the authorizer is small', () => {
    expect(statSync(join(root, 'assets', 'authorizer', 'index.js')).size).toBeLessThan(42_000);
  });

  test('the authorizer does not start without a trust domain', () => {
    const bundle = join(root, 'assets', 'authorizer', 'index.js');

    const start = spawnSync(process.execPath, ['-e', `require(${JSON.stringify(bundle)})`], { env: {} });

    expect(start.status).not.toBe(0);
    expect(start.stderr.toString()).toContain('environment variable TRUST_DOMAIN must have only');
  });

  test.each([
    ['authorizer', ['handler']],
    ['certificate-authority', ['handler']],
    ['revocation-list-publisher', ['handler']],
    ['certificate-issuer', ['deployment', 'maintenance', 'request', 'revocation', 'rotation']],
    ['truststore-publisher', ['handler']],
  ])('%s offers these handlers and nothing else', (name, handlers) => {
    const bundle = join(root, 'assets', name, 'index.js');
    const program = `console.log(Object.keys(require(${JSON.stringify(bundle)})).sort().join())`;

    const { stdout } = spawnSync(process.execPath, ['-e', program], { env: ENVIRONMENT });

    expect(stdout.toString().trim()).toBe(handlers.join());
  });

  /** An event of each kind, as its sender writes it. */
  const EVENTS = {
    deployment: JSON.stringify(createEvent({ StackId: STACK })),
    rotation: JSON.stringify({
      Step: 'testSecret',
      SecretId: 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:mesh.example.com/mail-AbCdEf',
      ClientRequestToken: '7a6b5c4d-1111-4222-8333-944455556666',
    }),
    request: JSON.stringify({
      requestContext: {
        http: { method: 'POST' },
        authorizer: { iam: { userArn: 'arn:aws:sts::111122223333:assumed-role/MailApp/1' } },
      },
      body: JSON.stringify({ clientName: 'mail', certificateSigningRequest: 'none' }),
    }),
    revocation: JSON.stringify({ clientName: 'mail', reason: 'KEY_COMPROMISE', by: 'somebody' }),
    nothing: 'null',
    text: '"Step"',
    unknown: '{ "Records": [] }',
  } as const;

  const REFUSALS = {
    deployment: 'thrown CustomResourceEventError',
    rotation: 'thrown RotationError',
    request: 'answered {"statusCode":405',
    revocation: 'thrown PropertyError',
  } as const;

  const foreign = Object.entries(REFUSALS).flatMap(([handler, refusal]) =>
    Object.entries(EVENTS)
      .filter(([kind]) => kind !== handler)
      .map(([kind, event]) => [handler, kind, refusal, event] as const),
  );

  test.each(foreign)(
    'the issuer serves at its entrance %s no event of another kind: %s',
    (handler, _, refusal, event) => {
      const output = outputOfIssuer(handler, event);
      expect(output).toContain(refusal);
      // Nothing was called.
      expect(output).not.toContain('ECONNREFUSED');
    },
  );

  test('the issuer serves no custom resource of another stack', () => {
    const event = createEvent({ StackId: STACK.replace('stack/Mesh/', 'stack/Attacker/') });
    expect(outputOfIssuer('deployment', JSON.stringify(event))).toMatch(
      /"status":"FAILED","reason":"the mesh does not serve the stack \S+stack\/Attacker\//,
    );
  });

  const rotationOf = (secret: string) =>
    outputOfIssuer(
      'rotation',
      JSON.stringify({
        Step: 'createSecret',
        SecretId: `arn:aws:secretsmanager:eu-central-1:111122223333:secret:${secret}-AbCdEf`,
        ClientRequestToken: '7a6b5c4d-1111-4222-8333-944455556666',
      }),
    );

  test('the issuer tells of a rotation that failed, and fails it', () => {
    const output = rotationOf('mesh.example.com/mail');

    expect(output).toContain('"RotationsFailed":1');
    expect(output).toContain(
      '"event":"audit-incomplete","failure":"the event \\"Certificate Rotation Failed\\" could not be sent"',
    );
    expect(output).toContain('thrown RotationError');
  });

  test("the issuer fails the rotation of a secret that is no client's, and only logs it", () => {
    const output = rotationOf('other.example.com/mail');

    expect(output).toContain('"event":"rotation-refused"');
    expect(output).not.toContain('RotationsFailed');
    expect(output).toContain('thrown RotationError');
  });
});

/** What the issuer logs, and at last what it answers, or the name of the error that it throws. */
function outputOfIssuer(handler: string, event: string): string {
  const bundle = join(root, 'assets', 'certificate-issuer', 'index.js');
  const context =
    '{ getRemainingTimeInMillis: () => 20000, logGroupName: "group", logStreamName: "stream", invokedFunctionArn: "arn:aws:lambda:us-east-1:123456789012:function:f" }';
  const program = `require(${JSON.stringify(bundle)}).${handler}(${event}, ${context}).then((answer) => console.log('answered', JSON.stringify(answer)), (error) => console.log('thrown', error.name))`;
  return spawnSync(process.execPath, ['-e', program], { env: ENVIRONMENT }).stdout.toString();
}
