import { lstat, mkdir, mkdtemp, open, readdir, readlink, rename, rm, rmdir, symlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** The directory can't be replaced without the loss of what somebody else put there. */
class PairDirectoryError extends Error {
  override readonly name = 'PairDirectoryError';
}

/**
 * A directory with a key and its certificate, of which one never stands beside that of another.
 *
 * The path is a symbolic link to a directory beside it, `.<name>.<random>`. A new pair is written into one of its own, and
 * to the disk, before the link is replaced by one rename: a program that opens files below the path finds the old pair
 * before and the new one after, wherever this is killed. What a kill leaves behind is a directory that nothing points to,
 * readable by its owner alone. Only a program that opens one file before the rename and the other after gets one of each;
 * it has to resolve the link first, or to open both again.
 */
export class PairDirectory {
  private readonly parent: string;
  private readonly name: string;

  /** @throws PairDirectoryError when something else is at the path; an empty directory makes way */
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
    // With mode 0700.
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

  /** The name of the directory to which the path leads; undefined when it does not yet. */
  private async current(): Promise<string | undefined> {
    const found = await lstat(this.path).catch(ignoreMissing);
    if (found === undefined) return undefined;
    const target = found.isSymbolicLink() ? await readlink(this.path) : undefined;
    const prefix = `.${this.name}.`;
    if (target?.startsWith(prefix) && /^[A-Za-z0-9]{6}$/.test(target.slice(prefix.length))) return target;
    if (found.isDirectory() && (await readdir(this.path)).length === 0) return undefined;
    throw new PairDirectoryError(
      `${this.path} must not exist yet, be empty, or have been made by this command: it is replaced as a whole`,
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

/** Has the directory's entries, too, survive a loss of power. */
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
