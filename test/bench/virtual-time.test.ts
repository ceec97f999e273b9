import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { VirtualTime } from '../../bench/virtual-time';

const MINUTE = 60_000;

let time: VirtualTime;

beforeEach(() => {
  time = new VirtualTime();
});

/** What workers noted, each with the time at which it did. */
async function notes(begin: (note: (what: string) => void) => void): Promise<readonly string[]> {
  const noted: string[] = [];
  await time.run(() => begin((what) => noted.push(`${time.elapsed} ${what}`)));
  return noted;
}

test('leaps over pauses, in their order', async () => {
  const realTimeout = jest.spyOn(globalThis, 'setTimeout');
  const noted = await notes((note) => {
    for (const minutes of [3, 1, 2]) {
      void time.worker(async () => {
        await pause(minutes * MINUTE);
        note(`${minutes}`);
      });
    }
  });
  expect(noted).toEqual(['60000 1', '120000 2', '180000 3']);
  expect(realTimeout).not.toHaveBeenCalled();
  realTimeout.mockRestore();
});

test('stands still while anybody works, however long that takes', async () => {
  const noted = await notes((note) => {
    void time.worker(async () => {
      // Beyond the event loop's own turn, in a thread.
      for (let i = 0; i < 20; i += 1) await promisify(randomBytes)(1_000_000);
      note('worked');
    });
    void time.worker(async () => {
      await pause(1);
      note('waited');
    });
  });
  expect(noted).toEqual(['0 worked', '1 waited']);
});

test('counts what one worker after the other waits', async () => {
  const noted = await notes((note) => {
    void (async () => {
      for (const worker of ['first', 'second']) {
        await time.worker(() => pause(10));
        note(worker);
      }
    })();
  });
  expect(noted).toEqual(['10 first', '20 second']);
});

test('gives the date', async () => {
  const start = Date.now();
  let dates: readonly number[] = [];
  await time.run(() => {
    void time.worker(async () => {
      await pause(60 * MINUTE);
      dates = [Date.now(), Date.parse(new Date().toISOString()), new Date(7).getTime()];
    });
  });
  const [now = 0, today, given] = dates;
  expect(now - start).toBeGreaterThanOrEqual(60 * MINUTE);
  expect(today).toBe(now);
  expect(given).toBe(7);
  expect(Date.now()).toBeLessThan(now);
});

test('ends pauses early when their signal aborts', async () => {
  const controller = new AbortController();
  const noted = await notes((note) => {
    setTimeout(() => controller.abort(new Error('enough')), 5);
    void time.worker(async () => {
      await pause(MINUTE, undefined, { signal: controller.signal }).catch((error) => note(error.message));
    });
  });
  expect(noted).toEqual(['5 enough']);
});

test('does not wait for timers that were cleared', async () => {
  await time.run(() => clearTimeout(setTimeout(() => undefined, MINUTE)));
  expect(time.elapsed).toBe(0);
});

test('aborts signals at their time, without anybody waiting for it', async () => {
  const noted = await notes((note) => {
    void time.worker(async () => {
      const signal = AbortSignal.timeout(5);
      await promisify(randomBytes)(1_000_000);
      note(`aborted: ${signal.aborted}`);
      await pause(10);
      note(`aborted: ${signal.aborted}`);
    });
  });
  expect(noted).toEqual(['0 aborted: false', '10 aborted: true']);
});

test('gives everything back', async () => {
  const before = [Date, setTimeout, clearTimeout, AbortSignal.timeout];
  await time.run(() => undefined);
  expect([Date, setTimeout, clearTimeout, AbortSignal.timeout]).toEqual(before);
});
