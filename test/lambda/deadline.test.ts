import { setImmediate } from 'node:timers/promises';
import { withDeadline } from '../../lambda/deadline';

test('work on many things at the same time is no leak to Node.js', async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  try {
    await withDeadline(60_000, async (signal) => {
      for (let i = 0; i < 20; i += 1) signal.addEventListener('abort', () => undefined);
      await setImmediate();
    });
  } finally {
    process.off('warning', onWarning);
  }
  expect(warnings).toEqual([]);
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
