import { AwsError } from '../endpoint/api';
import { type Cron, parseCron } from './cron';

/** A recurring schedule. */
export type Schedule = RateSchedule | CronSchedule;

interface RateSchedule {
  readonly kind: 'rate';
  readonly value: number;
  readonly unit: keyof typeof MILLISECONDS;
  readonly milliseconds: number;
}

interface CronSchedule {
  readonly kind: 'cron';
  readonly cron: Cron;
}

const MILLISECONDS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/**
 * `rate(1 hour)`, `rate(3 days)`, or `cron(0 8 * * ? *)`.
 * https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 * @throws AwsError `ValidationException`
 */
export function parseSchedule(expression: string): Schedule {
  const [, fields] = /^cron\((.*)\)$/.exec(expression) ?? [];
  if (fields !== undefined) return { kind: 'cron', cron: parseCron(fields) };
  const [, digits, unit, plural] = /^rate\((\d{1,9}) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const value = Number(digits);
  if (!isUnit(unit) || value < 1 || (value === 1) !== (plural === '')) {
    throw new AwsError('ValidationException', `Parameter ScheduleExpression is not valid: ${expression}`);
  }
  return { kind: 'rate', value, unit, milliseconds: value * MILLISECONDS[unit] };
}

/** The next time after `after`. A rate counts from the previous time. Undefined if there is none. */
export function nextTime(schedule: Schedule, after: Date): Date | undefined {
  return schedule.kind === 'cron' ? schedule.cron.next(after) : new Date(after.getTime() + schedule.milliseconds);
}

function isUnit(text: string | undefined): text is keyof typeof MILLISECONDS {
  return text !== undefined && Object.hasOwn(MILLISECONDS, text);
}
