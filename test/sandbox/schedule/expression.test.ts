import { nextTime, parseSchedule } from '../../../sandbox/schedule/expression';

const after = (expression: string, time: string) =>
  nextTime(parseSchedule(expression), new Date(time))?.toISOString().slice(0, 16);

test.each([
  ['rate(1 minute)', '2027-03-10T10:20'],
  ['rate(1 hour)', '2027-03-10T11:19'],
  ['rate(3 days)', '2027-03-13T10:19'],
])('%s counts from the time before', (expression, next) => {
  expect(after(expression, '2027-03-10T10:19:00Z')).toBe(next);
});

// Examples of the EventBridge User Guide, and what they mean there. 2027-03-10 is a Wednesday.
test.each([
  ['cron(0 10 * * ? *)', '2027-03-11T10:00', 'every day at 10:00'],
  ['cron(15 12 * * ? *)', '2027-03-10T12:15', 'every day at 12:15'],
  ['cron(0 18 ? * MON-FRI *)', '2027-03-10T18:00', 'Monday to Friday at 18:00'],
  ['cron(0 8 1 * ? *)', '2027-04-01T08:00', 'the first day of the month at 8:00'],
  ['cron(0/15 * * * ? *)', '2027-03-10T10:30', 'every 15 minutes'],
  ['cron(0/5 8-17 ? * MON-FRI *)', '2027-03-10T10:20', 'every 5 minutes between 8:00 and 17:55 on weekdays'],
  ['cron(0 9 ? * 2 *)', '2027-03-15T09:00', 'Mondays, which are day 2'],
  ['cron(30 0 ? JAN,JUL SUN 2030)', '2030-01-06T00:30', 'names, lists and a year'],
  ['cron(0 0 29 2 ? *)', '2028-02-29T00:00', 'a day that few years have'],
])('%s is next at %s: %s', (expression, next) => {
  expect(after(expression, '2027-03-10T10:19:30Z')).toBe(next);
});

test('a time that has come is not the next one', () => {
  expect(after('cron(0 10 * * ? *)', '2027-03-10T10:00:00Z')).toBe('2027-03-11T10:00');
});

test('a time that never comes is none', () => {
  expect(after('cron(0 0 31 2 ? *)', '2027-03-10T10:00:00Z')).toBeUndefined();
  expect(after('cron(0 0 1 1 ? 1999)', '2027-03-10T10:00:00Z')).toBeUndefined();
});

test.each([
  'rate(1 hours)',
  'rate(2 hour)',
  'rate(0 days)',
  'rate(1 week)',
  'rate(-1 days)',
  'at(2027-03-10T10:00:00)',
  'cron(0 10 * * *)',
  'cron(0 10 * * * *)',
  'cron(0 10 ? * ? *)',
  'cron(60 10 * * ? *)',
  'cron(0 24 * * ? *)',
  'cron(0 10 0 * ? *)',
  'cron(0 10 L * ? *)',
  'cron(0 10 3W * ? *)',
  'cron(0 10 ? * 6#3 *)',
  'cron(5-1 10 * * ? *)',
  'cron(0/0 10 * * ? *)',
  'cron(,0 10 * * ? *)',
  '',
])('refuses %s', (expression) => {
  expect(() => parseSchedule(expression)).toThrow(/not valid/);
});
