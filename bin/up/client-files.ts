import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ClientSecret } from '../../mesh/client-secret';

/** Paths of a client's PEM files. */
export interface ClientFiles {
  readonly certificate: string;
  readonly certificateChain: string;
  readonly privateKey: string;
}

/**
 * PEM files of the clients for programs such as curl. Only their owner can read them. They are removed with the sandbox,
 * after which nothing trusts them.
 */
export class ClientDirectory {
  readonly serverAuthority: string;
  private readonly written = new Set<string>();
  /** The directories created, outermost first. */
  private readonly created: string[] = [];
  /** Fingerprints of the certificates in the files, by client name. */
  private readonly current = new Map<string, string>();

  constructor(private readonly directory: string) {
    this.serverAuthority = join(directory, 'server-ca.pem');
  }

  /** @param pem the certificate authority of the gateway's certificate */
  async writeServerAuthority(pem: string): Promise<void> {
    await this.createDirectory(this.directory);
    await this.write(this.serverAuthority, pem);
  }

  filesOf(clientName: string): ClientFiles {
    const folder = join(this.directory, clientName);
    return {
      certificate: join(folder, 'certificate.pem'),
      certificateChain: join(folder, 'certificate-chain.pem'),
      privateKey: join(folder, 'private-key.pem'),
    };
  }

  /** Writes the client's files if its certificate has changed. */
  async writeClient(secret: ClientSecret): Promise<void> {
    const { clientName, fingerprint } = secret;
    if (this.current.get(clientName) === fingerprint) return;
    const files = this.filesOf(clientName);
    await this.createDirectory(dirname(files.certificate));
    await this.write(files.certificate, secret.certificate);
    await this.write(files.certificateChain, secret.certificateChain);
    await this.write(files.privateKey, secret.privateKey);
    this.current.set(clientName, fingerprint);
  }

  /** Removes the files that were written, and the directories that were created if they are empty. */
  async remove(): Promise<void> {
    for (const file of this.written) await rm(file, { force: true });
    for (const folder of this.created.reverse()) await removeIfEmpty(folder);
  }

  private async createDirectory(path: string): Promise<void> {
    const missing: string[] = [];
    for (let folder = resolve(path); !existsSync(folder); folder = dirname(folder)) missing.unshift(folder);
    await mkdir(path, { recursive: true, mode: 0o700 });
    this.created.push(...missing);
  }

  /** Replaces an existing file instead of writing into it: it may have a wider mode, or be a link. */
  private async write(path: string, text: string): Promise<void> {
    const unfinished = `${path}.new`;
    this.written.add(unfinished).add(path);
    await rm(unfinished, { force: true });
    await writeFile(unfinished, text, { mode: 0o600, flag: 'wx' });
    await rename(unfinished, path);
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
