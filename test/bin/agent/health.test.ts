import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveHealth } from '../../../bin/agent/health';
import type { ClientState } from '../../../bin/agent/keeper';

const NOW = Date.parse('2026-01-01T00:00:00Z');
const HOUR = 3_600_000;

const state = (client: string, rest: Partial<ClientState> = {}): ClientState => ({
  client,
  directory: `/etc/mtls-mesh/${client}`,
  replacements: 2,
  failures: 0,
  reloads: 1,
  failedReloads: 0,
  refusals: 0,
  ...rest,
});

let server: Server;
let states: readonly ClientState[];

beforeEach(async () => {
  states = [state('mail', { notAfter: NOW + HOUR, lastSuccess: NOW - HOUR })];
  server = await serveHealth(
    { host: '127.0.0.1', port: 0 },
    () => states,
    () => NOW,
  );
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const get = (path: string, init?: RequestInit) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);

test('is healthy while every client has a valid certificate', async () => {
  const response = await get('/health');
  expect([response.status, await response.json()]).toEqual([
    200,
    {
      healthy: true,
      clients: [
        {
          client: 'mail',
          directory: '/etc/mtls-mesh/mail',
          healthy: true,
          notAfter: '2026-01-01T01:00:00.000Z',
          lastSuccess: '2025-12-31T23:00:00.000Z',
        },
      ],
    },
  ]);
});

test('is healthy when Secrets Manager is away, and says so', async () => {
  states = [state('mail', { notAfter: NOW + 1, error: 'no answer' })];
  const response = await get('/health');
  expect([response.status, await response.json()]).toEqual([
    200,
    expect.objectContaining({ clients: [expect.objectContaining({ error: 'no answer' })] }),
  ]);
});

test('says until when revocation lists are valid, and what is wrong with them', async () => {
  const warnings = ['CN=Other has no list: servers that use the lists refuse its clients'];
  states = [state('mail', { notAfter: NOW + HOUR, nextUpdate: NOW, warnings })];
  const response = await get('/health');
  expect([response.status, await response.json()]).toEqual([
    200,
    expect.objectContaining({
      clients: [expect.objectContaining({ nextUpdate: '2026-01-01T00:00:00.000Z', warnings })],
    }),
  ]);
  expect(await (await get('/metrics')).text()).toContain(
    `mtls_mesh_agent_revocation_lists_next_update_seconds{client="mail"} ${NOW / 1000}\n`,
  );
});

test.each([
  ['has no files', {}],
  ['has an expired certificate', { notAfter: NOW - 1 }],
  ['has a revocation list that is no longer valid', { notAfter: NOW + HOUR, nextUpdate: NOW - 1 }],
])('is not healthy when one client %s', async (_, rest) => {
  states = [...states, state('social', rest)];
  const response = await get('/health');
  expect([response.status, await response.json()]).toEqual([503, expect.objectContaining({ healthy: false })]);
});

test('has metrics for Prometheus', async () => {
  const lines = async () => (await (await get('/metrics')).text()).split('\n');
  expect(await lines()).toEqual(
    expect.arrayContaining([
      '# TYPE mtls_mesh_agent_certificate_not_after_seconds gauge',
      `mtls_mesh_agent_certificate_not_after_seconds{client="mail"} ${(NOW + HOUR) / 1000}`,
      `mtls_mesh_agent_last_success_seconds{client="mail"} ${(NOW - HOUR) / 1000}`,
      '# TYPE mtls_mesh_agent_replacements_total counter',
      'mtls_mesh_agent_replacements_total{client="mail"} 2',
      'mtls_mesh_agent_failed_reloads_total{client="mail"} 0',
    ]),
  );
  // The same when they are read again.
  expect(await lines()).toContain('mtls_mesh_agent_replacements_total{client="mail"} 2');
});

test.each([
  ['/', {}, 404],
  ['/metrics/../etc/passwd', {}, 404],
  ['//example.com/health', {}, 200],
  ['/health', { method: 'POST', body: 'x' }, 405],
  ['/health', { method: 'HEAD' }, 200],
])('answers %s %j with %d', async (path, init, status) => {
  expect((await get(path, init)).status).toBe(status);
});

test('a port that is in use is an error', async () => {
  const { port } = server.address() as AddressInfo;
  await expect(serveHealth({ host: '127.0.0.1', port }, () => [], Date.now)).rejects.toThrow('EADDRINUSE');
});
