import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReloadCommand, ReloadError } from '../../../bin/agent/reload';

let directory: string;
const { signal } = new AbortController();

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'reload-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

const node = (script: string) => `"${process.execPath}" -e "${script}"`;
/** The shell of a machine may have nothing but its own commands. */
const SLEEP = node('setTimeout(() => undefined, 600_000)');
const subject = () => ({ client: 'mail', directory });

test('runs the command in a shell, with the client in its environment', async () => {
  const command = 'echo "$MTLS_MESH_CLIENT" > "$MTLS_MESH_DIRECTORY/told" && echo again >> "$MTLS_MESH_DIRECTORY/told"';
  await new ReloadCommand(command).run(subject(), signal);
  expect(readFileSync(join(directory, 'told'), 'utf8')).toBe('mail\nagain\n');
});

test.each([
  ['exits with another code', 'echo careful; echo broken >&2; exit 3', /^it ended with exit code 3: careful\nbroken$/],
  ['is not there', 'no-such-program-at-all', /^it ended with exit code 127: .*no-such-program-at-all/],
  ['is killed', 'kill -9 $$', /^it ended with SIGKILL$/],
])('fails with what the command has printed when it %s', async (_, command, message) => {
  await expect(new ReloadCommand(command).run(subject(), signal)).rejects.toThrow(message);
  await expect(new ReloadCommand(command).run(subject(), signal)).rejects.toThrow(ReloadError);
});

test('ends the command and what it has started after the time limit', async () => {
  const command = `${SLEEP} & echo $! > "$MTLS_MESH_DIRECTORY/pid"; wait`;
  await expect(new ReloadCommand(command, 500).run(subject(), signal)).rejects.toThrow(
    'it did not end within 0.5 seconds',
  );
  const pid = Number(readFileSync(join(directory, 'pid'), 'utf8'));
  expect(pid).toBeGreaterThan(0);
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve, 20));
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('ends a command that ignores the request to end', async () => {
  await expect(new ReloadCommand(`trap '' TERM; ${SLEEP} & wait; wait`, 300).run(subject(), signal)).rejects.toThrow(
    'it did not end within 0.3 seconds',
  );
});

test('does not wait for what the command has left in the background', async () => {
  await new ReloadCommand(`${node('setTimeout(() => undefined, 3_000)')} &`).run(subject(), signal);
});

test('ends the command with the agent', async () => {
  const ending = new AbortController();
  const reload = new ReloadCommand(`echo > "$MTLS_MESH_DIRECTORY/begun"; ${SLEEP}`);
  const running = reload.run(subject(), ending.signal);
  const waiting = reload.run(subject(), ending.signal);
  const settled = Promise.allSettled([running, waiting]);
  while (!existsSync(join(directory, 'begun'))) await new Promise((resolve) => setTimeout(resolve, 10));
  ending.abort();
  for (const result of await settled) {
    expect(result).toMatchObject({ status: 'rejected', reason: { message: 'the agent ends' } });
  }
});

test('never runs two at once', async () => {
  const script = [
    `const fs = require('node:fs')`,
    `fs.mkdirSync(process.env.MTLS_MESH_DIRECTORY + '/running')`,
    `setTimeout(() => fs.rmdirSync(process.env.MTLS_MESH_DIRECTORY + '/running'), 50)`,
  ].join('; ');
  const reload = new ReloadCommand(node(script));
  await Promise.all([1, 2, 3].map(() => reload.run(subject(), signal)));
});

test('quotes the end of a long output', async () => {
  const command = node(`console.log('x'.repeat(5000) + 'end'); process.exitCode = 1`);
  const error = await new ReloadCommand(command).run(subject(), signal).catch((failure) => failure);
  expect(error.message).toMatch(/^it ended with exit code 1: x{900,1000}end$/);
});
