import { createHash, randomBytes } from 'node:crypto';
import { chmod, lstat, mkdir, open, readdir, readlink, rename, rm, rmdir, stat, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { ClientFile } from './contents';
import { DESCRIPTION, describeGeneration, type Generation, generationOf, isIntact, readGeneration } from './generation';

/** The directory contains files that this command did not write, and does not replace, or it can't be used. */
export class ClientDirectoryError extends Error {
  override readonly name = 'ClientDirectoryError';
}

/** Who can read the files. Without effect on Windows. */
export interface FileAccess {
  /** Mode of the files with the private key. @default 0o600 */
  readonly privateMode?: number | undefined;
  /** ID of the group that owns the files. @default - the group of the process */
  readonly group?: number | undefined;
}

/**
 * How the files of a generation take the place of those before.
 *
 * - `linked`: The files are symbolic links through the link `..data`, which one rename turns to the new generation. All
 *   files change at once, as in volumes of Kubernetes.
 * - `renamed`: Each file is renamed into its place, in the order of the list. Works without the right to create links,
 *   which programs on Windows don't have.
 */
export type ReplacementForm = 'linked' | 'renamed';

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;
const DIRECTORY_MODE = 0o755;
/** The link to the current generation. */
const CURRENT = '..data';
/** What is on the way to its place: directories of generations, and links. The rest of the name is random. */
const UNFINISHED = /^\.\.generation-[0-9a-f]{16}$/;
/** How often a rename is tried, and how long to wait before the second time. Milliseconds. Longer before each further one. */
const RENAME_ATTEMPTS = 10;
const RENAME_DELAY = 10;
/** A run that was killed leaves its generation behind. One that is as old as this is not in progress. Milliseconds. */
const ABANDONED_AFTER = 3_600_000;

/**
 * A directory with the files of a client. Whenever the process is killed, the files of one generation are in place, or, with
 * `renamed`, some of the next. A program that opens two files one after the other can get two generations with both forms,
 * unless it resolves `..data` first.
 */
export class ClientDirectory {
  private readonly path: string;

  constructor(
    path: string,
    private readonly access: FileAccess = {},
    private readonly form: ReplacementForm = process.platform === 'win32' ? 'renamed' : 'linked',
  ) {
    this.path = resolve(path);
  }

  /**
   * Call this before a certificate is issued that could not be stored otherwise.
   *
   * @param names of the files to write
   * @throws ClientDirectoryError if the directory contains one that this command did not write, or is none
   */
  async prepare(names: readonly string[]): Promise<void> {
    const directory = await stat(this.path).catch(ignoreMissing);
    if (directory?.isDirectory() === false) throw new ClientDirectoryError(`${this.path} is not a directory`);
    if (this.form === 'linked') await this.assertLink();
    const own = namesIn(await this.generation());
    for (const name of names) {
      const path = join(this.path, name);
      const found = await lstat(path).catch(ignoreMissing);
      const isOwn = this.form === 'linked' ? await this.isLinked(name) : found?.isFile() && own.includes(name);
      if (found !== undefined && !isOwn) throw foreign(path);
    }
  }

  /**
   * Replaces all files, and removes those of the generation before that aren't in the list. Writes nothing if the generation
   * is in place.
   *
   * @param contentsId the same for the same contents
   * @returns whether the files, or who can read them, have changed
   * @throws ClientDirectoryError as `prepare`
   */
  async replace(files: readonly ClientFile[], contentsId: string): Promise<boolean> {
    const names = files.map(({ name }) => name);
    await this.prepare(names);
    await this.create();
    const before = await this.generation();
    const { privateMode, group } = this.access;
    const id = createHash('sha256')
      .update(JSON.stringify([contentsId, privateMode, group]))
      .digest('hex');
    const isChanged = before?.id !== id || !(await isIntact(this.described(), before));
    if (isChanged) {
      const next = generationOf(files, id);
      const written = await this.write(files, next);
      try {
        await (this.form === 'linked' ? this.turnLink(written) : this.renameFiles(written, next, before));
      } catch (error) {
        if ((await this.current()) !== written) await this.removeFolder(written);
        throw error;
      }
    }
    if (this.form === 'linked') await this.linkFiles(names);
    await this.removeAbandoned();
    return isChanged;
  }

  /** Removes the files, and the directory if it is empty then. */
  async remove(): Promise<void> {
    const names = namesIn(await this.generation());
    const current = await this.current();
    const generation = current !== undefined && UNFINISHED.test(current) ? [CURRENT, current] : [];
    for (const name of [...names, ...generation, DESCRIPTION]) {
      await rm(join(this.path, name), { recursive: true, force: true });
    }
    await rmdir(this.path).catch(ignoreRemaining);
  }

  /** With its mode, whatever the umask of the process is. */
  private async create(): Promise<void> {
    const created = await mkdir(this.path, { recursive: true, mode: DIRECTORY_MODE });
    if (created !== undefined) await chmod(this.path, DIRECTORY_MODE);
  }

  /** The generation in place. */
  private generation(): Promise<Generation | undefined> {
    return readGeneration(this.described());
  }

  /** The directory of the generation in place and its description. */
  private described(): string {
    return this.form === 'linked' ? join(this.path, CURRENT) : this.path;
  }

  /** Writes a generation to disk. @returns the name of its directory */
  private async write(files: readonly ClientFile[], generation: Generation): Promise<string> {
    const name = unfinishedName();
    const folder = join(this.path, name);
    // Nobody else sees it before the files have their group and mode.
    await mkdir(folder, { mode: 0o700 });
    try {
      for (const { name, contents, isPrivate } of files) {
        const mode = isPrivate ? (this.access.privateMode ?? PRIVATE_MODE) : PUBLIC_MODE;
        await writeDurably(join(folder, name), contents, mode, this.access.group);
      }
      await writeDurably(join(folder, DESCRIPTION), describeGeneration(generation), PRIVATE_MODE);
      await flush(folder, DIRECTORY_MODE);
      return name;
    } catch (error) {
      await this.removeFolder(name);
      throw error;
    }
  }

  private async turnLink(generation: string): Promise<void> {
    const before = await this.current();
    await this.link(generation, CURRENT);
    await flush(this.path);
    if (before !== undefined) await this.removeFolder(before);
  }

  private async renameFiles(written: string, next: Generation, before: Generation | undefined): Promise<void> {
    const move = (name: string, target = name) =>
      renamePatiently(join(this.path, written, name), join(this.path, target));
    const mark = `${DESCRIPTION}-meanwhile`;
    const meanwhile = { id: '', digests: new Map([...(before?.digests ?? []), ...next.digests]) };
    await writeDurably(join(this.path, written, mark), describeGeneration(meanwhile), PRIVATE_MODE);
    await move(mark, DESCRIPTION);
    for (const name of namesIn(next)) await move(name);
    for (const name of namesIn(before)) {
      if (!next.digests.has(name)) await rm(join(this.path, name), { force: true });
    }
    await move(DESCRIPTION);
    await flush(this.path);
    await this.removeFolder(written);
  }

  /** Makes the links those of the names. A killed process may have turned `..data` without this. */
  private async linkFiles(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (!(await this.isLinked(name))) await this.link(join(CURRENT, name), name);
    }
    for (const name of await readdir(this.path)) {
      if (!names.includes(name) && (await this.isLinked(name))) await rm(join(this.path, name), { force: true });
    }
  }

  /** Creates a link, or turns it, in one step. */
  private async link(target: string, name: string): Promise<void> {
    const unfinished = join(this.path, unfinishedName());
    await symlink(target, unfinished);
    try {
      await rename(unfinished, join(this.path, name));
    } catch (error) {
      await rm(unfinished, { force: true });
      throw error;
    }
  }

  private async isLinked(name: string): Promise<boolean> {
    const target = await readlink(join(this.path, name)).catch(() => undefined);
    return target === join(CURRENT, name);
  }

  /** A link of somebody else, for example in a volume of Kubernetes, could lead anywhere. */
  private async assertLink(): Promise<void> {
    const path = join(this.path, CURRENT);
    if ((await lstat(path).catch(ignoreMissing)) === undefined) return;
    const target = await readlink(path).catch(() => '');
    if (!UNFINISHED.test(target)) throw foreign(path);
  }

  private async removeAbandoned(): Promise<void> {
    const current = await this.current();
    for (const name of await readdir(this.path)) {
      if (!UNFINISHED.test(name) || name === current) continue;
      const found = await lstat(join(this.path, name)).catch(ignoreMissing);
      if (found && Date.now() - found.mtimeMs > ABANDONED_AFTER) await this.removeFolder(name);
    }
  }

  /** The name of the generation's directory that `..data` leads to. */
  private async current(): Promise<string | undefined> {
    return this.form === 'linked' ? readlink(join(this.path, CURRENT)).catch(() => undefined) : undefined;
  }

  private async removeFolder(name: string): Promise<void> {
    await rm(join(this.path, name), { recursive: true, force: true });
  }
}

