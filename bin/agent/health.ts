import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { Counter, Gauge, Registry } from 'prom-client';
import type { Destination } from '../../client';
import type { ClientState } from './keeper';

/**
 * Answers `/health` with 200 while every client has a valid certificate in its files, and valid revocation lists if it has any,
 * and with 503 otherwise, and `/metrics` for Prometheus. Both say nothing that is secret.
 *
 * @param states of the clients, now
 */
export async function serveHealth(
  { host, port }: Destination,
  states: () => readonly ClientState[],
  now: () => number,
): Promise<Server> {
  const metrics = metricsOf(states);
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://agent');
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
    } else if (pathname === '/health') {
      const health = healthOf(states(), now());
      const status = health.healthy ? 200 : 503;
      response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(health)}\n`);
    } else if (pathname === '/metrics') {
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.metrics());
    } else response.writeHead(404).end();
  });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function healthOf(states: readonly ClientState[], now: number) {
  const clients = states.map(({ client, directory, notAfter, nextUpdate, lastSuccess, error, warnings }) => ({
    client,
    directory,
    healthy: notAfter !== undefined && now <= notAfter && now <= (nextUpdate ?? now),
    notAfter: isoTime(notAfter),
    nextUpdate: isoTime(nextUpdate),
    lastSuccess: isoTime(lastSuccess),
    error,
    warnings,
  }));
  return { healthy: clients.every(({ healthy }) => healthy), clients };
}

function isoTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time).toISOString();
}

const GAUGES = {
  certificate_not_after_seconds: ['When the certificate in the files expires, in seconds since 1970', 'notAfter'],
  revocation_lists_next_update_seconds: [
    'When the first of the revocation lists in the files is no longer valid, in seconds since 1970',
    'nextUpdate',
  ],
  last_success_seconds: ['When the files were last known to be current, in seconds since 1970', 'lastSuccess'],
} as const;

const COUNTERS = {
  replacements_total: ['Replacements of the files', 'replacements'],
  failures_total: ['Looks that failed', 'failures'],
  reloads_total: ['Reload commands that succeeded', 'reloads'],
  failed_reloads_total: ['Reload commands that failed', 'failedReloads'],
  refusals_total: ['Refusals of the certificate by the probed server', 'refusals'],
} as const;

/** Metrics that are taken from the states whenever they are read. */
function metricsOf(states: () => readonly ClientState[]): Registry {
  const registry = new Registry();
  const common = { labelNames: ['client'], registers: [registry] };
  for (const [name, [help, field]] of Object.entries(GAUGES)) {
    new Gauge({
      ...common,
      name: `mtls_mesh_agent_${name}`,
      help,
      collect() {
        for (const state of states()) {
          const time = state[field];
          if (time !== undefined) this.set({ client: state.client }, time / 1000);
        }
      },
    });
  }
  for (const [name, [help, field]] of Object.entries(COUNTERS)) {
    new Counter({
      ...common,
      name: `mtls_mesh_agent_${name}`,
      help,
      collect() {
        this.reset();
        for (const state of states()) this.inc({ client: state.client }, state[field]);
      },
    });
  }
  return registry;
}
