import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { HttpMethod } from 'aws-cdk-lib/aws-apigatewayv2';
import { XMLValidator } from 'fast-xml-parser';
import { answerOf, type PossibleRequest } from '../../bin/can/can';
import { drawingOf } from '../../bin/graph/drawing';
import { edgesOf, markedEdges } from '../../bin/graph/edges';
import { flowchart } from '../../bin/graph/flowchart';
import { synthesizedGrants } from '../../bin/shared/grants/synthesized-grants';
import { ExternalIdentity, MeshIntegration, TrustAnchorSource } from '../../lib';
import { exampleMesh } from '../example-mesh';
import { newFunction } from '../lib/mesh-stack';
import { createRoot } from '../pki/authorities';
import { COMMAND, killRuns, Run } from './shared/command';
import { parseOutput } from './shared/output-schema';

let directory: string;
let partner: string;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'mtls-mesh-test-'));
  partner = (await createRoot('Partner Root')).pem;
  synthesize('before', false);
  synthesize('after', true);
});
afterAll(async () => {
  await killRuns();
  rmSync(directory, { recursive: true, force: true });
});

const at = (name: string) => join(directory, name);

function synthesize(name: string, isLater: boolean): void {
  const app = new App({ outdir: at(name) });
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  const integration = MeshIntegration.lambdaFunction(newFunction(stack, 'Answer'));
  const [schedule, files] = [mesh.addService('schedule', { integration }), mesh.addService('files', { integration })];
  const trustAnchor = mesh.addTrustAnchor('partner', TrustAnchorSource.fromPem(partner));
  const billing = mesh.addExternalClient('billing', { trustAnchor, identity: ExternalIdentity.subject('CN=billing') });
  const keeper = mesh.addClient('keeper', { ownKey: true });
  schedule.allow(keeper, { methods: [HttpMethod.GET, HttpMethod.POST], path: '/events/{id}' });
  if (isLater) schedule.allow(billing);
  else schedule.allow(keeper, { methods: [HttpMethod.DELETE], path: '/events/{id}' });
  files.allowAllClients({ methods: [HttpMethod.GET], path: '/{path+}' });
  app.synth();
}

describe('whether a client may make a request', () => {
  test.each<[string, PossibleRequest, object]>([
    [
      'by its own grant',
      { client: 'keeper', method: 'POST', path: '/schedule/events/5' },
      { allowed: true, grant: 'GET,POST /schedule/events/{id}', service: 'schedule' },
    ],
    [
      'by a grant of all clients',
      { client: 'billing', method: 'GET', path: '/files/a/b' },
      { allowed: true, grant: 'GET /files/{path+}', service: 'files' },
    ],
    [
      'without a grant',
      { client: 'keeper', method: 'PUT', path: '/schedule/events/5' },
      { allowed: false, reason: 'no grant lets keeper call PUT /schedule/events/5' },
    ],
    [
      'by a path that servers read differently',
      { client: 'keeper', method: 'GET', path: '/files/a/%2e%2e/b' },
      { allowed: false, reason: 'the path is ambiguous: it contains a dot segment' },
    ],
    [
      'of another mesh',
      { client: 'stranger', method: 'GET', path: '/files/a' },
      { allowed: false, reason: 'the mesh has no client stranger' },
    ],
    [
      'with any name',
      { client: '*', method: 'GET', path: '/files/a' },
      { allowed: false, reason: 'the mesh has no client *' },
    ],
  ])('%s', (_what, request, answer) => {
    expect(answerOf(request, synthesizedGrants(at('before')))).toEqual(answer);
  });

  test('while it is disabled', () => {
    const grants = synthesizedGrants(at('before'));
    const clients = grants.clients.map((client) => ({ ...client, disabled: true }));
    expect(answerOf({ client: 'keeper', method: 'GET', path: '/files/a' }, { ...grants, clients })).toEqual({
      allowed: false,
      reason: 'the client keeper is disabled',
    });
  });
});

