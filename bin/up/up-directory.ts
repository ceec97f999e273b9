import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ClientSecret } from '../../mesh/client-secret';
import { CLIENT_FILES, type ServerTrust } from '../shared/client-files/contents';
import { ClientDirectory } from '../shared/client-files/directory';
import type { FileSettings } from '../shared/client-files/options';
import { replaceClientFiles } from '../shared/client-files/store';

/** Paths of a client's PEM files. */
export interface ClientFiles {
  readonly certificate: string;
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** Another process writes into the directory. */
class DirectoryInUseError extends Error {
  override readonly name = 'DirectoryInUseError';
}

/**
 * A directory with the files of each client, for programs such as curl. Git ignores it. It is removed with the sandbox, after
 * which nothing trusts the certificates.
 */
export class UpDirectory {
  readonly serverAuthority: string;
  private readonly written = new Set<string>();
  /** The directories created, outermost first. */
  private readonly created: string[] = [];
  private readonly clients = new Map<string, ClientDirectory>();

  /**
   * Creates the directory, unless it exists, and keeps other processes from using it until `remove`.
   * @throws DirectoryInUseError if a running process uses it
   */
  static async open(path: string, settings: FileSettings): Promise<UpDirectory> {
    const directory = new UpDirectory(path, settings);
    if (await directory.createDirectory(path)) await directory.ignore(path);
    try {
      await directory.lock();
    } catch (error) {
      await directory.remove();
      throw error;
    }
    return directory;
  }

  private constructor(
    private readonly directory: string,
    private readonly settings: FileSettings,
  ) {
    this.serverAuthority = join(directory, 'server-ca.pem');
  }

  /** @param pem the certificate authority of the gateway's certificate */
  async writeServerAuthority(pem: string): Promise<void> {
    await this.write(this.serverAuthority, pem);
  }

  filesOf(clientName: string): ClientFiles {
    const file = (name: string) => join(this.directory, clientName, name);
    return {
      certificate: file(CLIENT_FILES.certificate),
      certificateChain: file(CLIENT_FILES.chain),
      privateKey: file(CLIENT_FILES.privateKey),
    };
  }

  /** Writes the client's files if they have changed. */
  async writeClient(secret: ClientSecret, trust?: ServerTrust): Promise<void> {
    const { clientName } = secret;
    const folder = join(this.directory, clientName);
    let client = this.clients.get(clientName);
    if (client === undefined) {
      await this.createDirectory(folder);
      await this.ignore(folder);
      client = new ClientDirectory(folder, this.settings.access);
      this.clients.set(clientName, client);
    }
    await replaceClientFiles(client, secret, this.settings.selection, trust);
  }

  /** Removes the files that were written, and the directories that were created if they are empty. */
  async remove(): Promise<void> {
    for (const file of this.written) await rm(file, { force: true });
    for (const client of this.clients.values()) await client.remove();
    for (const folder of this.created.reverse()) await removeIfEmpty(folder);
  }

  /** A file that only one process can create. That of a process that was killed remains, and is replaced. */
  private async lock(): Promise<void> {
    const path = join(this.directory, 'mtls-mesh.pid');
    const create = () => writeFile(path, `${process.pid}\n`, { mode: 0o600, flag: 'wx' });
    try {
      await create();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const pid = Number(await readFile(path, 'utf8'));
      if (isRunning(pid)) {
        throw new DirectoryInUseError(
          `the directory ${this.directory} is in use by another \`mtls-mesh up\` (process ${pid}): ` +
            `specify another one with --out, or remove ${path} if that process is something else`,
        );
      }
      await rm(path, { force: true });
      await create();
    }
    this.written.add(path);
  }

  /** Creates a directory with those above it. @returns whether it was missing */
  private async createDirectory(path: string): Promise<boolean> {
    const missing: string[] = [];
    for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
    await mkdir(path, { recursive: true, mode: 0o755 });
    this.created.push(...missing);
    return missing.length > 0;
  }

  /** Keeps everything in the directory out of Git. Leaves a file that somebody else has written. */
  private async ignore(folder: string): Promise<void> {
    const path = join(folder, '.gitignore');
    if (!existsSync(path)) await this.write(path, '*\n');
  }

  /** Replaces an existing file instead of writing into it: it may have a wider mode, or be a link. */
  private async write(path: string, text: string): Promise<void> {
    const unfinished = `${path}.new`;
    this.written.add(unfinished).add(path);
    await rm(unfinished, { force: true });
    await writeFile(unfinished, text, { mode: 0o644, flag: 'wx' });
    await rename(unfinished, path);
  }
}

/** Whether there is such a process, of any user. */
function isRunning(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function removeIfEmpty(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}
