import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COMMAND, commandLines, killRuns, Run } from '../shared/command';

/** The directory of all places of a test file. */
export const root = mkdtempSync(join(tmpdir(), 'mtls-mesh-test-'));

/** Ends what still runs. To be called after all tests. */
export async function removePlaces(): Promise<void> {
  await killRuns();
  rmSync(root, { recursive: true, force: true });
}

/** A directory to run in, and one that is all the command knows for temporary files. */
export function place(): { readonly cwd: string; readonly temporary: string } {
  const cwd = mkdtempSync(join(root, 'run-'));
  const temporary = join(cwd, 'tmp');
  mkdirSync(temporary);
  return { cwd, temporary };
}

export type Place = ReturnType<typeof place>;

export function environmentOf({ temporary }: Place): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], TMPDIR: temporary, TEMP: temporary, TMP: temporary };
}

export function up(at: Place, ...args: readonly string[]): Run {
  return new Run(process.execPath, [COMMAND, 'up', ...args], at.cwd, environmentOf(at));
}

/** Files that are left in the place, and processes that run from it. */
export function remains({ cwd, temporary }: Place): readonly string[] {
  return [
    ...readdirSync(cwd).filter((name) => name !== 'tmp'),
    ...readdirSync(temporary),
    ...commandLines().filter((line) => line.includes(temporary)),
  ];
}
