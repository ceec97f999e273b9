import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PairDirectory } from '../../../bin/request/pair-directory';

/** The module itself, so that what a test changes of it is changed for everybody. */
const fs = jest.requireActual<typeof import('node:fs/promises')>('node:fs/promises');

let root: string;
let path: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'pair-directory-'));
  path = join(root, 'mail');
});

afterEach(() => {
  jest.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

const pair = (name: string) => ({ 'key.pem': `key of ${name}`, 'certificate.pem': `certificate of ${name}` });
const replace = async (name: string) => (await PairDirectory.open(path)).replace(pair(name));
const read = (directory = path) => ({
  'key.pem': readFileSync(join(directory, 'key.pem'), 'utf8'),
  'certificate.pem': readFileSync(join(directory, 'certificate.pem'), 'utf8'),
});

test('holds what was written last, and nothing is left of what was there before', async () => {
  await replace('one');
  expect(read()).toEqual(pair('one'));
  await replace('two');
  expect(read()).toEqual(pair('two'));
  expect(readdirSync(root)).toHaveLength(2);
});

test('is for its owner alone, whatever the umask', async () => {
  const umask = process.umask(0);
  try {
    path = join(root, 'made', 'on', 'the', 'way', 'mail');
    await replace('one');
  } finally {
    process.umask(umask);
  }
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(root, 'made')).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(path)) expect(statSync(join(path, file)).mode & 0o777).toBe(0o600);
});

test('takes the place of an empty directory', async () => {
  mkdirSync(path, { mode: 0o755 });
  await replace('one');
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(read()).toEqual(pair('one'));
});

test('can be moved with what it leads to, as the link is a relative one', async () => {
  await replace('one');
  const moved = `${root}-moved`;
  await fs.rename(root, moved);
  expect(read(join(moved, 'mail'))).toEqual(pair('one'));
  await fs.rename(moved, root);
});

test.each<[string, () => void]>([
  ['a file', () => writeFileSync(path, 'precious')],
  [
    'a directory with something in it',
    () => {
      mkdirSync(path);
      writeFileSync(join(path, 'key.pem'), 'precious');
    },
  ],
  ['a link to somewhere else', () => symlinkSync('/etc', path)],
  ['a link that only begins like its own', () => symlinkSync('.mail.abcdef/../../etc', path)],
  ['a link to nowhere', () => symlinkSync('nowhere', path)],
])('does not take the place of %s', async (_name, arrange) => {
  arrange();
  const before = lstatSync(path).ino;
  await expect(PairDirectory.open(path)).rejects.toThrow(
    `${path} is replaced as a whole: it must not exist, be an empty directory`,
  );
  expect(lstatSync(path).ino).toBe(before);
});

test('a reader that resolves the link never finds a key beside the certificate of another', async () => {
  await replace('0');
  let isDone = false;
  const writing = (async () => {
    for (let i = 1; i <= 60; i++) await replace(String(i));
    isDone = true;
  })();
  const seen = new Set<string>();
  while (!isDone) {
    const directory = realpathSync(path);
    await new Promise(setImmediate);
    // Gone with its pair, when the writer was faster.
    if (!existsSync(directory)) continue;
    const texts = await Promise.all(
      ['key.pem', 'certificate.pem'].map((file) => fs.readFile(join(directory, file), 'utf8').catch(() => undefined)),
    );
    const names = texts.flatMap((text) => text?.replace(/.* of /, '') ?? []);
    expect(new Set(names).size).toBeLessThanOrEqual(1);
    for (const name of names) seen.add(name);
  }
  await writing;
  expect(seen.size).toBeGreaterThan(1);
  expect(readdirSync(root)).toHaveLength(2);
});

const STEPS = ['mkdtemp', 'open', 'symlink', 'rename'] as const;

test.each(STEPS)('is as it was when %s fails, and nothing is left of what was to come', async (step) => {
  await replace('one');
  jest.spyOn(fs, step).mockRejectedValueOnce(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));

  await expect(replace('two')).rejects.toThrow('no space left');

  expect(read()).toEqual(pair('one'));
  expect(readdirSync(root)).toHaveLength(2);
  await replace('two');
  expect(read()).toEqual(pair('two'));
});

test('holds one pair wherever it is killed, and goes on from there', async () => {
  await replace('one');
  // What is done when a process is killed is what was done before the step, without what cleans up after a failure.
  for (const [count, step] of STEPS.entries()) {
    const never = new Promise<never>(() => undefined);
    const spy = jest.spyOn(fs, step).mockImplementationOnce((() => never) as never);
    void replace('killed');
    while (spy.mock.calls.length === 0) await new Promise(setImmediate);
    expect(read()).toEqual(pair(count === 0 ? 'one' : `after ${STEPS[count - 1]}`));
    spy.mockRestore();
    await replace(`after ${step}`);
    expect(read()).toEqual(pair(`after ${step}`));
  }
});
