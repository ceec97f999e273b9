import { createHash } from 'node:crypto';
import { Duration } from 'aws-cdk-lib';

/**
 * When Secrets Manager rotates a secret: at any time within a window that opens on the hour, in UTC.
 * https://docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_schedule.html
 */
export interface RotationSchedule {
  readonly scheduleExpression: string;
  /** The length of the window, such as `4h`. */
  readonly duration: string;
}

const HOURS_OF_DAY = 24;
/**
 * Intervals of less than a day must divide a day, because the hours of a cron expression restart each day. Four hours is
 * the shortest interval.
 */
const PARTS_OF_DAY = [4, 6, 8, 12];
/** The days of a cron expression restart each month, which makes one interval of each month shorter. */
const LONGEST_BY_CRON = Duration.days(7);
/** The longest rate of a schedule. */
const LONGEST = Duration.days(999);

/**
 * A schedule that rotates at least every `interval`. A hash of the SPIFFE ID spreads the clients over time: over the hours
 * of an interval of less than a day, over the hours of the day for an interval of up to a week, and over days for a longer
 * one. A rate can't specify an hour, so there the intervals are up to a fifth shorter.
 */
export function rotationSchedule(interval: Duration, spiffeId: string): RotationSchedule {
  const number = createHash('sha256').update(spiffeId).digest().readUInt32BE();
  const windowHours = windowOf(interval).toHours();
  const duration = `${windowHours}h`;

  if (isPartOfDay(interval)) {
    const hours = interval.toHours();
    return { scheduleExpression: `cron(0 ${number % hours}/${hours} * * ? *)`, duration };
  }
  const days = interval.toDays();
  if (days <= LONGEST_BY_CRON.toDays()) {
    // The window must close on the day it opens.
    const hour = number % (HOURS_OF_DAY - windowHours + 1);
    return { scheduleExpression: `cron(0 ${hour} ${days === 1 ? '*' : `1/${days}`} * ? *)`, duration };
  }
  return { scheduleExpression: `rate(${days - (number % (Math.floor(days / 5) + 1))} days)`, duration };
}

/** The rule that `interval` violates for certificates with this validity, or undefined. */
export function intervalProblem(interval: Duration, validity: Duration): string | undefined {
  const days = interval.toDays({ integral: false });
  if (!isPartOfDay(interval) && !(Number.isInteger(days) && days >= 1 && days <= LONGEST.toDays())) {
    return `must be ${PARTS_OF_DAY.join(', ')} hours or whole days up to ${LONGEST.toDays()}`;
  }
  if (validity.isUnresolved()) return undefined;
  const latest = interval.plus(windowOf(interval));
  return latest.toMilliseconds() * 3 <= validity.toMilliseconds() * 2
    ? undefined
    : `must leave a third of certificateValidity (${validity.toHumanString()}) to repeat a rotation that fails`;
}

/**
 * Half of the validity, so that another rotation follows in time if one fails. For a validity of more than two weeks, two
 * thirds, which leaves days to repeat it.
 */
export function defaultInterval(validity: Duration): Duration {
  const half = validity.toHours() / 2;
  if (half < HOURS_OF_DAY) return Duration.hours(Math.max(...PARTS_OF_DAY.filter((hours) => hours <= half)));
  const days = Math.floor(half / HOURS_OF_DAY);
  if (days <= LONGEST_BY_CRON.toDays()) return Duration.days(days);
  const twoThirds = Math.floor((validity.toDays({ integral: false }) * 2) / 3);
  return Duration.days(Math.min(twoThirds - windowOf(Duration.days(days)).toDays(), LONGEST.toDays()));
}

function isPartOfDay(interval: Duration): boolean {
  return PARTS_OF_DAY.includes(interval.toHours({ integral: false }));
}

/** A window can be as long as the interval, and can't extend past midnight. */
function windowOf(interval: Duration): Duration {
  if (isPartOfDay(interval)) return Duration.hours(1);
  return interval.toDays() <= LONGEST_BY_CRON.toDays() ? Duration.hours(4) : Duration.hours(HOURS_OF_DAY);
}
