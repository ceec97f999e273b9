import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { CLIENT_FILES } from '../../../../bin/shared/client-files/contents';
import { ClientDirectory, ClientDirectoryError } from '../../../../bin/shared/client-files/directory';
import { killRuns, Run } from '../command';
import { generation, generationOf } from './generations';

const { privateKey, certificate, bundle, keyStore } = CLIENT_FILES;
const REPOSITORY = join(__dirname, '..', '..', '..', '..');

let parent: string;
let path: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'client-files-'));
  path = join(parent, 'mail');
});

afterEach(async () => {
  await killRuns();
  rmSync(parent, { recursive: true, force: true });
});

const read = (name: string) => readFileSync(join(path, name), 'utf8');
const modeOf = (name: string) => statSync(join(path, name)).mode & 0o777;
/** All entries, also those that are not for users. */
const entries = () => readdirSync(path).sort();

describe.each(['linked', 'renamed'] as const)('files that are %s', (form) => {
  const open = () => new ClientDirectory(path, {}, form);

  test('are replaced, and only then', async () => {
    expect(await open().replace(generation(1), 'one')).toBe(true);
    expect(await open().replace(generation(1), 'one')).toBe(false);
    expect(await open().replace(generation(2), 'two')).toBe(true);
    for (const name of [privateKey, certificate, bundle]) expect(generationOf(read(name))).toBe(2);
  });

  test('leave nothing of the generation before', async () => {
    await open().replace([...generation(1), { name: keyStore, contents: 'store', isPrivate: true }], 'one');
    expect(entries()).toContain(keyStore);
    await open().replace(generation(2), 'two');
    const unfinished = entries().filter((name) => name.startsWith('..generation-'));
    expect(unfinished).toHaveLength(form === 'linked' ? 1 : 0);
    expect(entries().filter((name) => !name.startsWith('.'))).toEqual([bundle, certificate, privateKey].sort());
  });

  test('have modes that keep the key from others and show them the rest', async () => {
    await open().replace(generation(1), 'one');
    expect([privateKey, bundle, certificate].map(modeOf)).toEqual([0o600, 0o600, 0o644]);
    expect(statSync(path).mode & 0o777).toBe(0o755);
    expect(statSync(realpathSync(join(path, certificate, '..'))).mode & 0o777).toBe(0o755);
  });

  test('have the mode and the group of a daemon', async () => {
    const group = process.getgid?.() ?? 0;
    await new ClientDirectory(path, { privateMode: 0o640, group }, form).replace(generation(1), 'one');
    expect(modeOf(privateKey)).toBe(0o640);
    expect(statSync(join(path, privateKey)).gid).toBe(group);
  });

  test.each([
    ['a file', () => writeFileSync(join(path, privateKey), 'a key of somebody')],
    ['a directory', () => mkdirSync(join(path, privateKey))],
    ['a link', () => symlinkSync('/etc/passwd', join(path, privateKey))],
    ['a link to nothing', () => symlinkSync('nothing', join(path, privateKey))],
  ])('do not replace %s of somebody else', async (_, create) => {
    mkdirSync(path);
    create();
    await expect(open().replace(generation(1), 'one')).rejects.toThrow(ClientDirectoryError);
    await expect(open().replace(generation(1), 'one')).rejects.toThrow(`${join(path, privateKey)} was not written by`);
    expect(entries()).toEqual([privateKey]);
  });

  test('stand beside other files', async () => {
    mkdirSync(path);
    writeFileSync(join(path, 'server-ca.pem'), 'theirs');
    writeFileSync(join(path, keyStore), 'theirs');
    await open().replace(generation(1), 'one');
    await open().replace(generation(2), 'two');
    expect([read('server-ca.pem'), read(keyStore)]).toEqual(['theirs', 'theirs']);
  });

  test.each(['', 'null', '{', '{"id":"two"}', '{"id":"two","digests":[["../victim",""]]}', '{"id":"two","digests":7}'])(
    'do not take the description %j for their own',
    async (description) => {
      writeFileSync(join(parent, 'victim'), 'theirs');
      await open().replace(generation(1), 'one');
      const folder = form === 'linked' ? join(path, '..data') : path;
      writeFileSync(join(folder, '.generation'), description);
      await open()
        .replace(generation(2), 'two')
        .catch((error) => expect(error).toBeInstanceOf(ClientDirectoryError));
      expect(readFileSync(join(parent, 'victim'), 'utf8')).toBe('theirs');
    },
  );

  test.each([
    ['changed', () => writeFileSync(join(path, certificate), 'no certificate')],
    ['emptied', () => writeFileSync(join(path, privateKey), '')],
    ['removed', () => rmSync(join(realpathSync(join(path, bundle))))],
  ])('are written again after somebody has %s one', async (_, change) => {
    await open().replace(generation(1), 'one');
    change();
    expect(await open().replace(generation(1), 'one')).toBe(true);
    expect([privateKey, certificate, bundle].map((name) => generationOf(read(name)))).toEqual([1, 1, 1]);
    expect(await open().replace(generation(1), 'one')).toBe(false);
  });

  test('are whole after two runs at once', async () => {
    const runs = [1, 2, 3, 4].map((number) => open().replace(generation(number), `${number}`));
    // With `renamed`, a run may find that another one has moved its file away.
    await Promise.allSettled(runs);
    await open().replace(generation(5), '5');
    expect([privateKey, certificate, bundle].map((name) => generationOf(read(name)))).toEqual([5, 5, 5]);
    expect(await open().replace(generation(5), '5')).toBe(false);
  });

  test('are not written where there is no directory', async () => {
    writeFileSync(path, 'a file of somebody');
    await expect(open().prepare([privateKey])).rejects.toThrow(`${path} is not a directory`);
    await expect(open().replace(generation(1), 'one')).rejects.toThrow(ClientDirectoryError);
    expect(readFileSync(path, 'utf8')).toBe('a file of somebody');
  });

  test('of an abandoned run are removed, and those of a run in progress are not', async () => {
    mkdirSync(path);
    const [old, recent] = [`..generation-${'0'.repeat(16)}`, `..generation-${'1'.repeat(16)}`];
    for (const name of [old, recent, '..generation-mine']) {
      mkdirSync(join(path, name));
      writeFileSync(join(path, name, privateKey), 'a key');
    }
    for (const name of [old, '..generation-mine']) utimesSync(join(path, name), new Date(0), new Date(0));
    await open().replace(generation(1), 'one');
    expect(entries()).toEqual(expect.arrayContaining([recent, '..generation-mine']));
    expect(entries()).not.toContain(old);
  });

  test('that are not written leave the generation before, and no key', async () => {
    await open().replace(generation(1), 'one');
    const broken = [...generation(2), { name: 'no/such/folder', contents: '', isPrivate: false }];
    await expect(open().replace(broken, 'two')).rejects.toThrow('ENOENT');
    expect([privateKey, certificate, bundle].map((name) => generationOf(read(name)))).toEqual([1, 1, 1]);
    expect(entries().filter((name) => name.startsWith('..generation-'))).toHaveLength(form === 'linked' ? 1 : 0);
  });

  test('are whole whenever the process is killed', async () => {
    const script = join(__dirname, 'replacing.ts');
    for (let round = 0; round < 5; round++) {
      const run = new Run(
        process.execPath,
        ['--import', 'tsx', script, path, form, `${round * 1_000_000}`],
        REPOSITORY,
        process.env,
      );
      await run.prints(/started/);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 40));
      await run.kill();
      const numbers = [privateKey, certificate, bundle].map((name) => generationOf(read(name)));
      const generations = new Set(numbers).size;
      expect(generations).toBeLessThanOrEqual(form === 'linked' ? 1 : 2);
      for (const name of [privateKey, bundle]) expect(modeOf(name)).toBe(0o600);
    }
    expect(await open().replace(generation(7), 'seven')).toBe(true);
    expect([privateKey, certificate, bundle].map((name) => generationOf(read(name)))).toEqual([7, 7, 7]);
  });
});

