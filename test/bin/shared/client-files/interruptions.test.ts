import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CLIENT_FILES, type ClientFile } from '../../../../bin/shared/client-files/contents';
import { ClientDirectory } from '../../../../bin/shared/client-files/directory';

/** The module itself, so that the directory sees what a test changes of it. */
const fs = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises');
const STEPS = ['mkdir', 'open', 'symlink', 'rename', 'rm', 'rmdir', 'chmod'] as const;

const { privateKey, certificate, keyStore } = CLIENT_FILES;

let parent: string;
let path: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'interruptions-'));
  path = join(parent, 'mail');
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(parent, { recursive: true, force: true });
});

/** The even generations have a store. */
function files(generation: number): readonly ClientFile[] {
  const contents = `${generation}`;
  return [
    { name: privateKey, contents, isPrivate: true },
    { name: certificate, contents, isPrivate: false },
    ...(generation % 2 === 0 ? [{ name: keyStore, contents, isPrivate: true }] : []),
  ];
}

const visible = () =>
  readdirSync(path)
    .filter((name) => !name.startsWith('.'))
    .sort();
const generations = () => visible().map((name) => Number(readFileSync(join(path, name), 'utf8')));

/** The files with the key of a generation, wherever in the directory. */
function keysOf(generation: number): readonly string[] {
  return readdirSync(path, { recursive: true })
    .map((name) => join(path, name as string))
    .filter((file) => file.endsWith(privateKey) && readFileSync(file, 'utf8') === `${generation}`);
}

/** Interrupts the step with this number, and all after it. @returns how many steps there were, at most that number */
function interruptAt(number: number, interrupt: () => Promise<never>): () => number {
  let count = 0;
  for (const step of STEPS) {
    const original = fs[step] as (...args: unknown[]) => unknown;
    jest.spyOn(fs, step).mockImplementation(((...args: unknown[]) => {
      count++;
      return count >= number ? interrupt() : original(...args);
    }) as never);
  }
  return () => Math.min(count, number);
}

describe.each(['linked', 'renamed'] as const)('files that are %s', (form) => {
  const replace = (generation: number) =>
    new ClientDirectory(path, {}, form).replace(files(generation), `${generation}`);

  /** Interrupts every step in turn, of a replacement that adds a file and of one that removes it. */
  async function interruptEverywhere(interrupted: (number: number, generation: number) => Promise<boolean>) {
    let number = 1;
    for (let generation = 2; ; generation += 2) {
      const isInterrupted = await interrupted(number, generation);
      jest.restoreAllMocks();
      expect(visible()).toEqual(expect.arrayContaining([certificate, privateKey].sort()));
      const allowed = form === 'linked' ? 1 : 2;
      expect(new Set(generations()).size).toBeLessThanOrEqual(allowed);
      // The last file, which programs watch.
      expect(generations()[0]).toBeGreaterThanOrEqual(generation - 1);
      await replace(generation + 1);
      expect([visible(), generations()]).toEqual([[certificate, privateKey].sort(), [generation + 1, generation + 1]]);
      if (!isInterrupted) return number;
      number++;
    }
  }

  test('are whole when the process is killed at any step, and the next run tidies up', async () => {
    await replace(1);
    const steps = await interruptEverywhere(async (number, generation) => {
      let reached: () => void = () => undefined;
      const killed = new Promise<true>((resolve) => {
        reached = () => resolve(true);
      });
      // What a killed process does not do is what it would have done after the step.
      interruptAt(number, () => {
        reached();
        return new Promise<never>(() => undefined);
      });
      return Promise.race([killed, replace(generation).then(() => false)]);
    });
    expect(steps).toBeGreaterThan(8);
  });

  test('are whole when a step fails, and no key is left over', async () => {
    await replace(1);
    const steps = await interruptEverywhere(async (number, generation) => {
      const fails = jest.fn(async () => {
        throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      });
      // Once: what tidies up after the failure works.
      let isDone = false;
      let failedAt = '';
      for (const step of STEPS) {
        const original = fs[step] as (...args: unknown[]) => Promise<unknown>;
        jest.spyOn(fs, step).mockImplementation((async (...args: unknown[]) => {
          if (isDone || --left > 0) return original(...args);
          isDone = true;
          failedAt = step;
          return fails();
        }) as never);
      }
      let left = number;
      const failed = await replace(generation).then(
        () => false,
        (error) => {
          expect(error.message).toBe('no space left on device');
          return true;
        },
      );
      expect(fails).toHaveBeenCalledTimes(failed ? 1 : 0);
      const keys = keysOf(generation).filter((key) => realpathSync(key) !== realpathSync(join(path, privateKey)));
      // Unless the removal itself has failed.
      if (!failedAt.startsWith('rm')) expect(keys).toEqual([]);
      return failed;
    });
    expect(steps).toBeGreaterThan(8);
  });
});

