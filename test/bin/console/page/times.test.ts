import { relativeTime } from '../../../../bin/console/page/times';

const NOW = '2026-11-22T12:00:00.000Z';

test.each([
  ['2026-11-22T12:00:04.999Z', 'now'],
  ['2026-11-22T11:59:56.000Z', 'now'],
  ['2026-11-22T11:59:50.000Z', '10 seconds ago'],
  ['2026-11-22T12:01:59.000Z', 'in 1 minute'],
  ['2026-11-22T14:00:00.000Z', 'in 2 hours'],
  ['2026-11-29T11:00:00.000Z', 'in 6 days'],
  ['2036-11-22T13:00:00.000Z', 'in 10 years'],
])('%s is %s', (time, expected) => {
  expect(relativeTime(time, NOW)).toBe(expected);
});