describe('files that are linked', () => {
  test.each([
    ['a directory', () => mkdirSync(join(path, '..data'))],
    ['a link to elsewhere', () => symlinkSync('../victim', join(path, '..data'))],
    ['a link of Kubernetes', () => symlinkSync('..2026_01_01_00_00_00.123456789', join(path, '..data'))],
  ])('do not replace %s', async (_, create) => {
    mkdirSync(path);
    mkdirSync(join(parent, 'victim'));
    create();
    const directory = new ClientDirectory(path, {}, 'linked');
    await expect(directory.replace(generation(1), 'one')).rejects.toThrow(`${join(path, '..data')} was not written by`);
    expect(lstatSync(join(parent, 'victim')).isDirectory()).toBe(true);
  });

  test('are there again after a run that was killed before it had linked them', async () => {
    const directory = new ClientDirectory(path, {}, 'linked');
    await directory.replace(generation(1), 'one');
    rmSync(join(path, certificate));
    expect(await directory.replace(generation(1), 'one')).toBe(false);
    expect(readlinkSync(join(path, certificate))).toBe(`..data/${certificate}`);
  });
});

describe('files that are renamed', () => {
  test('are replaced by the next run if a killed one had replaced some of them', async () => {
    const directory = new ClientDirectory(path, {}, 'renamed');
    await directory.replace(generation(1), 'one');
    const digests = [privateKey, certificate, bundle].map((name) => [name, '']);
    writeFileSync(join(path, '.generation'), JSON.stringify({ id: '', digests }));
    expect(await directory.replace(generation(1), 'one')).toBe(true);
  });

  test('have the key in place before the certificate', async () => {
    const directory = new ClientDirectory(path, {}, 'renamed');
    await directory.replace(generation(1), 'one');
    const seen: (string | null)[] = [];
    const watcher = watch(path, (_, name) => seen.push(name));
    await directory.replace(generation(2), 'two');
    // The last file is the description.
    while (!seen.includes(bundle)) await new Promise((resolve) => setTimeout(resolve, 10));
    watcher.close();
    const order = seen.filter((name) => name === privateKey || name === certificate);
    expect([order[0], order.at(-1)]).toEqual([privateKey, certificate]);
  });
});

