import { spawnSync } from 'node:child_process';

/** The name of a test ends with what it needs, which `jest -t '\[with '` selects and the reporter of left-out tests reads. */
function named(name: string, programs: readonly string[], missing: readonly string[]): string {
  return missing.length === 0
    ? `${name} [with ${programs.join(', ')}]`
    : `${name} [left out: ${missing.join(', ')} not installed]`;
}

/** pnpm, as npm runs it. */
export const PNPM = ['npx', '--yes', 'pnpm@12.4.2'] as const;

/** How to find out whether there is a library of another language, or a program that isn't on the `PATH`. */
const CHECKS: Readonly<Record<string, readonly [program: string, ...options: string[]]>> = {
  requests: ['python3', '-c', 'import requests'],
  httpx: ['python3', '-c', 'import httpx'],
  faraday: ['ruby', '-r', 'faraday', '-e', ''],
  webrick: ['ruby', '-r', 'webrick', '-e', ''],
  pnpm: [...PNPM, '--version'],
  // Not every container allows it.
  unshare: ['unshare', ...(process.getuid?.() === 0 ? [] : ['--map-root-user']), '--mount', 'true'],
  tomcat10: ['test', '-x', '/usr/share/tomcat10/bin/catalina.sh'],
};

function isMissing(program: string): boolean {
  const [command, ...options] = CHECKS[program] ?? [program, '--version'];
  const { error, status } = spawnSync(command, options, { stdio: 'ignore' });
  return error !== undefined || (program in CHECKS && status !== 0);
}

function missingOf(programs: readonly string[]): readonly string[] {
  return programs.filter(isMissing);
}

/** `test` for what needs programs of others. Without them, the test is left out by name. */
export function testWith(...programs: readonly string[]): Pick<jest.It, 'each'> & jest.It {
  const missing = missingOf(programs);
  const run = missing.length === 0 ? test : test.skip;
  const one = (name: string, ...rest: [jest.ProvidesCallback?, number?]) =>
    run(named(name, programs, missing), ...rest);
  const each =
    (...table: Parameters<jest.Each>) =>
    (name: string, ...rest: [(...args: unknown[]) => unknown, number?]) =>
      run.each(...table)(named(name, programs, missing), ...rest);
  return Object.assign(one, { each }) as unknown as jest.It;
}

/** `describe` for tests that need programs of others. Without them, the tests are left out by name. */
export function describeWith(...programs: readonly string[]): (name: string, tests: () => void) => void {
  const missing = missingOf(programs);
  const run = missing.length === 0 ? describe : describe.skip;
  return (name, tests) => run(named(name, programs, missing), tests);
}
