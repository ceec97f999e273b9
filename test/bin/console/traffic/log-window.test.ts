import { AwsCallError } from '../../../../aws/aws-error';
import { LogWindow } from '../../../../bin/console/traffic/log-window';
import { MemoryLogs, NOW, otherLine } from './lines';

const MINUTE = 60_000;
const signal = new AbortController().signal;

function open(): { logs: MemoryLogs; lines: ReturnType<typeof otherLine>[]; window: LogWindow<string> } {
  const logs = new MemoryLogs();
  const lines: ReturnType<typeof otherLine>[] = [];
  logs.groups.set('access', lines);
  const parse = ({ message }: { readonly message: string }) => (message === 'skip' ? undefined : message);
  return { logs, lines, window: new LogWindow({ logs, logGroup: 'access', parse, length: 15 * MINUTE }) };
}

test('an update reads the window, and the next one what was written since, with an overlap', async () => {
  const { logs, lines, window } = open();
  lines.push(otherLine('too old', NOW - 16 * MINUTE), otherLine('one', NOW - MINUTE), otherLine('skip', NOW));
  await window.update(NOW, signal);
  expect(window.entries).toEqual(['one']);

  lines.push(otherLine('late', NOW - 1), otherLine('two', NOW + 1));
  await window.update(NOW + 5_000, signal);
  expect(window.entries).toEqual(['one', 'late', 'two']);
  expect(logs.asked.map(({ from }) => from)).toEqual([NOW - 15 * MINUTE, NOW - MINUTE]);
});

test('a line leaves the window with its time', async () => {
  const { lines, window } = open();
  lines.push(otherLine('one', NOW - 14 * MINUTE), otherLine('two', NOW - MINUTE));
  await window.update(NOW, signal);
  await window.update(NOW + 2 * MINUTE, signal);
  expect(window.entries).toEqual(['two']);
});

test('a failure loses nothing: the next update reads again', async () => {
  const { logs, lines, window } = open();
  await window.update(NOW, signal);
  lines.push(otherLine('one', NOW + MINUTE));
  logs.failure = new AwsCallError('logs:FilterLogEvents', 'ThrottlingException', 'Rate exceeded');
  await expect(window.update(NOW + 5 * MINUTE, signal)).rejects.toThrow('ThrottlingException');
  logs.failure = undefined;
  await window.update(NOW + 9 * MINUTE, signal);
  expect(window.entries).toEqual(['one']);
});

test('more lines than an update reads are left out, and the window says so while it lasts', async () => {
  const { logs, lines, window } = open();
  lines.push(...Array.from({ length: 50 }, (_, index) => otherLine(String(index), NOW - MINUTE)));
  await window.update(NOW, signal);
  expect(window.entries).toHaveLength(20);
  expect(window.isCut(NOW)).toBe(true);

  // The lines of the overlap must not keep an update from what is new.
  lines.push(otherLine('new', NOW + 1));
  await window.update(NOW + 5_000, signal);
  expect(window.entries).toHaveLength(21);
  expect(logs.asked.at(-1)?.from).toBe(NOW);

  lines.splice(0);
  await window.update(NOW + 16 * MINUTE, signal);
  expect(window.isCut(NOW + 16 * MINUTE)).toBe(false);
});

test('a window of a busy log keeps the latest lines', async () => {
  const events = Array.from({ length: 50_001 }, (_, index) => otherLine(String(index), NOW - MINUTE + index));
  const filterEvents = async function* () {
    yield events;
  };
  const parse = ({ message }: { readonly message: string }) => message;
  const window = new LogWindow({ logs: { filterEvents }, logGroup: 'access', parse, length: 15 * MINUTE });
  await window.update(NOW, signal);
  expect([window.entries.length, window.entries[0], window.isCut(NOW)]).toEqual([50_000, '1', true]);
});
