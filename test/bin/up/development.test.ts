/** `mtls-mesh up` while somebody works on an app: calls that work, roles, logs, and changes. */
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { requestOverTls } from '../../../client';
import { MeshIntegration } from '../../../lib';
import { exampleMesh } from '../../example-mesh';
import { COMMAND, Run } from '../shared/command';
import { parseOutput } from '../shared/output-schema';
import { environmentOf, type Place, place, remains, removePlaces, root, up } from './places';

jest.setTimeout(60_000);
afterAll(removePlaces);

interface Access {
  readonly gatewayPort: number;
  readonly serverAuthority: string;
  readonly urls: readonly string[];
  readonly clients: readonly {
    readonly name: string;
    readonly files?: { readonly certificate: string; readonly certificateChain: string; readonly privateKey: string };
    readonly curl?: string;
    readonly status?: number;
  }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly roles: readonly {
    readonly role: string;
    readonly arn: string;
    readonly environment: Readonly<Record<string, string>>;
  }[];
}

const answers = (status: number, body = 'answer') => `return { statusCode: ${status}, body: '${body}' };`;

/** Synthesizes a mesh with clients and a role that may act as them, and a function for each service. */
function synthesize(directory: string, services: Readonly<Record<string, string>>): void {
  const app = new App({ outdir: directory });
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  const role = new iam.Role(stack, 'MailApp', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  mesh.addClient('mail').grantRead(role);
  mesh.addClient('groups', { ownKey: true }).grantRequest(role);
  for (const [name, body] of Object.entries(services)) {
    const handler = new lambda.Function(stack, `Service-${name}`, {
      runtime: lambda.Runtime.NODEJS_24_X,
      handler: 'index.handler',
      code: lambda.Code.fromInline(`exports.handler = async (event) => { ${body} };`),
    });
    mesh.addService(name, { integration: MeshIntegration.lambdaFunction(handler) }).allowAllClients();
  }
  mesh
    .addService('a-public-service', { integration: MeshIntegration.http('https://service.invalid') })
    .allowAllClients();
  app.synth();
}

/** The line of JSON with that number. */
async function accessIn(run: Run, line = 1): Promise<Access> {
  await run.prints(new RegExp(`^(\\{.*\\}\\n){${line}}`));
  return parseOutput('up', run.stdout.split('\n')[line - 1] ?? '');
}

/** Calls the mesh with the files in the directory of a client. */
async function callWith(directory: string, { cwd }: Place, access: Access, path: string): Promise<Response> {
  const read = (file: string) => readFileSync(join(cwd, file), 'utf8');
  return requestOverTls(`https://mesh.example.com${path}`, undefined, {
    credentials: {
      certificate: read(join(directory, 'certificate.pem')),
      certificateChain: read(join(directory, 'chain.pem')),
      privateKey: read(join(directory, 'private-key.pem')),
    },
    certificateAuthorities: read(access.serverAuthority),
    connectTo: { host: '127.0.0.1', port: access.gatewayPort },
  });
}

async function callAsMail(at: Place, access: Access, path: string): Promise<Response> {
  const { files } = access.clients.find(({ name }) => name === 'mail') ?? {};
  return callWith(dirname(files?.privateKey ?? ''), at, access, path);
}

async function end(run: Run, at: Place): Promise<void> {
  run.process.kill('SIGTERM');
  expect(await run.ended()).toBe(0);
  expect(remains(at)).toEqual([]);
}

describe('a mesh whose services answer differently', () => {
  const at: { place: Place; run: Run; access: Access } = Object.create(null);

  beforeAll(async () => {
    const assembly = join(root, 'different.out');
    synthesize(assembly, {
      broken: `console.log('about to fail'); throw new Error('out of order');`,
      denied: answers(403),
      missing: answers(404),
      schedule: `if (event.rawPath === '/schedule/error') console.error('not good'); ${answers(200)}`,
    });
    at.place = place();
    at.run = up(at.place, '--app', assembly, '--json', '--port', '0', '--role', 'Mesh/MailApp');
    at.access = await accessIn(at.run);
  });

  afterAll(() => at.run?.kill());

  const run = (environment: Readonly<Record<string, string>>, ...args: readonly string[]) =>
    new Run(process.execPath, [COMMAND, ...args], at.place.cwd, { ...environmentOf(at.place), ...environment });

  test('has an example that a service answers with 200, and does not ask services elsewhere', () => {
    const { urls, clients } = at.access;
    expect(urls.map((url) => url.replace('https://mesh.example.com/', ''))).toEqual([
      ...['a-public-service', 'broken', 'denied', 'missing', 'schedule'],
    ]);
    const [, mail] = clients;
    expect(mail).toEqual(expect.objectContaining({ name: 'mail', status: 200 }));
    expect(mail?.curl).toMatch(/ https:\/\/mesh\.example\.com\/schedule$/);
  });

  test('prints nothing of the requests with which it has found the example', () => {
    expect(at.run.stderr).not.toMatch(/out of order/);
  });

  test('prints the log of a function that fails, or logs an error, and of no other', async () => {
    expect((await callAsMail(at.place, at.access, '/schedule')).status).toBe(200);
    expect((await callAsMail(at.place, at.access, '/broken')).status).toBe(500);
    await at.run.prints(
      /\[Mesh\/Service-broken\] INFO about to fail\n\[Mesh\/Service-broken\] ERROR Error: out of order/,
    );
    expect((await callAsMail(at.place, at.access, '/schedule/error')).status).toBe(200);
    await at.run.prints(/\[Mesh\/Service-schedule\] ERROR not good/);
    expect(at.run.stderr).not.toMatch(/START RequestId/);
  });

  test('gives the credentials of a role, with what it is granted and nothing else', async () => {
    const [{ arn, environment }] = at.access.roles as [Access['roles'][0]];
    expect(arn).toMatch(/^arn:aws:iam::\d{12}:role\/.*MailApp/);
    const granted = { ...at.access.environment, ...environment };

    const request = run(granted, 'request', '--client', 'groups');
    expect([await request.ended(), request.stderr]).toEqual([0, '']);
    expect(request.stdout).toMatch(/^groups has a new certificate/);
    expect((await callWith('groups', at.place, at.access, '/schedule')).status).toBe(200);

    const refused = run(granted, 'request', '--client', 'mail');
    expect(await refused.ended()).toBe(1);
    expect(refused.stderr).toMatch(/may not request certificates of this client/);
    const list = run(granted, 'list');
    expect(await list.ended()).toBe(1);
  });

  test('ends', async () => {
    rmSync(join(at.place.cwd, 'groups'), { recursive: true });
    await end(at.run, at.place);
  });
});

test('a mesh whose services are all out of order has an example that says so', async () => {
  const assembly = join(root, 'broken.out');
  synthesize(assembly, { broken: answers(500), missing: answers(404) });
  const at = place();
  const run = up(at, '--app', assembly, '--logs');
  await run.prints(/Press Ctrl-C/);
  expect(run.stdout).toMatch(/https:\/\/mesh\.example\.com\/missing {2}# answers 404$/m);
  expect(run.stdout).toContain(
    'Request certificates for clients that keep their own key, as `--role`:\n\n  mtls-mesh request --client groups\n',
  );
  expect(run.stderr).toMatch(/^\[\S+Deployment\S*\] START RequestId/m);
  await end(run, at);
});

describe('an app that changes', () => {
  /** A project whose app command copies what was synthesized, if it is in order. */
  function project(): Place & { show(assembly: string): void } {
    const at = place();
    const source = (assembly: string) =>
      writeFileSync(join(at.cwd, 'source.json'), JSON.stringify({ assembly: join(root, assembly) }));
    writeFileSync(
      join(at.cwd, 'app.js'),
      `const fs = require('node:fs');
       const { assembly } = JSON.parse(fs.readFileSync('source.json', 'utf8'));
       fs.cpSync(assembly, process.env.CDK_OUTDIR, { recursive: true });`,
    );
    writeFileSync(join(at.cwd, 'cdk.json'), JSON.stringify({ app: 'node app.js', watch: { exclude: 'tmp' } }));
    return { ...at, show: source };
  }

  beforeAll(() => {
    synthesize(join(root, 'first.out'), { schedule: answers(200, 'first') });
    synthesize(join(root, 'second.out'), { schedule: answers(200, 'second'), users: answers(200, 'users') });
    synthesize(join(root, 'wrong.out'), { schedule: answers(200, 'wrong') });
    const file = join(root, 'wrong.out', 'Mesh.template.json');
    const template = JSON.parse(readFileSync(file, 'utf8'));
    template.Outputs = { Wrong: { Value: { Ref: 'Nowhere' } } };
    writeFileSync(file, JSON.stringify(template));
  });

  test('is deployed again, and a change that fails leaves the mesh as it was', async () => {
    const at = project();
    at.show('first.out');
    const run = up(at, '--watch', '--json');
    const first = await accessIn(run);
    expect(await (await callAsMail(at, first, '/schedule')).text()).toBe('first');

    writeFileSync(join(at.cwd, 'source.json'), '{');
    await run.prints(/^error: the command `node app\.js` failed with exit code 1$/m);
    at.show('wrong.out');
    await run.prints(/^error: .*Nowhere/m);
    expect(await (await callAsMail(at, first, '/schedule')).text()).toBe('first');

    at.show('second.out');
    const second = await accessIn(run, 2);
    expect(second.gatewayPort).toBe(first.gatewayPort);
    expect(second.urls).toContain('https://mesh.example.com/users');
    expect(await (await callAsMail(at, second, '/schedule')).text()).toBe('second');
    expect(await (await callAsMail(at, second, '/users')).text()).toBe('users');

    run.process.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(remains(at)).toEqual(['app.js', 'cdk.json', 'source.json']);
  });

  test('is deployed again when its synthesized directory is written again', async () => {
    const at = place();
    const assembly = join(at.cwd, 'cdk.out');
    cpSync(join(root, 'first.out'), assembly, { recursive: true });
    const run = up(at, '--app', 'cdk.out', '--watch', '--json');
    await accessIn(run);
    cpSync(join(root, 'second.out'), assembly, { recursive: true });
    expect((await accessIn(run, 2)).urls).toContain('https://mesh.example.com/users');
    run.process.kill('SIGTERM');
    expect(await run.ended()).toBe(0);
    expect(remains(at)).toEqual(['cdk.out']);
  });
});
