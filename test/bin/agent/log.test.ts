import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AGENT_EVENTS, agentLog } from '../../../bin/agent/log';

const NOW = new Date('2026-01-01T00:00:00Z');
const ENTRY = { level: 'warn', event: 'look-failed', client: 'mail', message: 'no answer' } as const;

function printed(format: 'text' | 'json', entry: Parameters<ReturnType<typeof agentLog>>[0]): string {
  let line = '';
  agentLog(
    format,
    (text) => {
      line = text;
    },
    () => NOW,
  )(entry);
  return line;
}

test('prints a line for a person', () => {
  expect(printed('text', ENTRY)).toBe('2026-01-01T00:00:00.000Z WARN look-failed mail: no answer');
  expect(printed('text', { level: 'info', event: 'ended', message: 'the agent ends' })).toBe(
    '2026-01-01T00:00:00.000Z INFO ended the agent ends',
  );
});

test('prints JSON', () => {
  expect(JSON.parse(printed('json', ENTRY))).toEqual({ time: '2026-01-01T00:00:00.000Z', ...ENTRY });
});

test.each(AGENT_EVENTS)('the event %s has its name in both formats, and its meaning in the docs', (event) => {
  const entry = { ...ENTRY, event };
  expect(printed('text', entry)).toContain(` ${event} mail: `);
  expect(JSON.parse(printed('json', entry))).toMatchObject({ event });
  const page = readFileSync(join(__dirname, '..', '..', '..', 'docs', 'agent.md'), 'utf8');
  const [, table = ''] = /\| `event` \|(.*?)\n\n/s.exec(page) ?? [];
  expect(table).toContain(`\`${event}\``);
});

test('nothing that a command prints controls the terminal or begins another line', () => {
  const hostile = { ...ENTRY, message: 'a\u001b[2J\r\n2026 INFO forged' };
  expect(printed('text', hostile)).toBe('2026-01-01T00:00:00.000Z WARN look-failed mail: a [2J 2026 INFO forged');
  expect(printed('json', hostile)).not.toMatch(/\p{Cc}/u);
});
