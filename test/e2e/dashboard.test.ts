import { App, Stack } from 'aws-cdk-lib';
import { Sandbox } from '../../sandbox';
import { addScheduleService, exampleMesh } from '../example-mesh';

let sandbox: Sandbox;
afterEach(() => sandbox?.close());

test('a dashboard is deployed, and what it shows is in the logs: calls by client, and denials by reason', async () => {
  const app = new App();
  const stack = new Stack(app, 'Mesh');
  const mesh = exampleMesh(stack);
  addScheduleService(stack, mesh);
  mesh.addClient('mail');
  mesh.addDashboard();
  sandbox = await Sandbox.deploy(app, { strict: true });

  const call = async (headers: Record<string, string>) => {
    const response = await sandbox.fetch('mail', 'https://mesh.example.com/schedule', { headers });
    await response.body?.cancel();
    return response.status;
  };
  expect(await call({})).toBe(200);
  expect(await call({ 'x-mesh-client-name': 'social' })).toBe(403);

  const lines = Object.values(sandbox.logs())
    .flat()
    .flatMap((line) => line.match(/\{.*\}/)?.map((text) => JSON.parse(text) as Record<string, unknown>) ?? []);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ clientName: 'mail', status: '200' }),
      expect.objectContaining({ clientName: '-', status: '403' }),
      expect.objectContaining({ event: 'denied', code: 'AMBIGUOUS_REQUEST' }),
      expect.objectContaining({
        _aws: expect.objectContaining({
          CloudWatchMetrics: [expect.objectContaining({ Dimensions: [['TrustDomain'], ['TrustDomain', 'Reason']] })],
        }),
        TrustDomain: 'mesh.example.com',
        Reason: 'AMBIGUOUS_REQUEST',
        RequestsDenied: 1,
      }),
    ]),
  );
}, 60_000);
