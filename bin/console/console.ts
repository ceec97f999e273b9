import { once } from 'node:events';
import { ApiGatewayConfiguration } from '../../aws/api-gateway-configuration';
import { CloudWatchLogs } from '../../aws/cloudwatch-logs';
import { Lambda } from '../../aws/lambda';
import { commandConnection } from '../shared/aws-access';
import { awsMesh } from '../shared/aws-mesh';
import { listServices } from '../shared/inventory';
import { MeshView } from './mesh-view';
import { readPageFiles } from './server/page-files';
import { serveConsole } from './server/server';
import { findLogGroups } from './traffic/mesh-logs';
import { MeshTraffic } from './traffic/traffic';

export interface ConsoleOptions {
  /** The mesh's trust domain. */
  readonly mesh: string;
  /** The domain name of the gateway. @default - the trust domain */
  readonly domain?: string;
  readonly port?: number;
  /** Print JSON. */
  readonly json?: true;
}

/** Serves the console of a mesh, in AWS or in a sandbox, until a signal ends the process. */
export async function runConsole({ mesh: trustDomain, domain, port = 0, json }: ConsoleOptions): Promise<void> {
  const ended = Promise.race((['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((signal) => once(process, signal)));
  const mesh = awsMesh(trustDomain);
  const connection = commandConnection();
  const gateway = new ApiGatewayConfiguration(connection);
  const functions = new Lambda(connection);
  const domainName = domain ?? trustDomain;
  const view = new MeshView(
    mesh,
    (explain) =>
      new MeshTraffic({
        trustDomain,
        logs: new CloudWatchLogs(connection),
        findLogGroups: (signal) => findLogGroups({ trustDomain, domainName, gateway, functions }, signal),
        explain,
      }),
  );
  // Fails as the other commands do if there is no such mesh, or no access to it.
  await listServices(mesh);
  const server = await serveConsole({ mesh, view, files: readPageFiles(), port });
  console.log(json ? JSON.stringify({ url: server.url }) : server.url);
  console.error(
    'Open this URL in a browser on this machine. Whoever has it can operate the mesh. Press Ctrl-C to stop.',
  );
  await ended;
  server.close();
}
