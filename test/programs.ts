import { spawnSync } from 'node:child_process';

/** Whether a program can be run on this machine; tests that need one that is missing are left out by name. */
export function installed(program: string): boolean {
  return spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
}
