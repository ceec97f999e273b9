import fc from 'fast-check';
import { delayAfter } from '../../../bin/agent/schedule';

const INTERVAL = 300_000;
const NOW = Date.parse('2026-01-01T00:00:00Z');

test('looks after the interval, a little earlier for each agent', () => {
  expect(delayAfter({ failures: 0 }, INTERVAL, NOW, 0)).toBe(300_000);
  expect(delayAfter({ failures: 0 }, INTERVAL, NOW, 0.5)).toBe(270_000);
});

test('looks after the next rotation, if that is earlier', () => {
  expect(delayAfter({ failures: 0, nextRotation: NOW + 60_000 }, INTERVAL, NOW, 0)).toBe(90_000);
  expect(delayAfter({ failures: 0, nextRotation: NOW + 400_000 }, INTERVAL, NOW, 0)).toBe(300_000);
});

test('does not look more often because a rotation is late', () => {
  expect(delayAfter({ failures: 0, nextRotation: NOW - 1 }, INTERVAL, NOW, 0)).toBe(300_000);
});

test('looks again soon after a failure, and less often with each further one', () => {
  const delays = [1, 2, 3, 7, 100].map((failures) => delayAfter({ failures }, INTERVAL, NOW, 0));
  expect(delays).toEqual([5_000, 10_000, 20_000, 300_000, 300_000]);
});

test('never looks without a pause, or later than the interval and the delay of a rotation', () => {
  fc.assert(
    fc.property(
      fc.nat(2_000),
      fc.option(fc.integer({ min: NOW - 10 * INTERVAL, max: NOW + 10 * INTERVAL }), { nil: undefined }),
      fc.integer({ min: 1_000, max: 86_400_000 }),
      fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      (failures, nextRotation, interval, random) => {
        const delay = delayAfter({ failures, nextRotation }, interval, NOW, random);
        expect(delay).toBeGreaterThanOrEqual(800);
        expect(delay).toBeLessThanOrEqual(interval + 30_000);
      },
    ),
  );
});
