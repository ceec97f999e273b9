import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MODULE_HOOKS, MODULE_RESOLUTION } from './node/module-resolution';
import { PROGRAM as NODE_PROGRAM } from './node/program';
import { STREAMING } from './node/streaming';
import { SURROUNDINGS } from './node/surroundings';
import { PROGRAM as PYTHON_PROGRAM } from './python/program';

/** The files that the processes of all functions share, like `/var/runtime` on Lambda. */
export interface RuntimeDirectory {
  readonly path: string;
  readonly nodeProgram: string;
  readonly pythonProgram: string;
  /**
   * A file of authorities that processes trust in addition to the default ones.
   * https://nodejs.org/api/cli.html#node_extra_ca_certsfile
   */
  readonly authorityFile: string;
  remove(): Promise<void>;
}

export async function writeRuntimeDirectory(serverAuthority: string): Promise<RuntimeDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'lambda-runtime-'));
  const files = {
    'index.cjs': NODE_PROGRAM,
    'module-hooks.mjs': MODULE_HOOKS,
    'module-resolution.cjs': MODULE_RESOLUTION,
    'streaming.cjs': STREAMING,
    'surroundings.cjs': SURROUNDINGS,
    'bootstrap.py': PYTHON_PROGRAM,
    'server-authority.pem': serverAuthority,
  };
  await Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(path, name), text)));
  return {
    path,
    nodeProgram: join(path, 'index.cjs'),
    pythonProgram: join(path, 'bootstrap.py'),
    authorityFile: join(path, 'server-authority.pem'),
    remove: () => rm(path, { recursive: true, force: true }),
  };
}
