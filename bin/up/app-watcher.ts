import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { watch } from 'chokidar';
import picomatch from 'picomatch';

/** Files of an app. The globs are relative to the current directory. */
export interface WatchedFiles {
  readonly include: readonly string[];
  /** A directory excludes everything below it. */
  readonly exclude: readonly string[];
}

/** How long the files must be unchanged before a change counts. Editors and compilers write several. Milliseconds. */
const QUIET_TIME = 200;

/** Notices changes of files. */
export class AppWatcher {
  private changedAt: number | undefined;

  /**
   * Resolves when every later change is noticed.
   * @param onChange gets the path of each changed file, relative to the current directory
   */
  static async start(
    { include, exclude }: WatchedFiles,
    onChange: (name: string) => void = () => undefined,
  ): Promise<AppWatcher> {
    const root = process.cwd();
    const isIncluded = picomatch([...include], { dot: true });
    const isExcluded = picomatch(
      exclude.flatMap((glob) => [glob, `${glob.replace(/\/+$/, '')}/**`]),
      { dot: true },
    );
    const nameOf = (path: string) => relative(root, path).split(sep).join('/');
    const watcher = watch(root, {
      ignoreInitial: true,
      ignored: (path, stats) => {
        const name = nameOf(path);
        return name !== '' && (isExcluded(name) || (stats?.isFile() === true && !isIncluded(name)));
      },
    });
    const appWatcher = new AppWatcher(() => watcher.close());
    watcher.on('all', (event, path) => {
      if (event === 'addDir' || event === 'unlinkDir') return;
      appWatcher.changedAt = performance.now();
      onChange(nameOf(path));
    });
    await new Promise((ready, fail) => watcher.once('ready', () => ready(undefined)).once('error', fail));
    watcher.on('error', (error) => console.error(`could not watch all files: ${error}`));
    return appWatcher;
  }

  private constructor(readonly close: () => Promise<void>) {}

  /** Whether something has changed since the last call. */
  takeChange(): boolean {
    if (this.changedAt === undefined || performance.now() - this.changedAt < QUIET_TIME) return false;
    this.changedAt = undefined;
    return true;
  }
}

/** The glob of a path below the current directory; none for a path elsewhere, which is not watched anyway. */
export function globOf(path: string): readonly string[] {
  const name = relative(process.cwd(), resolve(path));
  if (name === '' || name.startsWith('..') || isAbsolute(name)) return [];
  return [
    join(name)
      .split(sep)
      .join('/')
      .replace(/[\\*?[\]{}()!+@|]/g, '\\$&'),
  ];
}
