import { AwsError } from '../endpoint/api';

/** A cron expression of AWS, with six fields, in UTC. */
export interface Cron {
  /** Whether it matches several hours of a day. */
  readonly isHourly: boolean;
  /** The first time after `after`. Undefined if there is none within eight years. */
  next(after: Date): Date | undefined;
}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** The names of the values, starting at `min`. */
  readonly names?: readonly string[];
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** The longest time between two matches: from one 29 February to the next, across a century year. */
const HORIZON_DAYS = 8 * 366;

/**
 * Minutes, hours, day of month, month, day of week, and year, with values, lists, ranges, steps, and `?` for one of the
 * days. The wildcards L, W, and # fail with their name.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-cron-expressions
 * @throws AwsError `ValidationException`
 */
export function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/);
  const [minuteText = '', hourText = '', dayText = '', monthText = '', weekdayText = '', yearText = ''] = fields;
  if (fields.length !== 6) throw invalid(text, 'it must have six fields');
  if ((dayText === '?') === (weekdayText === '?')) {
    throw invalid(text, 'exactly one of day-of-month and day-of-week must be ?');
  }
  const minutes = valuesOf(minuteText, { name: 'minutes', min: 0, max: 59 });
  const hours = valuesOf(hourText, { name: 'hours', min: 0, max: 23 });
  const days = valuesOf(dayText, { name: 'day-of-month', min: 1, max: 31 });
  const months = valuesOf(monthText, { name: 'month', min: 1, max: 12, names: MONTHS });
  const weekdays = valuesOf(weekdayText, { name: 'day-of-week', min: 1, max: 7, names: WEEKDAYS });
  const years = valuesOf(yearText, { name: 'year', min: 1970, max: 2199 });

  const isOnDay = (day: Date) =>
    years.has(day.getUTCFullYear()) &&
    months.has(day.getUTCMonth() + 1) &&
    days.has(day.getUTCDate()) &&
    weekdays.has(day.getUTCDay() + 1);
  const timesOfDay = [...hours].flatMap((hour) => [...minutes].map((minute) => hour * HOUR + minute * MINUTE));

  return {
    isHourly: hours.size > 1,
    next(after) {
      const firstDay = Math.floor(after.getTime() / DAY) * DAY;
      for (let day = 0; day < HORIZON_DAYS; day++) {
        const midnight = firstDay + day * DAY;
        if (!isOnDay(new Date(midnight))) continue;
        const time = timesOfDay.find((timeOfDay) => midnight + timeOfDay > after.getTime());
        if (time !== undefined) return new Date(midnight + time);
      }
      return undefined;
    },
  };
}

/** In ascending order. `?` matches any value. */
function valuesOf(text: string, field: Field): ReadonlySet<number> {
  const values = text.split(',').flatMap((part) => (part === '?' ? range(field.min, field.max) : rangeOf(part, field)));
  return new Set(values.sort((one, other) => one - other));
}

function rangeOf(part: string, field: Field): readonly number[] {
  const [, from = '', to, step] = /^(\*|\w+)(?:-(\w+))?(?:\/(\d+))?$/.exec(part) ?? [];
  const first = from === '*' ? field.min : singleValue(from, field);
  const isOpen = from === '*' || step !== undefined;
  const last = to === undefined ? (isOpen ? field.max : first) : singleValue(to, field);
  const width = Number(step ?? 1);
  if (last < first || width < 1 || (from === '*' && to !== undefined))
    throw invalid(part, `not a value of ${field.name}`);
  return range(first, last, width);
}

function singleValue(text: string, { name, min, max, names = [] }: Field): number {
  const value = names.includes(text) ? min + names.indexOf(text) : /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw invalid(text, `not a value that the sandbox knows of ${name}`);
}

function range(first: number, last: number, step = 1): number[] {
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function invalid(text: string, reason: string): AwsError {
  return new AwsError('ValidationException', `the cron expression is not valid at "${text}": ${reason}`);
}
