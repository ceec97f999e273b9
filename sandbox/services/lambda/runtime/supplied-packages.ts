import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Directories, in or above whose `node_modules` the packages are that Lambda's runtime supplies: the app, and the program
 * that runs the sandbox, which is a test runner of the app or the command of this package.
 */
export function moduleSources(): readonly string[] {
  return [process.cwd(), dirname(process.argv[1] ?? process.cwd())];
}

/** Whether functions in Node.js whose code is in `codeFolders` get the package. */
export function isSupplied(packageName: string, codeFolders: readonly string[]): boolean {
  const folders = new Set([...codeFolders, ...moduleSources()].flatMap(withAncestors));
  return [...folders].some((folder) => existsSync(join(folder, 'node_modules', packageName)));
}

function withAncestors(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [folder] : [folder, ...withAncestors(above)];
}
