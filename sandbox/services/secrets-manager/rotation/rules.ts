import { AwsError } from '../../../endpoint/api';
import { parseSchedule, type Schedule } from '../../../schedule/expression';
import { integer, optional, string, structure } from '../../shared/shape';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SHORTEST_INTERVAL = 4 * HOUR;

/** https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotationRulesType.html */
export const rotationRulesShape = structure({
  AutomaticallyAfterDays: optional(integer({ min: 1, max: 1000 })),
  Duration: optional(string({}, /^\d{1,2}h$/)),
  ScheduleExpression: optional(string({ min: 1, max: 256 })),
});

type GivenRules = ReturnType<typeof rotationRulesShape>;

/** The rotation schedule of a secret. */
export interface RotationRules {
  /** As given. */
  readonly given: GivenRules;
  /** Whether the schedule counts from the last change of the value, so a value that is put manually delays it too. */
  readonly isRelative: boolean;
  /** The first window that opens after a time. Undefined if there is none. */
  nextWindow(after: Date): RotationWindow | undefined;
}

export interface RotationWindow {
  readonly opens: Date;
  readonly closes: Date;
}

/** The current rotation configuration of a secret. */
export interface RotationConfiguration {
  readonly functionArn: string;
  /** Absent if the secret is rotated on request only. */
  readonly rules?: RotationRules | undefined;
  isEnabled: boolean;
  lastRotatedDate?: Date | undefined;
  /** When the next window closes. */
  nextRotationDate?: Date | undefined;
}

/**
 * A rate in days opens its window at midnight UTC. A rate in hours opens it at the full hour, which AWS doesn't
 * document. The length of the window is `Duration`, or an hour for a schedule in hours, or the rest of the UTC day for
 * a schedule in days.
 * @throws AwsError `InvalidParameterException`
 */
export function readRotationRules(given: GivenRules): RotationRules {
  const { AutomaticallyAfterDays: days, Duration, ScheduleExpression } = given;
  if ((days === undefined) === (ScheduleExpression === undefined)) {
    throw invalid('RotationRules must have either AutomaticallyAfterDays or ScheduleExpression');
  }
  const schedule = parseSchedule(ScheduleExpression ?? (days === 1 ? 'rate(1 day)' : `rate(${days} days)`));
  assertAllowed(schedule);
  const hours = Duration === undefined ? undefined : Number.parseInt(Duration, 10);
  if (hours !== undefined && (hours < 1 || hours > 24)) throw invalid('Duration must be from 1h to 24h');
  return {
    given,
    isRelative: schedule.kind === 'rate',
    nextWindow: (after) => {
      const opens = openingAfter(schedule, after);
      return opens && { opens, closes: closingOf(schedule, opens, hours) };
    },
  };
}

function openingAfter(schedule: Schedule, after: Date): Date | undefined {
  if (schedule.kind === 'cron') return schedule.cron.next(after);
  const grain = schedule.unit === 'day' ? DAY : HOUR;
  return new Date(Math.floor(after.getTime() / grain) * grain + schedule.milliseconds);
}

function closingOf(schedule: Schedule, opens: Date, hours: number | undefined): Date {
  const endOfDay = Math.floor(opens.getTime() / DAY) * DAY + DAY;
  const isHourly = schedule.kind === 'cron' ? schedule.cron.isHourly : schedule.unit === 'hour';
  const length = hours ?? (isHourly ? 1 : 24);
  return new Date(Math.min(opens.getTime() + length * HOUR, endOfDay));
}

function assertAllowed(schedule: Schedule): void {
  if (schedule.kind === 'rate' && (schedule.unit === 'minute' || schedule.milliseconds < SHORTEST_INTERVAL)) {
    throw invalid('a rate must be in hours or days, and 4 hours at least');
  }
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidParameterException', reason);
}
