import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { AppWatcher, globOf } from '../../../bin/up/app-watcher';

let directory: string;
let watcher: AppWatcher;
const previous = process.cwd();

beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'app-watcher-')));
  process.chdir(directory);
});
afterEach(async () => {
  await watcher.close();
  process.chdir(previous);
  rmSync(directory, { recursive: true, force: true });
});

function write(name: string): void {
  mkdirSync(dirname(join(directory, name)), { recursive: true });
  writeFileSync(join(directory, name), String(Math.random()));
}

/** Fails by the timeout of the test. */
async function changes(): Promise<void> {
  while (!watcher.takeChange()) await setTimeout(20);
}

/** The files that are noticed, of some that are written one after the other. */
async function noticed(names: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const name of names) {
    write(name);
    // A file that is always watched: its event comes after that of the other one.
    write('marker.ts');
    await changes();
    found.push(...events.splice(0).filter((event) => event !== 'marker.ts'));
  }
  return found;
}
const events: string[] = [];

async function start(include: readonly string[], exclude: readonly string[]): Promise<void> {
  events.length = 0;
  watcher = await AppWatcher.start({ include, exclude }, (name) => events.push(name));
}

test('notices a file that is added, changed, or removed, once each', async () => {
  write('lib/stack.ts');
  await start(['**'], []);
  expect(watcher.takeChange()).toBe(false);
  write('lib/stack.ts');
  await changes();
  expect(watcher.takeChange()).toBe(false);
  write('lib/new/service.ts');
  await changes();
  rmSync(join(directory, 'lib/stack.ts'));
  await changes();
});

test('follows the globs, and excludes what is below an excluded directory', async () => {
  const names = [
    'node_modules/a/index.js',
    'lib/node_modules/b.js',
    '.git/HEAD',
    'lib/.cache/x',
    'test/a.ts',
    'lib/a.js',
  ];
  for (const name of [...names, 'lib/a.ts', 'marker.ts']) write(name);
  await start(['**'], ['**/.*', '**/node_modules', 'test', '**/*.js']);
  expect([...new Set(await noticed([...names, 'lib/a.ts']))]).toEqual(['lib/a.ts']);
});

test('includes only what it is told to', async () => {
  for (const name of ['lib/a.ts', 'lib/a.md', 'marker.ts']) write(name);
  await start(['**/*.ts'], []);
  expect([...new Set(await noticed(['lib/a.md', 'lib/a.ts']))]).toEqual(['lib/a.ts']);
});

test('takes a path with characters of globs as it is', async () => {
  for (const name of ['out [1]/mail/key.pem', 'out 1/a.ts', 'marker.ts']) write(name);
  await start(['**'], globOf('out [1]'));
  expect([...new Set(await noticed(['out [1]/mail/key.pem', 'out 1/a.ts']))]).toEqual(['out 1/a.ts']);
  expect(globOf(tmpdir())).toEqual([]);
  expect(globOf('.')).toEqual([]);
});
