import { lstat, mkdir, mkdtemp, open, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** The path holds files that this command did not create, so it is not replaced. */
class PairDirectoryError extends Error {
  override readonly name = 'PairDirectoryError';
}

/**
 * A directory with a private key and the certificate for it. Both are replaced in one step.
 *
 * The path is a symbolic link to a directory beside it, `.<name>.<random>`. A new pair is written to a new directory and
 * flushed to disk before one rename replaces the link. The path therefore leads to the old pair or to the new one,
 * whenever the process is killed; a killed process may leave an unused directory, which only its owner can read. A program
 * that opens one file before the rename and one after it gets a mixed pair: it must resolve the link first, or open both
 * files again.
 */
export class PairDirectory {
  private readonly parent: string;
  private readonly name: string;

  /** @throws PairDirectoryError when the path holds something else; an empty directory will be replaced */
  static async open(path: string): Promise<PairDirectory> {
    const directory = new PairDirectory(resolve(path));
    await directory.current();
    return directory;
  }

  private constructor(private readonly path: string) {
    this.parent = dirname(path);
    this.name = basename(path);
  }

  /** @param files texts by file name */
  async replace(files: Readonly<Record<string, string>>): Promise<void> {
    await mkdir(this.parent, { recursive: true, mode: 0o700 });
    // mkdtemp creates it with mode 0700.
    const next = await mkdtemp(join(this.parent, `.${this.name}.`));
    const link = `${next}.link`;
    let current: string | undefined;
    try {
      for (const [name, text] of Object.entries(files)) await write(join(next, name), text);
      await flush(next);
      await symlink(basename(next), link);
      current = await this.current();
      if (current === undefined) await rmdir(this.path).catch(ignoreMissing);
      await rename(link, this.path);
    } catch (error) {
      await rm(link, { force: true });
      await rm(next, { recursive: true, force: true });
      throw error;
    }
    await flush(this.parent);
    if (current !== undefined) await rm(join(this.parent, current), { recursive: true, force: true });
  }

  /** The name of the directory that the path links to; undefined when there is no link yet. */
  private async current(): Promise<string | undefined> {
    const found = await lstat(this.path).catch(ignoreMissing);
    if (found === undefined) return undefined;
    const target = found.isSymbolicLink() ? await readlink(this.path) : undefined;
    const prefix = `.${this.name}.`;
    if (target?.startsWith(prefix) && /^[A-Za-z0-9]{6}$/.test(target.slice(prefix.length))) return target;
    if (found.isDirectory() && (await readdir(this.path)).length === 0) return undefined;
    throw new PairDirectoryError(
      `${this.path} is replaced as a whole: it must not exist, be an empty directory, or come from an earlier run of this command`,
    );
  }
}

async function write(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Flushes the directory's entries, so that they survive a power failure. */
async function flush(directory: string): Promise<void> {
  const handle = await open(directory);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}
