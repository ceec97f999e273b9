import { spawnSync } from 'node:child_process';
import { withDeadline } from '../../lambda/deadline';

// In a process of its own, because jest hides the warnings of Node.js.
test('work on many things at the same time is no leak to Node.js', () => {
  const script = `
    const { withDeadline } = require('./lambda/deadline');
    withDeadline(60_000, async (signal) => {
      for (let i = 0; i < 20; i += 1) signal.addEventListener('abort', () => undefined);
    });`;
  const { status, stderr } = spawnSync(process.execPath, ['--require', 'tsx/cjs', '--eval', script]);
  expect({ status, stderr: String(stderr) }).toEqual({ status: 0, stderr: '' });
});

test('work that is not finished at the deadline is aborted, and the error says after how long', async () => {
  let reason: unknown;
  const work = withDeadline(1, (signal) => {
    signal.addEventListener('abort', () => {
      reason = signal.reason;
    });
    return new Promise<void>(() => undefined);
  });

  await expect(work).rejects.toThrow('not finished after 0 s');
  expect(reason).toMatchObject({ name: 'DeadlineError' });
});