function namesIn(generation: Generation | undefined): readonly string[] {
  return [...(generation?.digests.keys() ?? [])];
}

function foreign(path: string): ClientDirectoryError {
  return new ClientDirectoryError(`${path} was not written by this command: remove it, or specify another directory`);
}

function unfinishedName(): string {
  return `..generation-${randomBytes(8).toString('hex')}`;
}

/** Windows doesn't replace a file while a program has it open. Programs have certificates and keys open for moments. */
async function renamePatiently(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(from, to);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['EPERM', 'EACCES', 'EBUSY'].includes(code) || attempt === RENAME_ATTEMPTS) throw error;
      await setTimeout(RENAME_DELAY * attempt);
    }
  }
}

async function writeDurably(path: string, contents: string | Buffer, mode: number, group?: number): Promise<void> {
  const file = await open(path, 'wx', PRIVATE_MODE);
  try {
    await file.writeFile(contents);
    if (group !== undefined) await file.chown(process.getuid?.() ?? 0, group).catch((error) => refused(error, group));
    // After the group, because the mode may allow the group to read the key.
    await file.chmod(mode);
    await file.sync();
  } finally {
    await file.close();
  }
}

function refused(cause: NodeJS.ErrnoException, group: number): never {
  if (cause.code !== 'EPERM') throw cause;
  const reason = `the user of this process may not give files to the group ${group}: run it as a member of the group`;
  throw new ClientDirectoryError(reason, { cause });
}

/** Flushes the directory's entries, so that they survive a power failure. Windows has no such call, and no modes. */
async function flush(directory: string, mode?: number): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(directory);
  try {
    if (mode !== undefined) await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** For a file that need not be there. */
export function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
  return undefined;
}

function ignoreRemaining(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST' && error.code !== 'ENOENT') throw error;
}
