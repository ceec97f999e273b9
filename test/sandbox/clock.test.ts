import { setTimeout as sleep } from 'node:timers/promises';
import { Clock } from '../../sandbox/clock';

const HOUR = 3_600_000;

let clock: Clock;

beforeEach(() => {
  clock = new Clock();
});

afterEach(() => clock.close());

const inHours = (hours: number) => new Date(clock.now().getTime() + hours * HOUR);

test('follows real time until it is moved, and real time plus what it was moved by after that', async () => {
  const realTime = jest.spyOn(Date, 'now').mockReturnValue(1_000);
  expect(clock.now().getTime()).toBe(1_000);
  await clock.advance(HOUR);
  await clock.advance(2 * HOUR);
  realTime.mockReturnValue(2_000);
  expect(clock.now().getTime()).toBe(2_000 + 3 * HOUR);
  realTime.mockRestore();
  expect(clock.offset).toBe(3 * HOUR);
});

test('stops at every appointment on the way, in their order, and shows its time', async () => {
  const begin = clock.now().getTime();
  const seen: [string, number][] = [];
  const note = (name: string) => async () => {
    seen.push([name, Math.round((clock.now().getTime() - begin) / HOUR)]);
  };
  clock.at(inHours(5), note('late'));
  clock.at(inHours(2), note('middle'));
  clock.at(inHours(1), note('early'));
  await clock.advance(4 * HOUR);
  expect(seen).toEqual([
    ['early', 1],
    ['middle', 2],
  ]);
  await clock.advance(HOUR);
  expect(seen.at(-1)).toEqual(['late', 5]);
});

test('meets appointments that are made on the way', async () => {
  let rounds = 0;
  const again = async () => {
    rounds += 1;
    clock.at(inHours(1), again);
  };
  clock.at(inHours(1), again);
  await clock.advance(24 * HOUR);
  expect(rounds).toBeGreaterThanOrEqual(23);
  expect(rounds).toBeLessThanOrEqual(24);
});

test('waits for what is due before it moves on, and for what goes on in the background', async () => {
  const ended: string[] = [];
  clock.at(inHours(1), async () => {
    await sleep(20);
    ended.push('appointment');
    clock.background(async () => {
      await sleep(20);
      ended.push('background');
    });
  });
  clock.at(inHours(2), async () => {
    ended.push('next');
  });
  await clock.advance(3 * HOUR);
  expect(ended).toEqual(['appointment', 'background', 'next']);
});

test('moved by nothing, it waits for what is under way', async () => {
  let ended = false;
  clock.background(async () => {
    await sleep(20);
    ended = true;
  });
  await clock.advance(0);
  expect(ended).toBe(true);
});

test('keeps an appointment without being moved', async () => {
  await new Promise<void>((resolve) => {
    clock.at(new Date(Date.now() + 10), async () => resolve());
  });
});

test('forgets an appointment that is cancelled, and all of them when it is closed', async () => {
  const kept = jest.fn(async () => undefined);
  clock.at(inHours(1), kept).cancel();
  await clock.advance(2 * HOUR);
  clock.at(inHours(1), kept);
  clock.close();
  await clock.advance(2 * HOUR);
  expect(kept).not.toHaveBeenCalled();
});

test('goes on when what was due fails', async () => {
  clock.at(inHours(1), () => Promise.reject(new Error('broken')));
  clock.background(() => Promise.reject(new Error('broken')));
  await clock.advance(2 * HOUR);
});

test('is moved by one at a time', async () => {
  clock.at(inHours(1), () => sleep(20));
  await Promise.all([clock.advance(2 * HOUR), clock.advance(HOUR)]);
  expect(clock.offset).toBe(3 * HOUR);
});

test.each([-1, Number.NaN, Number.POSITIVE_INFINITY])('never goes back: refuses %s', async (milliseconds) => {
  await expect(clock.advance(milliseconds)).rejects.toThrow('must be advanced by 0 or more milliseconds');
});