test('a comparison marks the grants that only one side has', () => {
  const [before, after] = ['before', 'after'].map((name) => edgesOf(synthesizedGrants(at(name))));
  const marked = markedEdges(before ?? [], after ?? []).flatMap(({ change, clientName, grant }) =>
    change ? [`${change} ${clientName} ${grant}`] : [],
  );
  expect(marked.sort()).toEqual(['added billing ANY /schedule/*', 'removed keeper DELETE /schedule/events/{id}']);
});

test('a flowchart has clients, services, and grants, with nothing that Mermaid reads as its own', () => {
  const grants = synthesizedGrants(at('after'));
  const drawing = drawingOf(grants, edgesOf(grants));
  expect(flowchart(drawing).split('\n')).toEqual([
    'flowchart LR',
    '  all-clients("all clients")',
    '  client-billing("billing (external: partner)")',
    '  client-keeper("keeper")',
    '  service-files["files"]',
    '  service-schedule["schedule"]',
    '  all-clients -->|"GET /files/#123;path+#125;"| service-files',
    '  client-billing -->|"ANY /schedule/#42;"| service-schedule',
    '  client-keeper -->|"GET,POST /schedule/events/#123;id#125;"| service-schedule',
  ]);
});

describe('the commands', () => {
  const run = async (...args: readonly string[]) => {
    const started = new Run(process.execPath, [COMMAND, ...args], directory, { PATH: process.env['PATH'] });
    return { code: await started.ended(), stdout: started.stdout, stderr: started.stderr };
  };

  test('can exits with 3 for no, and --json follows the schema', async () => {
    const yes = await run('can', 'keeper', 'post', '/schedule/events/5', '--app', 'before', '--json');
    expect(yes).toMatchObject({ code: 0, stderr: '' });
    expect(parseOutput('can', yes.stdout.trim())).toMatchObject({ allowed: true, method: 'POST' });

    const no = await run('can', 'keeper', 'PUT', '/schedule/events/5', '--app', 'before');
    expect(no).toEqual({ code: 3, stdout: 'no: no grant lets keeper call PUT /schedule/events/5\n', stderr: '' });
  });

  test.each([
    [['can', 'keeper', 'GET', '/a'], 'error: specify --mesh for a deployed mesh, or --app with a cdk.out directory'],
    [['can', 'Keeper', 'GET', '/a'], 'must be a DNS label'],
    [['can', 'keeper', 'GET /x', '/a'], 'must be a method, such as POST'],
    [['can', 'keeper', 'GET', 'a'], 'must start with a slash'],
    [['graph', '--app', 'before', '--json', '--svg', 'x.svg'], 'error: --json and --svg can not be combined'],
  ])('a wrong command line is named: %j', async (args, message) => {
    const { code, stderr } = await run(...args);
    expect(stderr).toContain(message);
    expect(code).toBe(64);
  });

  test('a directory that is no app is named', async () => {
    const { code, stderr } = await run('graph', '--app', 'nowhere');
    expect(stderr).toContain('nowhere must be the output of cdk synth, but it has no manifest.json');
    expect(code).toBe(1);
  });

  test('graph prints JSON by the schema, and draws a picture', async () => {
    const { stdout } = await run('graph', '--app', 'after', '--against', 'before', '--json');
    const graph = parseOutput('graph', stdout.trim()) as { readonly grants: readonly { readonly change?: string }[] };
    expect(graph.grants.map(({ change }) => change ?? 'both').sort()).toEqual(['added', 'both', 'both', 'removed']);

    expect(await run('graph', '--app', 'after', '--svg', 'mesh.svg')).toMatchObject({ code: 0 });
    const svg = readFileSync(at('mesh.svg'), 'utf8');
    expect(XMLValidator.validate(svg)).toBe(true);
    expect(svg).toContain('billing (external: partner)');
    expect(svg).not.toMatch(/https?:\/\/(?!www\.w3\.org)/);
  });
});
