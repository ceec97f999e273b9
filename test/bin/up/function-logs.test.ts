import { FunctionLogs } from '../../../bin/up/function-logs';

const GROUP = '/aws/lambda/Schedule';
const [ONE, OTHER] = ['11111111-0000-4000-8000-000000000000', '22222222-0000-4000-8000-000000000000'];
const start = (id: string) => `START RequestId: ${id} Version: $LATEST`;
const end = (id: string) => `END RequestId: ${id}`;
const report = (id: string) => `REPORT RequestId: ${id}\tDuration: 1.00 ms\tMemory Size: 128 MB`;
const line = (id: string | undefined, level: string, text: string) =>
  `2026-01-01T00:00:00.000Z\t${id}\t${level}\t${text}`;
const failure = (id: string, report: object) => `${id}\tERROR\tInvoke Error\t${JSON.stringify(report)}`;

function printed(lines: readonly string[], all = false): string {
  let output = '';
  const logs = new FunctionLogs({
    all,
    nameOf: (group) => (group === GROUP ? 'App/Schedule' : group),
    write: (text) => {
      output += text;
    },
  });
  for (const text of lines) logs.onLog(GROUP, text);
  return output;
}

test('an invocation that succeeds prints nothing', () => {
  expect(printed([start(ONE), line(ONE, 'INFO', 'hello'), line(ONE, 'WARN', 'careful'), end(ONE), report(ONE)])).toBe(
    '',
  );
});

test('an invocation that throws prints what it has logged, and its stack', () => {
  const trace = ['TypeError: no title', '    at handler (/var/task/index.js:1:1)'];
  expect(
    printed([
      start(ONE),
      line(ONE, 'INFO', 'hello'),
      failure(ONE, { errorType: 'TypeError', errorMessage: 'no title', trace }),
      end(ONE),
      report(ONE),
    ]),
  ).toBe(
    '[App/Schedule] INFO hello\n[App/Schedule] ERROR TypeError: no title\n[App/Schedule]     at handler (/var/task/index.js:1:1)\n',
  );
});

test.each([
  [
    { errorType: 'Sandbox.Timedout', errorMessage: 'Task timed out after 3.00 seconds' },
    'Sandbox.Timedout: Task timed',
  ],
  [{ errorType: 'Runtime.ExitError', errorMessage: 'exit status 1', trace: [] }, 'Runtime.ExitError: exit status 1'],
])('a failure without a stack prints its message: %j', (failed, text) => {
  expect(printed([start(ONE), failure(ONE, failed), end(ONE)])).toContain(`[App/Schedule] ERROR ${text}`);
});

test('a report that is not JSON prints as it is', () => {
  expect(printed([start(ONE), `${ONE}\tERROR\tInvoke Error\tundefined`, end(ONE)])).toBe(
    '[App/Schedule] ERROR undefined\n',
  );
});

test('an invocation that logs an error prints what it has logged', () => {
  expect(printed([start(ONE), line(ONE, 'ERROR', 'first\nsecond'), end(ONE)])).toBe(
    '[App/Schedule] ERROR first\n[App/Schedule] second\n',
  );
});

test('a request that the authorizer denies prints the reason', () => {
  const denial = '{"event":"denied","code":"REVOKED","reason":"the certificate is revoked"}';
  expect(printed([start(ONE), line(ONE, 'INFO', denial), end(ONE)])).toContain('the certificate is revoked');
});

test('of invocations at the same time, the one that fails prints its own lines only', () => {
  const output = printed([
    start(ONE),
    start(OTHER),
    line(ONE, 'INFO', 'of one'),
    line(OTHER, 'INFO', 'of the other'),
    failure(OTHER, { errorType: 'Error', errorMessage: 'failed' }),
    end(ONE),
    end(OTHER),
  ]);
  expect(output).toBe('[App/Schedule] INFO of the other\n[App/Schedule] ERROR Error: failed\n');
});

test('what a function prints while it loads comes with the failure, at most twenty lines, and once', () => {
  const loading = Array.from({ length: 30 }, (_, number) => `loading ${number}`);
  const warning = line(undefined, 'ERROR', 'a warning while it loads');
  const failed = [start(ONE), failure(ONE, { errorType: 'E', errorMessage: 'm' }), end(ONE)];
  const lines = printed([...loading, warning, ...failed, ...failed])
    .trimEnd()
    .split('\n');
  expect(lines).toHaveLength(22);
  expect(lines[0]).toBe('[App/Schedule] loading 11');
  expect(lines.slice(-3)).toEqual([
    '[App/Schedule] ERROR a warning while it loads',
    '[App/Schedule] ERROR E: m',
    '[App/Schedule] ERROR E: m',
  ]);
});

test('all lines print as they are written', () => {
  const lines = [start(ONE), line(ONE, 'INFO', 'hello'), 'raw', end(ONE), report(ONE)];
  expect(printed(lines, true)).toBe(lines.map((text) => `[App/Schedule] ${text}\n`).join(''));
});

test.each([[true], [false]])('nothing that a caller sends controls the terminal (all: %s)', (all) => {
  const hostile = 'title \u001b]0;owned\u0007\u009b31m\r\u0000';
  const output = printed([start(ONE), line(ONE, 'ERROR', hostile), end(ONE)], all);
  expect(output).toContain('title \\x1b]0;owned\\x07\\x9b31m\\x0d\\x00');
  expect(output.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}/u);
});

test('lines of the time in between are not printed', async () => {
  let output = '';
  const logs = new FunctionLogs({ all: true, nameOf: (group) => group, write: (text) => (output += text) });
  await logs.withoutPrinting(async () => logs.onLog(GROUP, 'asked')).then(() => logs.onLog(GROUP, 'later'));
  await expect(logs.withoutPrinting(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
  logs.onLog(GROUP, 'last');
  expect(output).toBe(`[${GROUP}] later\n[${GROUP}] last\n`);
});
