import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * A file of authorities that Node.js processes trust in addition to the default ones.
 * https://nodejs.org/api/cli.html#node_extra_ca_certsfile
 */
export interface AuthorityFile {
  readonly path: string;
  remove(): Promise<void>;
}

export async function writeAuthorityFile(pem: string): Promise<AuthorityFile> {
  const directory = await mkdtemp(join(tmpdir(), 'server-authority-'));
  const path = join(directory, 'server-authority.pem');
  await writeFile(path, pem);
  return { path, remove: () => rm(directory, { recursive: true, force: true }) };
}
