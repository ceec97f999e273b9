import { Duration } from 'aws-cdk-lib';
import * as fc from 'fast-check';
import { defaultInterval, intervalProblem, rotationSchedule } from '../../../lib/private/rotation-schedule';

const CLIENTS = Array.from({ length: 10_000 }, (_, index) => `spiffe://mesh.example.com/client-${index}`);

describe('the default interval', () => {
  test.each([
    [Duration.hours(8), Duration.hours(4)],
    [Duration.hours(11), Duration.hours(4)],
    [Duration.hours(12), Duration.hours(6)],
    [Duration.hours(23), Duration.hours(8)],
    [Duration.days(1), Duration.hours(12)],
    [Duration.hours(47), Duration.hours(12)],
    [Duration.days(2), Duration.days(1)],
    [Duration.days(7), Duration.days(3)],
    [Duration.days(15), Duration.days(7)],
    [Duration.days(16), Duration.days(9)],
    [Duration.days(90), Duration.days(59)],
    [Duration.days(3650), Duration.days(999)],
  ])('of certificates valid for %s is %s', (validity, interval) => {
    expect(defaultInterval(validity).toHours()).toBe(interval.toHours());
  });

  test('is one that may be chosen, whatever the validity', () => {
    void fc.assert(
      fc.property(fc.integer({ min: 8, max: 100_000 }), (hours) => {
        const validity = Duration.hours(hours);
        expect(intervalProblem(defaultInterval(validity), validity)).toBeUndefined();
      }),
    );
  });

  test('of more than two weeks lies between a half and two thirds of the validity, to a day', () => {
    void fc.assert(
      fc.property(fc.integer({ min: 16, max: 1400 }), fc.string(), (days, spiffeId) => {
        const { scheduleExpression } = rotationSchedule(defaultInterval(Duration.days(days)), spiffeId);
        const [, rate] = /^rate\((\d+) days\)$/.exec(scheduleExpression) ?? [];
        expect(Number(rate)).toBeGreaterThanOrEqual(days / 2 - 1);
        expect(Number(rate)).toBeLessThanOrEqual((days * 2) / 3);
      }),
    );
  });
});

describe('a schedule', () => {
  test.each([
    [Duration.hours(4), /^cron\(0 [0-3]\/4 \* \* \? \*\)$/, '1h'],
    [Duration.hours(12), /^cron\(0 ([0-9]|1[01])\/12 \* \* \? \*\)$/, '1h'],
    [Duration.days(1), /^cron\(0 (1?[0-9]|20) \* \* \? \*\)$/, '4h'],
    [Duration.days(3), /^cron\(0 (1?[0-9]|20) 1\/3 \* \? \*\)$/, '4h'],
    [Duration.days(7), /^cron\(0 (1?[0-9]|20) 1\/7 \* \? \*\)$/, '4h'],
    [Duration.days(8), /^rate\([78] days\)$/, '24h'],
    [Duration.days(60), /^rate\((4[89]|5[0-9]|60) days\)$/, '24h'],
  ])('of %s opens on the hour, and closes on the same day', (interval, expression, duration) => {
    for (const client of CLIENTS.slice(0, 200)) {
      const schedule = rotationSchedule(interval, client);
      expect(schedule.scheduleExpression).toMatch(expression);
      expect(schedule.duration).toBe(duration);
    }
  });

  test.each([
    [Duration.hours(12), 12],
    [Duration.days(3), 21],
    [Duration.days(60), 13],
  ])('of %s spreads a fleet over %i windows, evenly', (interval, windows) => {
    const counts = new Map<string, number>();
    for (const client of CLIENTS) {
      const { scheduleExpression } = rotationSchedule(interval, client);
      counts.set(scheduleExpression, (counts.get(scheduleExpression) ?? 0) + 1);
    }

    const even = CLIENTS.length / windows;
    expect(counts.size).toBe(windows);
    expect(Math.max(...counts.values())).toBeLessThan(1.3 * even);
    expect(Math.min(...counts.values())).toBeGreaterThan(0.7 * even);
  });

  test('stays the same for a client, so that a deployment changes none', () => {
    const [client = ''] = CLIENTS;
    expect(rotationSchedule(Duration.days(3), client)).toEqual(rotationSchedule(Duration.days(3), client));
  });
});
