import { MeshView } from '../../../bin/console/mesh-view';
import { readPageFiles } from '../../../bin/console/server/page-files';
import { type ConsoleServer, serveConsole } from '../../../bin/console/server/server';
import { MeshTraffic } from '../../../bin/console/traffic/traffic';
import type { MemoryMesh } from '../shared/memory-mesh';
import { MemoryLogs } from './traffic/lines';

/** The log groups of a mesh in memory. */
export const LOG_GROUPS = { accessLog: 'access', authorizerLog: 'authorizer', otherPaths: [] } as const;

/** A console over a mesh in memory. */
export async function openConsole(mesh: MemoryMesh, logs = new MemoryLogs()): Promise<ConsoleServer> {
  const view = new MeshView(
    mesh,
    (explain) =>
      new MeshTraffic({ trustDomain: mesh.trustDomain, logs, findLogGroups: async () => LOG_GROUPS, explain }),
  );
  return serveConsole({ mesh, view, files: readPageFiles(), port: 0 });
}
