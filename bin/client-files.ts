import { mkdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientSecret } from '../pki/contract';

/** Paths of a client's PEM files. */
export interface ClientFiles {
  readonly certificate: string;
  readonly certificateChain: string;
  readonly privateKey: string;
}

/**
 * PEM files of clients below one directory, readable by their owner alone. They serve programs that take files,
 * such as curl, and go when the sandbox goes: nothing trusts them any longer.
 */
export class ClientDirectory {
  readonly serverAuthority: string;
  private readonly written: string[] = [];
  private readonly made: string[] = [];

  private constructor(private readonly directory: string) {
    this.serverAuthority = join(directory, 'server-ca.pem');
  }

  /** @param serverAuthority PEM of the authority that signed the gateway's certificate */
  static async create(directory: string, serverAuthority: string): Promise<ClientDirectory> {
    const created = new ClientDirectory(directory);
    await created.makeDirectory(directory);
    await created.write(created.serverAuthority, serverAuthority);
    return created;
  }

  /** `certificate.pem` holds the client certificate and the chain above it, as TLS clients want to present them. */
  async add(secret: ClientSecret): Promise<ClientFiles> {
    const folder = join(this.directory, secret.clientName);
    const files = {
      certificate: join(folder, 'certificate.pem'),
      certificateChain: join(folder, 'certificate-chain.pem'),
      privateKey: join(folder, 'private-key.pem'),
    };
    await this.makeDirectory(folder);
    await this.write(files.certificate, secret.certificate);
    await this.write(files.certificateChain, secret.certificateChain);
    await this.write(files.privateKey, secret.privateKey);
    return files;
  }

  /** Removes the files that were written and the directories that were made, as far as nothing else is in them. */
  async remove(): Promise<void> {
    for (const file of this.written) await rm(file, { force: true });
    for (const folder of this.made.reverse()) await removeIfEmpty(folder);
  }

  private async makeDirectory(path: string): Promise<void> {
    const first = await mkdir(path, { recursive: true, mode: 0o700 });
    if (first !== undefined) this.made.push(path);
  }

  private async write(path: string, text: string): Promise<void> {
    // A file of an earlier run may have a wider mode, which writing into it would keep.
    await rm(path, { force: true });
    await writeFile(path, text, { mode: 0o600 });
    this.written.push(path);
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
