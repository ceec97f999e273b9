/** The command as it ships, over a mesh in the sandbox, with the permissions of an operator. */
import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { ActionResult, ConsoleState } from '../../../bin/console/state';
import { Sandbox } from '../../../sandbox';
import { addScheduleService, exampleMesh } from '../../example-mesh';
import { killRuns } from '../shared/command';
import { parseOutput } from '../shared/output-schema';
import { RunningConsole } from './running-console';

const OPERATOR = 'operator';
/** May query the registry, and do nothing else. */
const READER = 'reader';

let sandbox: Sandbox;

beforeAll(async () => {
  const app = new App();
  const stack = new Stack(app, 'ConsoleMesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  for (const client of ['mail', 'social']) mesh.addClient(client);
  const roleNamed = (roleName: string) =>
    new iam.Role(stack, roleName, { roleName, assumedBy: new iam.AccountRootPrincipal() });
  mesh.operatorPolicy.attachToRole(roleNamed(OPERATOR));
  const readsRegistry = new iam.PolicyStatement({ actions: ['dynamodb:Query'], resources: ['*'] });
  roleNamed(READER).addToPolicy(readsRegistry);
  sandbox = await Sandbox.deploy(app);
}, 60_000);

afterAll(async () => {
  await killRuns();
  await sandbox?.close();
});

async function stateOf({ url }: RunningConsole): Promise<ConsoleState> {
  const response = await fetch(`${url}api/state`);
  expect(response.status).toBe(200);
  return (await response.json()) as ConsoleState;
}

async function act({ url }: RunningConsole, path: string, body: object = {}): Promise<ActionResult> {
  const response = await fetch(`${url}api/clients/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: new URL(url).origin },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as ActionResult;
}

const call = (client: string, path: string) => sandbox.fetch(client, `https://mesh.example.com${path}`);

test('an operator sees calls and refusals with why, and operates clients', async () => {
  await call('mail', '/schedule/events');
  await call('mail', '/elsewhere');
  const opened = await RunningConsole.start(sandbox, OPERATOR);

  const { trustDomain, registry, traffic } = await stateOf(opened);
  expect([trustDomain, registry.failure, traffic.failure]).toEqual(['mesh.example.com', undefined, undefined]);
  expect(registry.value?.clients.map(({ clientName, state }) => [clientName, state])).toEqual([
    ['mail', 'ENABLED'],
    ['social', 'ENABLED'],
  ]);
  expect(traffic.value?.calls).toEqual([
    expect.objectContaining({ from: 'client-mail', to: 'service-schedule', allowed: 1, failed: 0, refused: 0 }),
  ]);
  expect(traffic.value?.gaps).toEqual([]);
  expect(traffic.value?.decisions).toContainEqual(
    expect.objectContaining({
      isAllowed: true,
      clientName: 'mail',
      request: 'GET /schedule/events',
      status: 200,
      why: 'grant ANY /schedule/* of schedule',
    }),
  );

  const { serialNumber } = await sandbox.clientSecret('social');
  expect(await act(opened, 'social/disable')).toEqual({ done: ['social is disabled'], failures: [] });
  await sandbox.advance(10_000);
  expect((await call('social', '/schedule/events')).status).toBe(403);
  expect(await act(opened, 'social/enable')).toEqual({ done: ['social is enabled'], failures: [] });
  const revocation = { reason: 'KEY_COMPROMISE', certificates: 'all', rotate: true };
  expect(await act(opened, 'social/revoke', revocation)).toEqual({
    done: [
      `social ${serialNumber} is revoked (KEY_COMPROMISE)`,
      expect.stringMatching(/^social has a new certificate: /),
    ],
    failures: [],
  });
  const shown = (await (await fetch(`${opened.url}api/clients/social`)).json()) as {
    readonly certificates: readonly { readonly serialNumber: string; readonly revokedBy?: string }[];
  };
  expect(shown.certificates.find((one) => one.serialNumber === serialNumber)?.revokedBy).toMatch(
    /:assumed-role\/operator\//,
  );

  parseOutput('console', opened.printed.stdout);
  expect(opened.printed.stderr).toContain('Open this URL in a browser on this machine.');
  expect(await opened.stop()).toBe(0);
});

test('a refusal of the authorizer is among them, with the client', async () => {
  await act(await RunningConsole.start(sandbox, OPERATOR), 'mail/disable');
  await sandbox.advance(10_000);
  expect((await call('mail', '/schedule/events')).status).toBe(403);
  const { traffic } = await stateOf(await RunningConsole.start(sandbox, OPERATOR));
  expect(traffic.value?.refusals).toContainEqual(
    expect.objectContaining({
      code: 'CLIENT_DISABLED',
      callers: expect.arrayContaining([{ caller: 'mail', count: 1 }]),
    }),
  );
});

test('what the credentials do not allow is an error by its name', async () => {
  const { registry, traffic } = await stateOf(await RunningConsole.start(sandbox, READER));
  expect(registry).toEqual({ failure: expect.stringContaining('dynamodb:BatchGetItem failed with AccessDenied') });
  expect(traffic).toEqual({ failure: expect.stringContaining('apigateway:GetApiMappings failed with AccessDenied') });
});