describe('files that are renamed', () => {
  const replace = (generation: number) =>
    new ClientDirectory(path, {}, 'renamed').replace(files(generation), `${generation}`);

  test('wait for a program that has one open, as Windows demands', async () => {
    await replace(1);
    const refusals = ['EPERM', 'EACCES', 'EBUSY'];
    const original = fs.rename;
    jest.spyOn(fs, 'rename').mockImplementation(async (from, to) => {
      const code = to === join(path, certificate) ? refusals.shift() : undefined;
      if (code !== undefined) throw Object.assign(new Error('in use'), { code });
      return original(from, to);
    });
    await replace(3);
    expect([refusals, generations()]).toEqual([[], [3, 3]]);
  });

  test('are not replaced while a program keeps one open, and the next run replaces them', async () => {
    await replace(1);
    jest.spyOn(fs, 'rename').mockRejectedValue(Object.assign(new Error('in use'), { code: 'EBUSY' }));
    await expect(replace(3)).rejects.toThrow('in use');
    jest.restoreAllMocks();
    expect(generations()).toEqual([1, 1]);
    expect(await replace(3)).toBe(true);
    expect(generations()).toEqual([3, 3]);
  });
});

test('a group that the user of the process is not in gets no files', async () => {
  const original = fs.open;
  jest.spyOn(fs, 'open').mockImplementation(async (...args) => {
    const handle = await original(...args);
    handle.chown = () => Promise.reject(Object.assign(new Error('EPERM'), { code: 'EPERM' }));
    return handle;
  });
  const replaced = new ClientDirectory(path, { group: 33 }).replace(files(1), '1');
  await expect(replaced).rejects.toThrow('the user of this process may not give files to the group 33');
  expect(readdirSync(path)).toEqual([]);
});

describe.each(['linked', 'renamed'] as const)('whatever the umask, files that are %s', (form) => {
  test.each([0o000, 0o077])('%o', async (umask) => {
    const before = process.umask(umask);
    const opened: string[] = [];
    const original = fs.open;
    // Looks at each file before anything is in it.
    jest.spyOn(fs, 'open').mockImplementation(async (...args) => {
      const handle = await original(...args);
      const { mode } = await handle.stat();
      if (args[1] === 'wx') opened.push(`${args[0]}`.replace(/.*\//, '') + (mode & 0o777).toString(8));
      return handle;
    });
    try {
      await new ClientDirectory(path, { privateMode: 0o640 }, form).replace(files(2), '2');
    } finally {
      process.umask(before);
    }
    expect(opened).toEqual(expect.arrayContaining([`${privateKey}600`, `${keyStore}600`]));
    expect(opened.filter((file) => !file.endsWith('600'))).toEqual([]);
    const modes = ['', certificate, privateKey, keyStore].map((name) => statSync(join(path, name)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o644, 0o640, 0o640]);
  });
});

test.each(['linked', 'renamed'] as const)('other rights replace files that are %s', async (form) => {
  const replace = (privateMode?: number) => new ClientDirectory(path, { privateMode }, form).replace(files(1), '1');
  expect(await replace()).toBe(true);
  expect(await replace(0o640)).toBe(true);
  expect(await replace(0o640)).toBe(false);
  expect(statSync(join(path, privateKey)).mode & 0o777).toBe(0o640);
  expect(await replace()).toBe(true);
  expect(statSync(join(path, privateKey)).mode & 0o777).toBe(0o600);
});
