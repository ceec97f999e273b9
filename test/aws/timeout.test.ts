import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { withTimeout } from '../../aws/timeout';

/** Work without end, that only its signal ends. Like `fetch`, it holds no other reference to the signal. */
function endless(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    if (signal.aborted) reject(signal.reason);
  });
}

test('aborts the work after the time, although the garbage collector runs before', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage: () => void = runInNewContext('gc');

  const aborted = expect(withTimeout(100, new AbortController().signal, endless)).rejects.toMatchObject({
    name: 'TimeoutError',
  });
  for (let run = 0; run < 3; run += 1) {
    await pause(1);
    collectGarbage();
  }

  await aborted;
});

test('aborts the work with the reason of the caller’s signal', async () => {
  const controller = new AbortController();
  const work = withTimeout(60_000, controller.signal, endless);

  controller.abort(new Error('the function ends'));

  await expect(work).rejects.toThrow('the function ends');
});

test('aborts work that begins after the caller’s signal aborted', async () => {
  await expect(withTimeout(60_000, AbortSignal.abort(new Error('too late')), endless)).rejects.toThrow('too late');
});

test('leaves no listener behind', async () => {
  const { signal } = new AbortController();
  const added = jest.spyOn(signal, 'addEventListener');
  const removed = jest.spyOn(signal, 'removeEventListener');

  await expect(withTimeout(60_000, signal, async () => 'done')).resolves.toBe('done');

  expect(added).toHaveBeenCalled();
  expect(removed.mock.calls).toEqual(added.mock.calls);
});