/** Reads in a loop, and counts whole and mixed reads, and files that were gone. */
const READER = `
const { readFileSync, realpathSync } = require('node:fs');
const { join } = require('node:path');
const { workerData: { path, names, resolves, counts } } = require('node:worker_threads');
for (;;) {
  try {
    const folder = resolves ? realpathSync(join(path, '..data')) : path;
    const lines = names.flatMap((name) => readFileSync(join(folder, name), 'utf8').trimEnd().split('\\n'));
    Atomics.add(counts, new Set(lines).size === 1 ? 0 : 1, 1);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    Atomics.add(counts, 2, 1);
  }
}
`;

test.each([
  ['one file of linked ones', 'linked', [bundle], false],
  ['one file of renamed ones', 'renamed', [bundle], false],
  [
    'key and certificate of linked ones, in the directory that it has resolved',
    'linked',
    [privateKey, certificate],
    true,
  ],
] as const)(
  'a reader of %s never gets two generations',
  async (_, form, names, resolves) => {
    const directory = new ClientDirectory(path, {}, form);
    await directory.replace(generation(0), '0');
    const counts = new Int32Array(new SharedArrayBuffer(12));
    const reader = new Worker(READER, { eval: true, workerData: { path, names, resolves, counts } });
    for (let number = 1; number <= 200 || (counts[0] ?? 0) < 5_000; number++) {
      await directory.replace(generation(number), `${number}`);
    }
    await reader.terminate();
    const [, mixed, gone] = counts;
    expect(mixed).toBe(0);
    // Only those who resolve the link look for a generation that is gone. They read again.
    if (!resolves) expect(gone).toBe(0);
  },
  60_000,
);
